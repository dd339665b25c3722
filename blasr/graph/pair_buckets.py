"""Numbers of pairs, found by hashing, for compiled functions.

A table numbers different pairs, and keeps the two parts of each in arrays of its own. ``buckets`` finds the number of a
pair: it has a power of two of places, -1 in those that are empty. A pair that finds its place taken goes to the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from blasr.graph.fst_arrays import spread
from blasr.jit import jit, jit_inline
from blasr.units import IntArray


@jit_inline
def pair_bucket(buckets: IntArray, firsts: IntArray, seconds: IntArray, first: Any, second: Any) -> Any:
    """Return the place of a pair: the one with its number, or the empty one where its number belongs."""
    last = len(buckets) - 1
    place = spread(np.int64(first) << 32 | np.int64(second)) & last
    found = buckets[place]
    while found >= 0 and (firsts[found] != first or seconds[found] != second):
        place = (place + 1) & last
        found = buckets[place]
    return place


@jit
def pair_buckets(firsts: IntArray, seconds: IntArray, begin: Any, end: Any, size: Any) -> IntArray:
    """Return buckets of the pairs ``begin`` to ``end``, which all differ.

    Args:
        firsts, seconds: the parts of the pairs.
        begin, end: numbers of pairs.
        size: the number of places, a power of two and more than there are pairs.
    """
    buckets = np.full(size, -1, np.int32)
    for number in range(begin, end):
        buckets[pair_bucket(buckets, firsts, seconds, firsts[number], seconds[number])] = number
    return buckets
