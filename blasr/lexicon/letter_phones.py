"""The phones of each letter of a word, learned from a pronunciation dictionary.

Every letter has zero, one or two phones, in order. The probabilities come from expectation maximization over all such
alignments (Jiampojamarn, Kondrak and Sherif, "Applying many-to-many alignments and hidden Markov models to
letter-to-phoneme conversion", NAACL 2007).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from blasr.errors import DataError
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lexicon.word_pieces import WORD_MARK

MAX_PHONES: Final = 2
"""The maximum number of phones of one letter."""
_ITERATIONS: Final = 8
_RARE: Final = 0.01
"""Less probable phones are never guessed for a letter."""
_FIRST_GUESS: Final = (0.1, 1.0, 0.1)  # for zero, one and two phones

Phones = tuple[str, ...]
_Step = tuple[int, int, int, Phones]  # index of the letter, first phone, one past the last phone, these phones


class LetterPhones:
    """The probabilities of phones given a letter.

    Args:
        dictionary: pronunciations of words; those with more than two phones per letter are skipped.

    Attributes:
        probability: for (letter, phones), the probability of the phones given the letter; those of a letter sum to 1.

    Raises:
        DataError: no pronunciation can be aligned.
    """

    def __init__(self, dictionary: Sequence[Pronunciation]) -> None:
        self.probability: Mapping[tuple[str, Phones], float] = {}
        for _ in range(_ITERATIONS):
            counts: defaultdict[tuple[str, Phones], float] = defaultdict(float)
            for entry in dictionary:
                for key, share in self._expected(entry.word, entry.phones):
                    counts[key] += share * entry.probability
            if not counts:
                raise DataError(
                    f"none of {len(dictionary)} words has a pronunciation with at most two phones per letter"
                )
            totals: defaultdict[str, float] = defaultdict(float)
            for (letter, _), count in counts.items():
                totals[letter] += count
            self.probability = {key: count / totals[key[0]] for key, count in counts.items()}

    def align(self, word: str, phones: Phones) -> list[Phones] | None:
        """Return the phones of each letter in the most probable alignment; None if there is no alignment."""
        nothing: tuple[float, Phones | None] = (-math.inf, None)
        best = [[nothing] * (len(phones) + 1) for _ in range(len(word) + 1)]
        best[0][0] = (0.0, None)
        for letter, begin, end, chunk in _steps(word, phones):
            if probability := self._probability_of(word[letter], chunk):
                score = best[letter][begin][0] + math.log(probability)
                if score > best[letter + 1][end][0]:
                    best[letter + 1][end] = (score, chunk)
        place, found = len(phones), []
        for letter in range(len(word), 0, -1):
            chunk_here = best[letter][place][1]
            if chunk_here is None:
                return None
            found.append(chunk_here)
            place -= len(chunk_here)
        return found[::-1]

    def guess(self, letters: str) -> Phones:
        """Return the most probable phones of the letters.

        There is at least one phone if a letter has any, and none if a letter is unknown.
        """
        best: list[Phones] = []
        spoken: list[Phones] = []
        for letter in letters:
            known = {
                chunk: value for (other, chunk), value in self.probability.items() if other == letter and value >= _RARE
            }
            if not known:
                return ()
            best.append(max(known, key=known.__getitem__))
            spoken.append(max(filter(None, known), key=known.__getitem__, default=()))
        joined = tuple(phone for chunk in best for phone in chunk)
        return joined or tuple(phone for chunk in spoken for phone in chunk)

    def _probability_of(self, letter: str, chunk: Phones) -> float:
        if not self.probability:
            return _FIRST_GUESS[len(chunk)]
        return self.probability.get((letter, chunk), 0.0)

    def _expected(self, word: str, phones: Phones) -> Iterator[tuple[tuple[str, Phones], float]]:
        """Yield (letter, phones) and their expected counts over all alignments of one word."""
        steps = [(step, self._probability_of(word[step[0]], step[3])) for step in _steps(word, phones)]
        forward = [[0.0] * (len(phones) + 1) for _ in range(len(word) + 1)]
        backward = [[0.0] * (len(phones) + 1) for _ in range(len(word) + 1)]
        forward[0][0] = backward[-1][-1] = 1.0
        for (letter, begin, end, _), probability in steps:
            forward[letter + 1][end] += forward[letter][begin] * probability
        for (letter, begin, end, _), probability in reversed(steps):
            backward[letter][begin] += backward[letter + 1][end] * probability
        if total := forward[-1][-1]:
            for (letter, begin, end, chunk), probability in steps:
                if share := forward[letter][begin] * probability * backward[letter + 1][end]:
                    yield (word[letter], chunk), share / total


def _steps(word: str, phones: Phones) -> Iterator[_Step]:
    """Yield all phones that each letter can have, letters in order, as parts of an alignment of the whole word."""
    for letter in range(len(word)):
        left = len(word) - letter - 1
        for begin in range(min(letter * MAX_PHONES, len(phones)) + 1):
            for end in range(begin, min(begin + MAX_PHONES, len(phones)) + 1):
                if len(phones) - end <= left * MAX_PHONES:
                    yield letter, begin, end, phones[begin:end]


def pronounce_pieces(
    words: Iterable[tuple[Sequence[str], Pronunciation]], letters: LetterPhones, *, least: float = 0.05
) -> dict[str, dict[Phones, float]]:
    """Return the pronunciations of the pieces of dictionary words.

    Args:
        words: the pieces of each word, and the word's pronunciation.
        letters: aligns the letters of the word with its phones.
        least: pronunciations are left out if their frequency is below this share of the piece's most frequent one.

    Returns:
        for each piece, its pronunciations and their probabilities; as in Kaldi, the most frequent one has 1.
    """
    counts: defaultdict[str, defaultdict[Phones, float]] = defaultdict(lambda: defaultdict(float))
    for pieces, entry in words:
        aligned = letters.align(entry.word, entry.phones)
        if aligned is None:
            continue
        start = 0
        for piece in pieces:
            size = len(piece.removeprefix(WORD_MARK))
            phones = tuple(phone for chunk in aligned[start : start + size] for phone in chunk)
            start += size
            if phones:  # a piece of silent letters has no pronunciation
                counts[piece][phones] += entry.probability
    return {
        piece: {phones: count / most for phones, count in found.items() if count >= least * most}
        for piece, found in counts.items()
        for most in (max(found.values()),)
    }
