"""Bootstrap intervals: reproducible, around the rate, and as narrow as the data allow."""

from __future__ import annotations

import math

import numpy as np

from blasr.scoring.bootstrap import improvement, wer_interval
from blasr.scoring.edit_distance import ErrorCounts


def segments(count: int, rate: float, seed: int = 0) -> list[ErrorCounts]:
    wrong = np.random.default_rng(seed).binomial(10, rate, count)
    return [ErrorCounts(correct=10 - int(n), substitutions=int(n)) for n in wrong]


def test_the_same_seed_gives_the_same_interval() -> None:
    assert wer_interval(segments(50, 0.2), seed=3) == wer_interval(segments(50, 0.2), seed=3)
    assert wer_interval(segments(50, 0.2), seed=3) != wer_interval(segments(50, 0.2), seed=4)


def test_the_width_is_that_of_the_normal_distribution() -> None:
    """With segments of ten independent words, the standard error is that of n words."""
    found = wer_interval(segments(400, 0.2), replicates=4000)
    rate = sum(segments(400, 0.2), ErrorCounts()).wer
    expected = 1.96 * 100 * math.sqrt(0.2 * 0.8 / 4000)
    assert found.low < rate < found.high
    assert abs((found.high - found.low) / 2 - expected) < 0.15 * expected


def test_segments_without_words() -> None:
    assert math.isnan(wer_interval([ErrorCounts(insertions=1)]).low)


def test_improvement_is_paired() -> None:
    """One error less in every tenth segment is little compared with the spread, and yet significant."""
    first = segments(300, 0.3)
    second = [
        ErrorCounts(counts.correct + 1, counts.substitutions - 1) if n % 10 == 0 and counts.substitutions else counts
        for n, counts in enumerate(first)
    ]
    found = improvement(first, second)
    assert found.difference < 0 and found.interval.high < 0 and found.probability > 0.99
    assert improvement(first, first).probability == 0.5
