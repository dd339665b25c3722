"""Lexicon files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from blasr.errors import DataError, FormatError
from blasr.lexicon.pronunciations import Pronunciation, read_lexicon


def written(folder: Path, text: str, name: str = "lexicon.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_kaldis_lexicon(golden: Path) -> None:
    lexicon = read_lexicon(golden / "fsdd_tri1" / "lang" / "lexicon.txt")
    assert len(lexicon) == 12
    assert lexicon[1] == Pronunciation("ZERO", ("Z", "IH", "R", "OW"))
    assert lexicon[1].line == 2


def test_the_name_of_the_file_says_whether_it_has_probabilities(tmp_path: Path) -> None:
    text = "A\t0.5 a b\nA 1.0 a\n"
    assert read_lexicon(written(tmp_path, text, "lexiconp.txt")) == [
        Pronunciation("A", ("a", "b"), 0.5),
        Pronunciation("A", ("a",), 1.0),
    ]
    assert read_lexicon(written(tmp_path, text), with_probabilities=True)[0].probability == 0.5
    with pytest.raises(
        DataError,
        match=r"lexicon.txt:1: every word is followed by a number such as '0.5', ",
    ):
        read_lexicon(written(tmp_path, text))


def test_blank_lines_and_a_byte_order_mark_are_ignored(tmp_path: Path) -> None:
    assert [entry.word for entry in read_lexicon(written(tmp_path, "\ufeffÉTÉ e t e\n\nB b\n"))] == ["ÉTÉ", "B"]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("A a\nB\n", "lexicon.txt", r"lexicon.txt:2: the pronunciation of 'B' is empty"),
        ("A a b\nB b\nA  a b\n", "lexicon.txt", r"lexicon.txt:3: .*appears twice, first on line 1"),
        ("A 1.5 a\n", "lexiconp.txt", r"lexiconp.txt:1: expected a probability .* found '1.5'"),
        ("A 0 a\n", "lexiconp.txt", "found '0'"),
        ("A nan a\n", "lexiconp.txt", "found 'nan'"),
        ("A\n", "lexiconp.txt", "found 'nothing'"),
        ("A 1.0\n", "lexiconp.txt", "is empty"),
        ("<eps> a\n", "lexicon.txt", r"lexicon.txt:1: '<eps>' is reserved"),
        ("A a #1\n", "lexicon.txt", "'#1' is reserved"),
        ("</s> a\n", "lexicon.txt", "reserved"),
        ("\n", "lexicon.txt", "has no words"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_lexicon(written(tmp_path, text, name))


def test_unreadable_files_are_format_errors(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_lexicon(tmp_path / "absent.txt")
    (tmp_path / "latin.txt").write_bytes("ÉTÉ e t e".encode("latin-1"))
    with pytest.raises(FormatError, match=r"latin.txt:1: the byte 0xc9 is not UTF-8"):
        read_lexicon(tmp_path / "latin.txt")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A 1 a\nB 1 b c\n", 1),
        ("A 1.0 a\nB .5 b\n", 1),
        ("A 1 a\nB 1e-3 b\n", 1),
        ("A a\nB 0.8 b\n", 2),
    ],
)
def test_probabilities_in_lexicon_txt_ask_for_lexiconp_txt(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(DataError, match=rf"lexicon.txt:{line}: .*did you mean lexiconp.txt\?"):
        read_lexicon(written(tmp_path, text))


@pytest.mark.parametrize("text", ["A 1 2\nB 2 3\n", "A 1 a\nB b\n", "A a1 b2\n"])
def test_phones_may_be_numbers(tmp_path: Path, text: str) -> None:
    assert read_lexicon(written(tmp_path, text))


def test_comments_of_cmudict_are_skipped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        lexicon = read_lexicon(written(tmp_path, ";;; # CMUdict\n;;;\nA a\nREAD r e d\nREAD(1) r i d\n"))
    assert [entry.word for entry in lexicon] == ["A", "READ", "READ(1)"]
    assert "skipped 2 comment(s) (;;;), on lines 1, 2" in caplog.text
    assert "1 word(s) end in a number in brackets, first 'READ(1)' on line 5" in caplog.text


@pytest.mark.parametrize("text", ["A a\n# a comment\n", "A a\nB b # place, danish\n", "A a\n## old\n"])
def test_other_comments_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"lexicon.txt:2: found a comment"):
        read_lexicon(written(tmp_path, text))


def test_a_character_that_looks_like_a_blank_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"lexicon.txt:2: column 4: found U\+00A0 \(NO-BREAK SPACE\)"):
        read_lexicon(written(tmp_path, "A a\nONE\u00a0 w\n"))
