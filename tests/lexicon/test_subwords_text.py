from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from blasr.errors import DataError
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lexicon.subwords_dir import SubwordsDir
from blasr.lexicon.subwords_text import describe_unspelled, split_text, write_spelled_lexicon


class Letters:
    """A directory of subwords whose pieces are the letters a and b."""

    path = Path("letters")
    pieces = frozenset("ab")
    whole = frozenset({"<unk>"})

    def model(self) -> Letters:
        return self

    def split(self, words: list[str]) -> list[str]:
        return [letter for word in words for letter in word]


@pytest.fixture
def letters() -> SubwordsDir:
    return cast(SubwordsDir, Letters())


def test_utterance_ids_are_copied_and_words_are_split(letters: SubwordsDir, tmp_path: Path) -> None:
    out = tmp_path / "pieces"
    counts = split_text([["u1", "ab", "b"], ["u2"]], letters, out, utterance_ids=True)
    assert out.read_text() == "u1 a b b\nu2\n"
    assert (counts.num_words, counts.num_pieces, counts.unspelled) == (2, 3, Counter())


def test_words_with_other_letters_are_replaced_or_refused(letters: SubwordsDir, tmp_path: Path) -> None:
    out = tmp_path / "pieces"
    counts = split_text([["ab", "cab"], ["cab"]], letters, out, unknown="<unk>")
    assert out.read_text() == "a b <unk>\n<unk>\n"
    assert counts.unspelled == Counter({"cab": 2})
    with pytest.raises(DataError, match="1 words have letters without a piece, 1 times in all: cab"):
        split_text([["cab"]], letters, tmp_path / "none")
    with pytest.raises(DataError, match="'<oov>' is not in whole_words"):
        split_text([["ab"]], letters, tmp_path / "none", unknown="<oov>")
    assert not (tmp_path / "none").exists()


def test_ten_words_are_named() -> None:
    words = Counter({f"w{number:02}": 20 - number for number in range(11)})
    assert describe_unspelled(words).endswith("w08, w09, ...")


def test_a_spelled_lexicon_is_sorted_and_begins_with_whole_words(tmp_path: Path) -> None:
    out = tmp_path / "lexicon.txt"
    assert write_spelled_lexicon(["no", "go", "no", "<unk>"], out, [Pronunciation("<unk>", ("SPN",))]) == 2
    assert out.read_text() == "<unk> SPN\ngo g o\nno n o\n"
    with pytest.raises(DataError, match="no words to spell"):
        write_spelled_lexicon([], out, [])
