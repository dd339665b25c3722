"""Phones of letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import DataError
from blasr.lexicon.letter_phones import LetterPhones, pronounce_pieces
from blasr.lexicon.pronunciations import Pronunciation

SOUNDS = {"a": ("AA",), "b": ("B",), "c": ("K",), "x": ("K", "S"), "h": (), "t": ("T",)}


def pronounced(word: str) -> Pronunciation:
    return Pronunciation(word, tuple(phone for letter in word for phone in SOUNDS[letter]))


DICTIONARY = [
    pronounced(word) for word in ("ab", "cab", "tax", "hat", "that", "bath", "axt", "xab", "at", "tab", "act", "chat")
]


@pytest.fixture(scope="module")
def letters() -> LetterPhones:
    return LetterPhones(DICTIONARY)


@given(word=st.text("abcxht", min_size=1, max_size=8).filter(lambda word: word.strip("h") != ""))
def test_the_phones_of_every_letter_are_recovered(letters: LetterPhones, word: str) -> None:
    assert letters.align(word, pronounced(word).phones) == [SOUNDS[letter] for letter in word]
    assert letters.guess(word) == pronounced(word).phones


def test_words_without_an_alignment(letters: LetterPhones) -> None:
    assert letters.align("ab", ("B", "ZH")) is None
    assert letters.align("a", ("AA",) * 3) is None
    assert letters.align("az", ("AA", "Z")) is None
    assert letters.guess("az") == ()
    assert letters.guess("h") == ()
    with pytest.raises(DataError, match="none of 1 words has a pronunciation"):
        LetterPhones([Pronunciation("a", ("AA", "B", "K"))])


def test_the_probabilities_of_a_letter_sum_to_one(letters: LetterPhones) -> None:
    totals = dict.fromkeys(SOUNDS, 0.0)
    for (letter, _), probability in letters.probability.items():
        totals[letter] += probability
    assert totals == pytest.approx(dict.fromkeys(SOUNDS, 1.0))


def test_pieces_have_the_phones_of_their_words() -> None:
    dictionary = [
        Pronunciation("read", ("R", "EH", "D")),
        Pronunciation("read", ("R", "IY", "D"), 0.5),
        Pronunciation("reader", ("R", "IY", "D", "ER")),
        Pronunciation("red", ("R", "EH", "D")),
    ]
    letters = LetterPhones(dictionary)
    pieces = [["▁read"], ["▁read"], ["▁read", "er"], ["▁re", "d"]]
    found = pronounce_pieces(zip(pieces, dictionary, strict=True), letters)
    assert found["▁read"] == pytest.approx({("R", "IY", "D"): 1.0, ("R", "EH", "D"): 1 / 1.5})
    assert found["er"] == {("ER",): 1.0}
    assert found["d"] == {("D",): 1.0}
    assert pronounce_pieces(zip(pieces, dictionary, strict=True), letters, least=0.7)["▁read"] == {
        ("R", "IY", "D"): 1.0
    }
