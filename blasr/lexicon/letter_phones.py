"""Which phones each letter of a word stands for, learnt from a pronunciation dictionary.

Every letter stands for none, one or two phones, in order; the probabilities are those of expectation maximisation over
all such alignments (Jiampojamarn, Kondrak and Sherif, "Applying many-to-many alignments and hidden Markov models to
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
"""Of one letter."""
_ITERATIONS: Final = 8
_RARE: Final = 0.01
"""Phones less probable than this are no guess for a letter."""
_FIRST_GUESS: Final = (0.1, 1.0, 0.1)  # of none, one or two phones

Phones = tuple[str, ...]
_Step = tuple[int, int, int, Phones]  # letter, first phone, one past the last, the phones between


class LetterPhones:
    """The probabilities of phones given a letter.

    Args:
        dictionary: pronunciations of words; those with more than two phones a letter are passed over.

    Attributes:
        probability: of the phones given the letter, by both; those of a letter sum to 1.

    Raises:
        DataError: none of them can be aligned.
    """

    def __init__(self, dictionary: Sequence[Pronunciation]) -> None:
        self.probability: Mapping[tuple[str, Phones], float] = {}
        for _ in range(_ITERATIONS):
            counts: defaultdict[tuple[str, Phones], float] = defaultdict(float)
            for entry in dictionary:
                for key, share in self._expected(entry.word, entry.phones):
                    counts[key] += share * entry.probability
            if not counts:
                raise DataError(f"none of {len(dictionary)} words has a pronunciation of at most two phones a letter")
            totals: defaultdict[str, float] = defaultdict(float)
            for (letter, _), count in counts.items():
                totals[letter] += count
            self.probability = {key: count / totals[key[0]] for key, count in counts.items()}

    def align(self, word: str, phones: Phones) -> list[Phones] | None:
        """The phones of each letter in the most probable alignment; None if there is none."""
        nothing: tuple[float, Phones | None] = (-math.inf, None)
        best = [[nothing] * (len(phones) + 1) for _ in range(len(word) + 1)]
        best[0][0] = (0.0, None)
        for letter, begin, end, chunk in _steps(word, phones):
            if probability := self._of(word[letter], chunk):
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
        """The most probable phones of each letter; at least one phone where a letter has any, else nothing at all."""
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

    def _of(self, letter: str, chunk: Phones) -> float:
        if not self.probability:
            return _FIRST_GUESS[len(chunk)]
        return self.probability.get((letter, chunk), 0.0)

    def _expected(self, word: str, phones: Phones) -> Iterator[tuple[tuple[str, Phones], float]]:
        """How often each letter is expected to stand for which phones, over all alignments of one word."""
        steps = [(step, self._of(word[step[0]], step[3])) for step in _steps(word, phones)]
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
    """All that each letter may stand for, letters in order; only places that an alignment of the whole can reach."""
    for letter in range(len(word)):
        left = len(word) - letter - 1
        for begin in range(min(letter * MAX_PHONES, len(phones)) + 1):
            for end in range(begin, min(begin + MAX_PHONES, len(phones)) + 1):
                if len(phones) - end <= left * MAX_PHONES:
                    yield letter, begin, end, phones[begin:end]


def pronounce_pieces(
    words: Iterable[tuple[Sequence[str], Pronunciation]], letters: LetterPhones, *, least: float = 0.05
) -> dict[str, dict[Phones, float]]:
    """How the pieces of dictionary words are pronounced.

    Args:
        words: the pieces of each word, and the word's pronunciation.
        letters: what aligns the two.
        least: pronunciations less frequent than this share of a piece's most frequent one are left out.

    Returns:
        For each piece its pronunciations; the most frequent has probability 1, as Kaldi scales them.
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
            if phones:  # a silent letter can be no piece of its own
                counts[piece][phones] += entry.probability
    return {
        piece: {phones: count / most for phones, count in found.items() if count >= least * most}
        for piece, found in counts.items()
        for most in (max(found.values()),)
    }
