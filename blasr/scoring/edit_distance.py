"""Alignment of a hypothesis with its reference, and counts of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SUBSTITUTION_COST: Final = 4
INSERTION_COST: Final = 3
DELETION_COST: Final = 3

_DIAGONAL, _LEFT, _UP = range(3)


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Numbers of right and wrong words. Counts are added, so that rates are pooled over words, never averaged."""

    correct: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: ErrorCounts) -> ErrorCounts:
        return ErrorCounts(
            self.correct + other.correct,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def reference_words(self) -> int:
        """The number of reference words: correct, substituted and deleted."""
        return self.correct + self.substitutions + self.deletions

    @property
    def wer(self) -> float:
        """Errors per reference word in percent; not a number if there are no reference words."""
        return 100 * self.errors / self.reference_words if self.reference_words else float("nan")


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of a reference word and a hypothesis word; None if one of them is absent."""

    pairs: tuple[tuple[str | None, str | None], ...]

    @property
    def counts(self) -> ErrorCounts:
        """The numbers of correct, substituted, deleted and inserted words."""
        correct = sum(reference == hypothesis for reference, hypothesis in self.pairs)
        deletions = sum(hypothesis is None for _, hypothesis in self.pairs)
        insertions = sum(reference is None for reference, _ in self.pairs)
        return ErrorCounts(correct, len(self.pairs) - correct - deletions - insertions, deletions, insertions)


def align_words(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    """Return the cheapest alignment under sclite's costs: substitution 4, insertion 3, deletion 3.

    Among equally cheap steps back, a pair is preferred to an insertion, and an insertion to a deletion, as in sclite
    (``net_dp.c`` of NIST's SCTK). Kaldi's ``compute-wer`` has unit costs, so its total can be lower, never higher.
    """
    if list(reference) == list(hypothesis):
        return Alignment(tuple(zip(reference, hypothesis, strict=True)))
    return Alignment(tuple(_trace(reference, hypothesis, _steps(reference, hypothesis))))


def _steps(reference: Sequence[str], hypothesis: Sequence[str]) -> list[bytearray]:
    """The best last step for every pair of prefixes; row 0 and column 0 are the empty prefixes."""
    row = [INSERTION_COST * column for column in range(len(hypothesis) + 1)]
    steps = [bytearray([_LEFT]) * (len(hypothesis) + 1)]
    for word in reference:
        above, row = row, [row[0] + DELETION_COST]
        step = bytearray([_UP])
        for column, other in enumerate(hypothesis):
            pair = above[column] + (0 if word == other else SUBSTITUTION_COST)
            insertion = row[column] + INSERTION_COST
            deletion = above[column + 1] + DELETION_COST
            if pair <= insertion and pair <= deletion:
                row.append(pair)
                step.append(_DIAGONAL)
            elif insertion <= deletion:
                row.append(insertion)
                step.append(_LEFT)
            else:
                row.append(deletion)
                step.append(_UP)
        steps.append(step)
    return steps


def _trace(
    reference: Sequence[str], hypothesis: Sequence[str], steps: list[bytearray]
) -> list[tuple[str | None, str | None]]:
    pairs: list[tuple[str | None, str | None]] = []
    row, column = len(reference), len(hypothesis)
    while row or column:
        step = steps[row][column]
        row -= step != _LEFT
        column -= step != _UP
        pairs.append((None if step == _LEFT else reference[row], None if step == _UP else hypothesis[column]))
    return pairs[::-1]
