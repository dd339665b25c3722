from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io import text_lines
from blasr.io.text_lines import (
    UnusualCharacter,
    decode_line,
    describe_lines,
    inspect_lines,
    read_blocks,
    read_fields,
    read_lines,
)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_are_numbered_from_one_without_their_ends(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(end.join([b"u1 a b", b"", "u2 \u00e4".encode()]))
    assert list(read_lines(path)) == [(1, "u1 a b"), (2, ""), (3, "u2 ä")]
    path.write_bytes(path.read_bytes() + end)
    assert list(read_lines(path)) == [(1, "u1 a b"), (2, ""), (3, "u2 ä")]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_lines(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(content)
    assert list(read_lines(path)) == []
    assert inspect_lines(path).lines == []


@pytest.mark.parametrize("size", [1, 3, 4, 5, 7, 100])
def test_blocks_have_whole_lines(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "_BLOCK_BYTES", size)
    path = tmp_path / "text"
    path.write_bytes("\ufeffa b\r\nc ä\r\n\r\n字\n\ne".encode())
    assert list(read_lines(path)) == [(1, "a b"), (2, "c ä"), (3, ""), (4, "字"), (5, ""), (6, "e")]
    assert b"".join(block for _, block in read_blocks(path)) == "a b\nc ä\n\n字\n\ne".encode()
    path.write_bytes("a b\nc\nd\u00a0e\nf \u00a0\u00a0".encode())
    with pytest.raises(FormatError, match=r"text:3: column 2: found .* 3 such characters, on lines 3, 4\)"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\u00a0", r"U\+00A0 \(NO-BREAK SPACE\)"),
        ("\u3000", r"U\+3000 \(IDEOGRAPHIC SPACE\)"),
        ("\u2028", r"U\+2028 \(LINE SEPARATOR\)"),
        ("\u2029", r"U\+2029 \(PARAGRAPH SEPARATOR\)"),
        ("\u0085", r"U\+0085 \(NEXT LINE\)"),
        ("\x0b", r"U\+000B \(VERTICAL TAB\)"),
        ("\x0c", r"U\+000C \(FORM FEED\)"),
        ("\0", r"U\+0000 \(NUL\)"),
        ("\x1c", r"U\+001C \(a control character\)"),
        ("\u202f", r"U\+202F \(NARROW NO-BREAK SPACE\)"),
        ("\u2003", r"U\+2003 \(EM SPACE\)"),
        ("\u200b", r"U\+200B \(ZERO WIDTH SPACE\)"),
        ("\ufeff", r"U\+FEFF \(BYTE ORDER MARK\)"),
        ("\r", r"U\+000D \(CARRIAGE RETURN\)"),
    ],
)
def test_characters_that_look_like_a_blank_are_refused_with_their_place(
    tmp_path: Path, character: str, name: str
) -> None:
    path = tmp_path / "text"
    path.write_text(f"one\nzwei äh{character}drei\n", encoding="utf-8", newline="")
    with pytest.raises(FormatError, match=rf"text:2: column 8: found {name}(.|\n)*fix: "):
        list(read_lines(path))
    with pytest.raises(FormatError, match=rf"text:2: column 8: found {name}"):
        decode_line(f"zwei äh{character}drei\n".encode(), path, 2)
    (found,) = inspect_lines(path).unusual
    assert found == (2, 8, character)


def test_every_python_space_but_blank_tab_and_newline_is_unusual() -> None:
    spaces = {chr(code) for code in range(0x110000) if chr(code).isspace()} - set(" \t\n")
    assert all(text_lines.UNUSUAL.match(space) for space in spaces)


def test_every_unusual_character_is_found_in_bytes() -> None:
    for code in (code for code in range(0x110000) if not 0xD800 <= code < 0xE000):
        if text_lines.UNUSUAL.match(chr(code)):
            assert text_lines._may_be_unusual(chr(code).encode()), hex(code)


@pytest.mark.parametrize("word", ["naïve", "\u0646\u200c\u062e", "字", "e\u0301", "«mot»", "“quote”", "\uff21"])
def test_letters_and_marks_of_any_script_are_accepted(tmp_path: Path, word: str) -> None:
    path = tmp_path / "text"
    path.write_text(f"{word} {word}\n", encoding="utf-8")
    assert list(read_fields(path)) == [(1, [word, word])]


def test_a_byte_order_mark_is_removed_at_the_beginning_only(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("\ufeffa\nb\n", encoding="utf-8")
    assert list(read_lines(path)) == [(1, "a"), (2, "b")]
    path.write_text("\ufeffa\n\ufeffb\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"text:2: column 1: found U\+FEFF"):
        list(read_lines(path))


def test_fields_of_blank_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_text("a  b\tc\n \nd\n", encoding="utf-8")
    assert list(read_fields(path)) == [(1, ["a", "b", "c"]), (3, ["d"])]


@pytest.mark.parametrize("name", ["text.gz", "text"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_gzipped_file_is_recognized_by_its_first_bytes(tmp_path: Path, name: str, pack: type[bytes]) -> None:
    path = tmp_path / name
    path.write_bytes(pack(b"\xef\xbb\xbfa b\r\nc\n"))
    assert list(read_lines(path)) == [(1, "a b"), (2, "c")]


def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"one\n\xc3\xa9t\xc3\xa9\ncaf\xe9\n")
    with pytest.raises(FormatError, match=r"text:3: the byte 0xe9 is not UTF-8\n  fix: convert the file to UTF-8"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("a b\n".encode("utf-16"), "is UTF-16, expected plain text in UTF-8\n  fix: convert it: iconv"),
        (b"BZh91AY&SY", "is compressed by bzip2"),
        (b"\xd6\xfd\x00\x01", "is a binary file, expected plain text"),
        (b"PK\x03\x04abc", "is a zip file"),
        ("a b\n".encode("utf-16-le"), r"column 2: found U\+0000 \(NUL\)(.|\n)*iconv -f utf-16"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "text"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=kind):
        list(read_lines(path))


def test_a_file_that_cannot_be_read_is_reported_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"absent: cannot be read: No such file or directory\n  fix: write it"):
        list(read_lines(tmp_path / "absent", fix="write it"))
    with pytest.raises(FormatError, match="Is a directory"):
        list(read_lines(tmp_path))


@pytest.mark.parametrize("content", [b"\x1f\x8bnot gzip", gzip.compress(b"a b\n" * 99)[:-12]])
def test_a_damaged_gzip_file_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"text: cannot be read: "):
        list(read_lines(path))


def test_inspecting_finds_everything_at_once(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("\ufeffa\r\nb\u00a0c\nd\u3000\r".encode() + b"\n\xff\x0c")
    found = inspect_lines(path)
    assert found.lines == [b"a", "b\u00a0c".encode(), "d\u3000".encode(), b"\xff\x0c"]
    assert found.has_byte_order_mark
    assert found.carriage_returns == (1, 3)
    assert found.unusual == ((2, 2, "\u00a0"), (3, 2, "\u3000"), (4, 2, "\x0c"))
    assert not found.ends_in_newline


def test_lists_of_lines_are_short() -> None:
    assert describe_lines([4]) == "line 4"
    assert describe_lines([1, 2, 3]) == "lines 1, 2, 3"
    assert describe_lines(range(1, 20001)) == "lines 1, 2, 3 and 19,997 more"


def test_characters_without_width_are_removed_and_blanks_replaced() -> None:
    assert UnusualCharacter(1, 1, "\u00a0").fix("a").endswith(r"sed -i 's/\xc2\xa0/ /g' a")
    assert UnusualCharacter(1, 1, "\u200b").fix("a") == r"remove it: LC_ALL=C sed -i 's/\xe2\x80\x8b//g' a"
