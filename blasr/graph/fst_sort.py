"""A stable sort, and a heap that leaves equal keys in the same order as the C++ library of OpenFst's builds.

The order of the states of a minimal transducer depends on it (libstdc++'s ``stl_heap.h``).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from blasr.jit import jit
from blasr.units import AnyArray, IntArray

_FEW: Final = 16


@jit
def sort_pairs(keys: IntArray, values: IntArray, begin: Any, end: Any) -> None:
    """Sort ``keys[begin:end]`` and the values with them; equal keys keep their order."""
    if end - begin > _FEW:
        order = np.argsort(keys[begin:end], kind="mergesort")
        keys[begin:end] = keys[begin:end][order]
        values[begin:end] = values[begin:end][order]
        return
    for place in range(begin + 1, end):
        key, value = keys[place], values[place]
        free = place
        while free > begin and keys[free - 1] > key:
            keys[free], values[free] = keys[free - 1], values[free - 1]
            free -= 1
        keys[free], values[free] = key, value


@jit
def heap_push(keys: IntArray, values: AnyArray, size: Any, key: Any, value: Any) -> None:
    """Add an entry to a heap of ``size`` entries, of which the first has the smallest key (``std::push_heap``)."""
    _rise(keys, values, size, 0, key, value)


@jit
def heap_pop(keys: IntArray, values: AnyArray, size: Any) -> None:
    """Remove the first of ``size`` entries (``std::pop_heap``)."""
    if size > 1:
        _sift(keys, values, 0, size - 1, keys[size - 1], values[size - 1])


@jit
def _sift(keys: IntArray, values: AnyArray, hole: Any, size: Any, key: Any, value: Any) -> None:
    """Fill a hole by its children and put the entry where a hole is left (``std::__adjust_heap``)."""
    top, child = hole, hole
    while child < (size - 1) // 2:
        child = 2 * (child + 1)
        if keys[child] > keys[child - 1]:
            child -= 1
        keys[hole], values[hole] = keys[child], values[child]
        hole = child
    if size % 2 == 0 and child == (size - 2) // 2:
        child = 2 * child + 1
        keys[hole], values[hole] = keys[child], values[child]
        hole = child
    _rise(keys, values, hole, top, key, value)


@jit
def _rise(keys: IntArray, values: AnyArray, hole: Any, top: Any, key: Any, value: Any) -> None:
    """Put an entry into a hole or above it (``std::__push_heap``)."""
    while hole > top and keys[(hole - 1) // 2] > key:
        keys[hole], values[hole] = keys[(hole - 1) // 2], values[(hole - 1) // 2]
        hole = (hole - 1) // 2
    keys[hole], values[hole] = key, value
