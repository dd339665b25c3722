"""Confidence intervals of word error rates: the bootstrap over segments of Bisani and Ney (ICASSP 2004).

A segment is what is drawn as a whole: an utterance, or all utterances of a speaker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from blasr.scoring.edit_distance import ErrorCounts
from blasr.units import AnyArray

_DRAWN_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Interval:
    """The interval that contains the middle ``level`` of the replicates."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Improvement:
    """The difference between the word error rates of two systems.

    Attributes:
        difference: the second rate minus the first in percentage points; negative if the second system is better.
        interval: the interval of the difference.
        probability: the share of replicates in which the second system is better; ties count half.
    """

    difference: float
    interval: Interval
    probability: float


def wer_interval(
    segments: Sequence[ErrorCounts], *, replicates: int = 1000, seed: int = 0, level: float = 0.95
) -> Interval:
    """Return the interval of the word error rate in percent; not a number if no replicate has a reference word."""
    rates = np.concatenate([_rates(_table(segments)[drawn]) for drawn in _draws(len(segments), replicates, seed)])
    return _interval(rates, level)


def improvement(
    first: Sequence[ErrorCounts],
    second: Sequence[ErrorCounts],
    *,
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Improvement:
    """Compare two systems on the same segments; every replicate has the same segments for both."""
    tables = _table(first), _table(second)
    differences = np.concatenate(
        [_rates(tables[1][drawn]) - _rates(tables[0][drawn]) for drawn in _draws(len(first), replicates, seed)]
    )
    better = np.mean(differences < 0) + np.mean(differences == 0) / 2
    total = sum(second, ErrorCounts()).wer - sum(first, ErrorCounts()).wer
    return Improvement(total, _interval(differences, level), float(better))


def _table(segments: Sequence[ErrorCounts]) -> AnyArray:
    """Errors and reference words of each segment, int64 (segments, 2)."""
    return np.array([(counts.errors, counts.reference_words) for counts in segments], np.int64).reshape(-1, 2)


def _draws(size: int, replicates: int, seed: int) -> Iterator[AnyArray]:
    """Segments drawn with replacement, (replicates, size) in a few parts."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _DRAWN_AT_ONCE // max(size, 1))
    for done in range(0, replicates, at_once):
        yield generator.integers(0, size, (min(at_once, replicates - done), size))


def _rates(drawn: AnyArray) -> AnyArray:
    errors, words = drawn.sum(axis=1).T
    rates: AnyArray = np.full(len(errors), np.nan)
    np.divide(100.0 * errors, words, out=rates, where=words > 0)
    return rates


def _interval(values: AnyArray, level: float) -> Interval:
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(float("nan"), float("nan"), level)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)
