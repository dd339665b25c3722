"""Lexicon files."""

from __future__ import annotations

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
    with pytest.raises(DataError, match=r"lexicon.txt:1: every word is followed by a number such as '0.5'"):
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
        ("<eps> a\n", "lexicon.txt", r"lexicon.txt:1: the symbol '<eps>' is reserved"),
        ("A a #1\n", "lexicon.txt", "the symbol '#1' is reserved"),
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
