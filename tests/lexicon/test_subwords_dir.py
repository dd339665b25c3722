"""Folders of subwords."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import DataError
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lexicon.subwords_dir import LEXICON, SubwordsDir, make_subwords_dir
from blasr.lexicon.word_pieces import WORD_MARK

sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")
TEXT = [["tab", "bat", "tat", "<unk>"], ["bab", "at", "ab"]] * 5
SOUNDS = {"a": "AA", "b": "B", "t": "T"}


def pronounced(word: str) -> Pronunciation:
    return Pronunciation(word, tuple(SOUNDS[letter] for letter in word))


def test_pieces_are_spelled_without_a_dictionary(tmp_path: Path) -> None:
    made = make_subwords_dir(TEXT, 8, tmp_path / "subwords")
    assert made == SubwordsDir.read(tmp_path / "subwords")
    assert made.whole == {"<unk>"} and "<unk>" not in made.pieces
    assert made.lexicon[0] == Pronunciation("<unk>", ("SPN",))
    pieces = [entry for entry in made.lexicon if entry.word in made.pieces]
    assert all("".join(entry.phones) == entry.word.removeprefix(WORD_MARK) for entry in pieces)
    assert set(made.model().split(["tab", "<unk>", "bat"])) <= made.pieces | made.whole


def test_pieces_have_the_phones_of_a_dictionary(tmp_path: Path) -> None:
    dictionary = [pronounced(word) for word in ("tab", "bat", "tat", "bab", "at", "ab")]
    made = make_subwords_dir([[*row, "zz"] for row in TEXT], 12, tmp_path / "subwords", dictionary=dictionary)
    assert all(
        entry.phones == tuple(SOUNDS[letter] for letter in entry.word.removeprefix(WORD_MARK))
        for entry in made.lexicon
        if entry.word in made.pieces
    )
    assert not any("z" in piece for piece in made.pieces)
    wrong = Pronunciation("tab", ("T", "AA", "T"))
    assert list(made.covers([*dictionary, wrong, Pronunciation("zz", ("Z",))])) == [True] * 6 + [False] * 2


def test_an_incomplete_folder_is_refused(tmp_path: Path) -> None:
    make_subwords_dir(TEXT, 8, tmp_path / "subwords")
    (tmp_path / "subwords" / LEXICON).unlink()
    with pytest.raises(DataError, match=r"lacks lexiconp\.txt"):
        SubwordsDir.read(tmp_path / "subwords")


def test_a_folder_with_other_content_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match="content other than subwords"):
        make_subwords_dir(TEXT, 8, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "mine"
