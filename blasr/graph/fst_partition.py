"""The coarsest partition of states that go the same ways (OpenFst's ``CyclicMinimizer`` and ``partition.h``).

Hopcroft, "An n log n algorithm for minimizing states in a finite automaton" (1971).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blasr.graph.fst_arrays import FstArrays
from blasr.graph.fst_sort import heap_pop, heap_push, sort_pairs
from blasr.jit import jit, jit_inline
from blasr.units import AnyArray, IntArray


class Partition(NamedTuple):
    """Classes of states, each a linked list.

    ``cls`` of a state is its class; ``next`` and ``previous`` are its neighbors in the list, -1 at the ends. ``head``
    is the first state of a class and ``size`` their number. While classes are split, the states that were chosen form
    a list of their own: ``marked`` of a state is the latest mark, ``chosen`` and ``num_chosen`` are its head and size.
    ``counts`` holds the number of classes, the mark, and how many classes are ``visited`` and ``waiting``.
    """

    counts: AnyArray
    cls: IntArray
    marked: IntArray
    next: IntArray
    previous: IntArray
    head: IntArray
    size: IntArray
    chosen: IntArray
    num_chosen: IntArray
    visited: IntArray
    waiting: IntArray


CLASSES, MARK, VISITED, WAITING = range(4)


class _Entries(NamedTuple):
    """The arcs that enter each state, by code: ``code`` and ``source`` from ``begin`` of the state."""

    begin: AnyArray
    code: IntArray
    source: IntArray


class _Heap(NamedTuple):
    """The next arcs into the states of a class: a heap of codes and of rows, and by row its place and its end."""

    keys: IntArray
    values: AnyArray
    place: AnyArray
    end: AnyArray


@jit
def _heap_of(size: Any) -> _Heap:
    return _Heap(np.empty(size, np.int32), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64))


@jit
def coarsest_partition(fst: FstArrays, of_arc: IntArray, of_final: IntArray, classes: IntArray) -> Partition:
    """Split classes until the states of each have arcs with the same codes to the same classes.

    Args:
        fst: the transducer.
        of_arc: the codes of its arcs.
        of_final: the codes of the arcs from final states to a superfinal state, which is the last state; 0 for none.
        classes: the class of each state to begin with, numbered in the order of their first states.
    """
    entering = _entries(fst, of_arc, of_final)
    partition = _partition_of(classes)
    heap = _heap_of(64)
    while partition.counts[WAITING] > 0:
        partition.counts[WAITING] -= 1
        cls = partition.waiting[partition.counts[WAITING]]
        if partition.size[cls] == 1:
            _split_by_one(partition, entering, partition.head[cls])
            continue
        if partition.size[cls] > len(heap.keys):
            heap = _heap_of(2 * partition.size[cls])
        _split(partition, entering, cls, heap)
    return partition


@jit
def _entries(fst: FstArrays, of_arc: IntArray, of_final: IntArray) -> _Entries:
    num_states = len(fst.final)
    begin = np.zeros(num_states + 2, np.int64)
    for target in fst.nextstate:
        begin[target + 1] += 1
    begin[num_states + 1] = np.count_nonzero(of_final)
    for state in range(num_states + 1):
        begin[state + 1] += begin[state]
    code, source = np.empty(begin[-1], np.int32), np.empty(begin[-1], np.int32)
    place = begin[:-1].copy()
    for state in range(num_states):
        for arc in range(fst.offsets[state], fst.offsets[state + 1]):
            at = place[fst.nextstate[arc]]
            code[at], source[at] = of_arc[arc], state
            place[fst.nextstate[arc]] += 1
        if of_final[state]:
            at = place[num_states]
            code[at], source[at] = of_final[state], state
            place[num_states] += 1
    for state in range(num_states + 1):
        sort_pairs(code, source, begin[state], begin[state + 1])
    return _Entries(begin, code, source)


@jit
def _partition_of(classes: IntArray) -> Partition:
    num_states = len(classes)
    partition = Partition(
        np.zeros(4, np.int64),
        classes,
        np.zeros(num_states, np.int32),
        np.empty(num_states, np.int32),
        np.empty(num_states, np.int32),
        np.full(num_states, -1, np.int32),
        np.zeros(num_states, np.int32),
        np.full(num_states, -1, np.int32),
        np.zeros(num_states, np.int32),
        np.empty(num_states, np.int32),
        np.empty(num_states, np.int32),
    )
    num_classes = classes.max() + 1
    for state in range(num_states):
        cls = classes[state]
        head = partition.head[cls]
        if head >= 0:
            partition.previous[head] = state
        partition.next[state], partition.previous[state] = head, -1
        partition.head[cls] = state
        partition.size[cls] += 1
    for cls in range(num_classes):
        partition.waiting[cls] = cls
    partition.counts[CLASSES] = partition.counts[WAITING] = num_classes
    partition.counts[MARK] = 1
    return partition


@jit
def _split_by_one(partition: Partition, entering: _Entries, state: Any) -> None:
    """Split all classes by the arcs that enter a state, one code after the other."""
    previous = np.int32(-1)
    for place in range(entering.begin[state], entering.begin[state + 1]):
        if entering.code[place] != previous:
            _finish_split(partition)
            previous = entering.code[place]
        _choose(partition, entering.source[place])
    _finish_split(partition)


@jit
def _split(partition: Partition, entering: _Entries, cls: Any, heap: _Heap) -> None:
    """Split all classes by the arcs that enter the states of a class, one code after the other."""
    size = np.int64(0)
    state = partition.head[cls]
    while state >= 0:
        begin, end = entering.begin[state], entering.begin[state + 1]
        if begin < end:
            heap.place[size], heap.end[size] = begin, end
            heap_push(heap.keys, heap.values, size, entering.code[begin], size)
            size += 1
        state = partition.next[state]
    previous = np.int32(-1)
    while size > 0:
        code, row = heap.keys[0], heap.values[0]
        heap_pop(heap.keys, heap.values, size)
        size -= 1
        if code != previous:
            _finish_split(partition)
            previous = code
        place = heap.place[row]
        _choose(partition, entering.source[place])
        if place + 1 < heap.end[row]:
            heap.place[row] = place + 1
            heap_push(heap.keys, heap.values, size, entering.code[place + 1], row)
            size += 1
    _finish_split(partition)


@jit_inline
def _choose(partition: Partition, state: Any) -> None:
    """Move a state to the chosen ones of its class (``SplitOn``)."""
    cls = partition.cls[state]
    if partition.size[cls] == 1 or partition.marked[state] == partition.counts[MARK]:
        return
    previous, following = partition.previous[state], partition.next[state]
    if previous >= 0:
        partition.next[previous] = following
    else:
        partition.head[cls] = following
    if following >= 0:
        partition.previous[following] = previous
    chosen = partition.chosen[cls]
    if chosen >= 0:
        partition.previous[chosen] = state
    else:
        partition.visited[partition.counts[VISITED]] = cls
        partition.counts[VISITED] += 1
    partition.marked[state] = partition.counts[MARK]
    partition.next[state], partition.previous[state] = chosen, -1
    partition.chosen[cls] = state
    partition.num_chosen[cls] += 1


@jit
def _finish_split(partition: Partition) -> None:
    """Make the smaller part of each visited class a class of its own that waits (``FinalizeSplit``)."""
    for place in range(partition.counts[VISITED]):
        cls = partition.visited[place]
        num_chosen, size = partition.num_chosen[cls], partition.size[cls]
        chosen, rest = partition.chosen[cls], partition.head[cls]
        partition.chosen[cls], partition.num_chosen[cls] = -1, 0
        if num_chosen == size:
            partition.head[cls] = chosen
            continue
        new = partition.counts[CLASSES]
        partition.counts[CLASSES] += 1
        if size - num_chosen < num_chosen:
            partition.head[new], partition.size[new] = rest, size - num_chosen
            partition.head[cls], partition.size[cls] = chosen, num_chosen
        else:
            partition.head[new], partition.size[new] = chosen, num_chosen
            partition.size[cls] = size - num_chosen
        state = partition.head[new]
        while state >= 0:
            partition.cls[state] = new
            state = partition.next[state]
        partition.waiting[partition.counts[WAITING]] = new
        partition.counts[WAITING] += 1
    partition.counts[VISITED] = 0
    partition.counts[MARK] += 1
