"""The states of a determinization: subsets of the input's states, and the arcs between them."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from blasr.graph.fst_arrays import spread
from blasr.jit import grown, jit, jit_inline
from blasr.units import AnyArray, IntArray

_DELTA: Final = np.float32(2.0**-10)
"""Costs that differ by at most this are equal."""
_FEW: Final = 16
ELEMENT: Final = np.dtype([("state", np.int32), ("string", np.int32), ("weight", np.float32), ("label", np.int32)])
"""A state of a subset; ``label`` is the input label that leads there, or the place in a queue."""
RECORD: Final = np.dtype([("ilabel", np.int32), ("string", np.int32), ("weight", np.float32), ("next", np.int32)])
"""An arc of the result with a string as its output, or a final cost."""
STATES, ELEMENTS, SUBSETS, RECORDS, STACK = range(5)


class SubsetPool(NamedTuple):
    """The states of the result.

    ``counts`` is indexed by ``STATES``, ``ELEMENTS`` and so on; ``STACK`` counts the states that wait on ``stack``.
    ``origin`` of a state is its only state of the input, or -1 minus the number of its subset. The elements of subset
    i are ``elements[begin[i]:begin[i + 1]]``, and ``owner[i]`` is the state. ``single`` finds the state for one state
    of the input. Any other subset is in the list of its bucket, the latest one first, as in Kaldi's table; ``older`` of
    a subset is the next one in the list. The records of a state are ``number`` ones from ``first``.
    """

    counts: AnyArray
    single: IntArray
    buckets: IntArray
    begin: AnyArray
    owner: IntArray
    older: IntArray
    elements: AnyArray
    origin: IntArray
    first: AnyArray
    number: IntArray
    stack: IntArray
    records: AnyArray


@jit
def new_pool(num_states: Any) -> SubsetPool:
    """Return a pool without states, for an input of so many states."""
    return SubsetPool(
        np.zeros(5, np.int64),
        np.full(num_states, -1, np.int32),
        np.full(4096, -1, np.int32),
        np.zeros(1024, np.int64),
        np.empty(1024, np.int32),
        np.empty(1024, np.int32),
        np.empty(1024, ELEMENT),
        np.empty(num_states + 1024, np.int32),
        np.empty(num_states + 1024, np.int64),
        np.empty(num_states + 1024, np.int32),
        np.empty(1024, np.int32),
        np.empty(num_states + 1024, RECORD),
    )


@jit
def with_room(pool: SubsetPool, more: Any) -> SubsetPool:
    """Return a pool with room for more states, subsets, elements and records, one of each for each of ``more``."""
    counts = pool.counts
    if (
        counts[STATES] + more <= len(pool.origin)
        and counts[RECORDS] + more + 1 <= len(pool.records)
        and counts[STACK] + more <= len(pool.stack)
        and counts[ELEMENTS] + more <= len(pool.elements)
        and counts[SUBSETS] + more + 1 <= len(pool.begin)
    ):
        return pool
    begin = grown(pool.begin, counts[SUBSETS] + more + 1)
    buckets, older = pool.buckets, grown(pool.older, len(begin))
    if len(begin) > len(buckets):
        size = 2 * len(buckets)
        while size < len(begin):
            size *= 2
        buckets = np.full(size, -1, np.int32)
        for subset in range(counts[SUBSETS]):
            place = _hash(pool.elements, pool.begin[subset], pool.begin[subset + 1]) & (size - 1)
            older[subset] = buckets[place]
            buckets[place] = subset
    return SubsetPool(
        counts,
        pool.single,
        buckets,
        begin,
        grown(pool.owner, len(begin)),
        older,
        grown(pool.elements, counts[ELEMENTS] + more),
        grown(pool.origin, counts[STATES] + more),
        grown(pool.first, counts[STATES] + more),
        grown(pool.number, counts[STATES] + more),
        grown(pool.stack, counts[STACK] + more),
        grown(pool.records, counts[RECORDS] + more + 1),
    )


@jit
def _hash(elements: AnyArray, begin: Any, end: Any) -> Any:
    mixed = np.int64(end - begin)
    for place in range(begin, end):
        mixed = spread(mixed << 32 | np.int64(elements[place].state)) ^ np.int64(elements[place].string)
    return spread(mixed)


@jit_inline
def log_add(a: Any, b: Any) -> Any:
    """Return the cost of the sum of two probabilities, from their costs, in single precision as OpenFst does."""
    if a == np.inf:
        return b
    if b == np.inf:
        return a
    low, difference = (b, a - b) if a > b else (a, b - a)
    return np.float32(np.float64(low) - math.log1p(math.exp(-np.float64(difference))))


@jit_inline
def is_close(a: Any, b: Any) -> Any:
    """Return whether two costs are equal within the tolerance."""
    return a <= b + _DELTA and b <= a + _DELTA


@jit
def sort_elements(elements: Any, size: Any) -> None:
    """Sort by label, then by state."""
    if size > _FEW:
        keys = elements.label[:size].astype(np.int64) << 32 | elements.state[:size]
        elements[:size] = elements[:size][np.argsort(keys, kind="mergesort")]
        return
    for place in range(1, size):
        label, state = elements[place].label, elements[place].state
        string, weight = elements[place].string, elements[place].weight
        free = place
        while free > 0 and (
            elements[free - 1].label > label or (elements[free - 1].label == label and elements[free - 1].state > state)
        ):
            elements[free] = elements[free - 1]
            free -= 1
        moved = elements[free]
        moved.label, moved.state, moved.string, moved.weight = label, state, string, weight


@jit_inline
def state_of_one(pool: SubsetPool, state: Any) -> Any:
    """Return the state of the result for one state of the input, a new one if it is not there."""
    found = pool.single[state]
    if found < 0:
        found = np.int32(pool.counts[STATES])
        pool.single[state], pool.origin[found] = found, state
        pool.counts[STATES] += 1
        pool.stack[pool.counts[STACK]] = found
        pool.counts[STACK] += 1
    return found


@jit
def state_of_subset(pool: SubsetPool, elements: AnyArray, begin: Any, end: Any) -> Any:
    """Return the state of the result for a subset, a new one if it is not there."""
    place = _hash(elements, begin, end) & (len(pool.buckets) - 1)
    subset = pool.buckets[place]
    while subset >= 0 and not _is_same(pool, subset, elements, begin, end):
        subset = pool.older[subset]
    if subset >= 0:
        return pool.owner[subset]
    subset, state, at = np.int32(pool.counts[SUBSETS]), np.int32(pool.counts[STATES]), pool.counts[ELEMENTS]
    pool.older[subset], pool.buckets[place] = pool.buckets[place], subset
    pool.owner[subset], pool.origin[state] = state, -1 - subset
    for place in range(begin, end):
        pool.elements[at] = elements[place]
        at += 1
    pool.begin[subset + 1] = pool.counts[ELEMENTS] = at
    pool.counts[SUBSETS] += 1
    pool.counts[STATES] += 1
    pool.stack[pool.counts[STACK]] = state
    pool.counts[STACK] += 1
    return state


@jit
def _is_same(pool: SubsetPool, subset: Any, elements: AnyArray, begin: Any, end: Any) -> Any:
    known = pool.begin[subset]
    if pool.begin[subset + 1] - known != end - begin:
        return False
    for place in range(begin, end):
        a, b = pool.elements[known + place - begin], elements[place]
        if a.state != b.state or a.string != b.string or not is_close(a.weight, b.weight):
            return False
    return True
