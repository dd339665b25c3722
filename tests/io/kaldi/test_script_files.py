from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io.kaldi.script_files import parse_script_line, read_script


def test_lines_are_numbered_and_blank_ones_skipped(tmp_path: Path) -> None:
    content = b"u1 a.ark:3\n\nu2  sox x.wav - |\n"
    (tmp_path / "a.scp").write_bytes(content)
    (tmp_path / "a.scp.gz").write_bytes(gzip.compress(content))
    for name in ("a.scp", "a.scp.gz"):
        assert list(read_script(str(tmp_path / name))) == [("u1", "a.ark:3", 1), ("u2", "sox x.wav - |", 3)]


def test_a_line_is_split_at_its_first_space() -> None:
    assert parse_script_line(b"u1\ta b.ark:3 \n", "a.scp") == ("u1", "a b.ark:3")


@pytest.mark.parametrize(
    ("line", "message"),
    [(b"u2\n", "a.scp:7: expected an utterance-id and a file, found 'u2'"), (b"u\xff a\n", "a.scp:7: .* is not UTF-8")],
)
def test_bad_lines_are_refused(line: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_script_line(line, "a.scp", 7)


def test_byte_order_marks_carriage_returns_and_compression(tmp_path: Path) -> None:
    path = tmp_path / "a.scp"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfu1 a.ark:3\r\nu2 b.ark:4\r\n"))
    assert list(read_script(str(path))) == [("u1", "a.ark:3", 1), ("u2", "b.ark:4", 2)]
    path.write_bytes("u1 a.ark:3\nu2\u00a0b.ark:4\n".encode())
    with pytest.raises(FormatError, match=r"a.scp:2: column 3: found U\+00A0"):
        list(read_script(str(path)))
