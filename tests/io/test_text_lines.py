from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io.text_lines import read_fields, read_lines


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_numbered_from_one_without_their_ends(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(end.join([b"u1 a b", b"", "u2 \u00e4".encode()]))
    assert list(read_lines(path)) == [(1, "u1 a b"), (2, ""), (3, "u2 ä")]


def test_only_line_ends_separate_lines(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("a\u2028b\x0cc\nd\n", encoding="utf-8")
    assert list(read_lines(path)) == [(1, "a\u2028b\x0cc"), (2, "d")]


def test_a_byte_order_mark_is_removed_at_the_beginning_only(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("\ufeffa\n\ufeffb\n", encoding="utf-8")
    assert list(read_lines(path)) == [(1, "a"), (2, "\ufeffb")]


def test_fields_of_blank_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_text("a  b\tc\n \nd\n", encoding="utf-8")
    assert list(read_fields(path)) == [(1, ["a", "b", "c"]), (3, ["d"])]


def test_a_gzipped_file_is_decompressed(tmp_path: Path) -> None:
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"a b\nc\n"))
    assert list(read_lines(path)) == [(1, "a b"), (2, "c")]


def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"one\n\xc3\xa9t\xc3\xa9\ncaf\xe9\n")
    lines = read_lines(path)
    assert [next(lines), next(lines)] == [(1, "one"), (2, "été")]
    with pytest.raises(FormatError, match=r"text:3: the byte 0xe9 is not UTF-8\n  fix: convert the file to UTF-8"):
        next(lines)


def test_a_file_that_cannot_be_read_is_reported_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"absent: cannot be read: No such file or directory\n  fix: write it"):
        list(read_lines(tmp_path / "absent", fix="write it"))
    with pytest.raises(FormatError, match="Is a directory"):
        list(read_lines(tmp_path))


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"a b\n" * 99)[:-12]])
def test_a_damaged_gzip_file_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.gz"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"text\.gz: cannot be read: "):
        list(read_lines(path))
