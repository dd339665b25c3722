"""Time-marked hypothesis words prepared for scoring: sorted, normalized, with their alternatives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from blasr.scoring.segments import Side, TimedItem, side_of
from blasr.scoring.word_network import Alternatives, Item, hypothesis_word


class HypothesisWord(Protocol):
    """A hypothesis word and its position in a recording."""

    @property
    def recording(self) -> str:
        """The recording's name."""
        ...

    @property
    def channel(self) -> str:
        """The side of the recording."""
        ...

    @property
    def start_seconds(self) -> float:
        """The start of the word."""
        ...

    @property
    def duration_seconds(self) -> float:
        """The duration of the word."""
        ...

    @property
    def word(self) -> str:
        """The spelling of the word."""
        ...


Normalize = Callable[[str], str]
"""A function from a word to its normalized spelling."""
Options = Sequence[Sequence[HypothesisWord]]
"""Alternatives: rows of words; one row was spoken. A plain word is one row with one word."""
Piece = tuple[str, float, float]
"""A normalized word, its start and its duration in seconds."""


def by_side(hypotheses: Iterable[Options]) -> dict[Side, list[Options]]:
    """Return the hypothesis of each side in the order of the starts."""
    sides: dict[Side, list[tuple[float, Options]]] = {}
    for options in hypotheses:
        words = [word for row in options for word in row]
        start = min(word.start_seconds for word in words)
        sides.setdefault(side_of(words[0].recording, words[0].channel), []).append((start, options))
    return {
        side: [options for _, options in sorted(found, key=lambda entry: entry[0])] for side, found in sides.items()
    }


def is_block(options: Options) -> bool:
    """Return whether these are alternatives, not a plain word."""
    return len(options) > 1 or len(options[0]) > 1


def timed_items(hypotheses: Iterable[Options], normalize: Normalize) -> Mapping[Side, list[TimedItem]]:
    """Return the normalized words of each side in the order of their starts."""
    return {
        side: [item for options in found for item in _items(options, normalize)]
        for side, found in by_side(hypotheses).items()
    }


def _items(options: Options, normalize: Normalize) -> list[TimedItem]:
    """Several items for a word that normalization splits, one for alternatives, none for a word that it removes."""
    words = [[_normalized(word, normalize) for word in row] for row in options]
    if not is_block(options) and len(words[0][0]) == 1:
        return [TimedItem(hypothesis_word(text), start + length / 2) for text, start, length in words[0][0][0]]
    pieces = [piece for row in words for word in row for choice in word for piece in choice]
    rows = [tuple(item for word in row for item in _alternatives(word)) for row in words]
    item = Alternatives(tuple(rows)) if is_block(options) else rows[0][0]
    return [TimedItem(item, max((start + length / 2 for _, start, length in pieces), default=0.0))]


def _alternatives(choices: list[list[Piece]]) -> tuple[Item, ...]:
    options = tuple(tuple(hypothesis_word(text) for text, _, _ in choice) for choice in choices)
    return options[0] if len(options) == 1 else (Alternatives(options),)


def _normalized(word: HypothesisWord, normalize: Normalize) -> list[list[Piece]]:
    """The alternatives that a word becomes; the words of each share its time equally.

    The times of words that were split are rounded to milliseconds, as ``csrfilt.sh -i ctm`` writes them.
    """
    texts = normalize(word.word).replace("{", " { ").replace("}", " } ").split()
    if len(texts) <= 1:
        return [[(text, word.start_seconds, word.duration_seconds) for text in texts]]
    choices = []
    for option in " ".join(texts).rstrip("/ ").split("/"):
        words = option.replace("{", "").replace("}", "").split()
        length = word.duration_seconds / max(len(words), 1)
        starts = (word.start_seconds + length * number for number in range(len(words)))
        choices.append([(text, _rounded(start), _rounded(length)) for text, start in zip(words, starts, strict=True)])
    return choices


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.3f}")
