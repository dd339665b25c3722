"""Pairs in buckets are found again, in tables that are nearly full too."""

from __future__ import annotations

import numpy as np

from blasr.graph.pair_buckets import pair_bucket, pair_buckets
from blasr.jit import jit
from blasr.units import IntArray


@jit
def number_of(buckets: IntArray, firsts: IntArray, seconds: IntArray, first: int, second: int) -> int:
    return int(buckets[pair_bucket(buckets, firsts, seconds, first, second)])


def test_pairs_are_found_and_others_are_not() -> None:
    random = np.random.default_rng(5)
    pairs = np.unique(random.integers(-3, 40, (1500, 2)), axis=0).astype(np.int32)
    firsts, seconds = random.permutation(pairs[:1000]).T.copy()
    assert len(firsts) == 1000
    buckets = pair_buckets(firsts, seconds, 1, 1000, 1024)
    assert np.array_equal(np.sort(buckets[buckets >= 0]), np.arange(1, 1000))
    for number in range(1, 1000):
        assert number_of(buckets, firsts, seconds, firsts[number], seconds[number]) == number
    absent = [(firsts[0], seconds[0]), *pairs[1000:], (1000, 0)]
    assert {number_of(buckets, firsts, seconds, first, second) for first, second in absent} == {-1}
