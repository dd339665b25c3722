"""Minimization after encoding (Kaldi's ``MinimizeEncoded``, with OpenFst's ``minimize.h`` and ``encode.h``).

Costs are rounded to multiples of 1/1024. Arcs with the same labels and cost get the same code, and the graph is
minimized as an acceptor of codes, with a superfinal state that an arc for each final cost enters. States keep the order
of OpenFst's result, which depends on the order of equal keys in its queue: see :mod:`blasr.graph.fst_sort`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from blasr.graph.fst_arrays import FstArrays, arrays_of, connect, fst_of, has_cycle, spread
from blasr.graph.fst_partition import Partition, coarsest_partition
from blasr.io.fst import Fst
from blasr.jit import grown, jit
from blasr.units import AnyArray, FloatArray, IntArray

_DELTA: Final = np.float32(2.0**-10)
_HASH_START, _HASH_FACTOR = 433024223, 7603  # of OpenFst's StateILabelHasher


def minimize(fst: Fst) -> Fst:
    """Minimize a transducer (``fstminimizeencoded``). OpenFst itself minimizes one without cycles, in its own way.

    Args:
        fst: the transducer; its costs are rounded in place.

    Returns:
        The minimal transducer with these paths and the rounded costs. The arcs of a state are in the order in which
        their labels and costs first occur in the input.
    """
    fst = connect(fst)
    if fst.start < 0:
        return fst
    arrays = arrays_of(fst)
    if not has_cycle(arrays):
        return _minimize_without_cycles(fst)
    _quantize(arrays.weight)
    _quantize(arrays.final)
    codes = _encode(arrays)
    partition = coarsest_partition(arrays, codes.of_arc, codes.of_final, _initial_classes(arrays, codes))
    return fst_of(_merge(arrays, codes, partition))


def _minimize_without_cycles(fst: Fst) -> Fst:
    import kaldifst  # large graphs have cycles, and do without it

    from blasr.graph.openfst import from_kaldifst, to_kaldifst

    minimal = to_kaldifst(fst)
    kaldifst.minimize_encoded(minimal)
    return from_kaldifst(minimal)


class _Codes(NamedTuple):
    """The code of each arc, and of the final cost of each state; 0 if the state is not final."""

    of_arc: IntArray
    of_final: IntArray


@jit
def _quantize(costs: FloatArray) -> None:
    for place in range(len(costs)):
        if costs[place] < np.inf:
            costs[place] = np.floor(costs[place] / _DELTA + np.float32(0.5)) * _DELTA


@jit
def _encode(fst: FstArrays) -> _Codes:
    """Number the different triples of labels and cost, and final costs, from 1 in the order in which they occur."""
    codes = _Codes(np.empty(len(fst.ilabel), np.int32), np.zeros(len(fst.final), np.int32))
    buckets = np.full(4096, -1, np.int32)
    example = np.empty(2048, np.int64)  # by code: an arc, or -1 minus a final state
    count = np.int64(1)
    for state in range(len(fst.final)):
        for arc in range(fst.offsets[state], fst.offsets[state + 1] + 1):
            is_final = arc == fst.offsets[state + 1]
            if is_final and fst.final[state] == np.inf:
                continue
            if 2 * count >= len(buckets):
                example = grown(example, len(buckets))
                buckets = _rehashed(fst, example, count, 2 * len(buckets))
            it = np.int64(-1 - state) if is_final else np.int64(arc)
            place = _hash(fst, it) & (len(buckets) - 1)
            while buckets[place] >= 0 and not _is_same(fst, it, example[buckets[place]]):
                place = (place + 1) & (len(buckets) - 1)
            if buckets[place] < 0:
                buckets[place] = count
                example[count] = it
                count += 1
            if is_final:
                codes.of_final[state] = buckets[place]
            else:
                codes.of_arc[arc] = buckets[place]
    return codes


@jit
def _rehashed(fst: FstArrays, example: AnyArray, count: Any, size: Any) -> IntArray:
    buckets = np.full(size, -1, np.int32)
    for code in range(1, count):
        place = _hash(fst, example[code]) & (size - 1)
        while buckets[place] >= 0:
            place = (place + 1) & (size - 1)
        buckets[place] = code
    return buckets


@jit
def _hash(fst: FstArrays, it: Any) -> Any:
    if it < 0:
        return spread(np.int64(fst.final[-1 - it] / _DELTA))
    steps = np.int64(fst.weight[it] / _DELTA)
    return spread(spread(np.int64(fst.ilabel[it]) << 32 | np.int64(fst.olabel[it])) << 31 ^ steps)


@jit
def _is_same(fst: FstArrays, a: Any, b: Any) -> Any:
    if a < 0 or b < 0:
        return a < 0 and b < 0 and fst.final[-1 - a] == fst.final[-1 - b]
    return fst.ilabel[a] == fst.ilabel[b] and fst.olabel[a] == fst.olabel[b] and fst.weight[a] == fst.weight[b]


@jit
def _initial_classes(fst: FstArrays, codes: _Codes) -> IntArray:
    """Return the class of each state and of the superfinal state: those with the same codes, in order, go together."""
    num_states = len(fst.final)
    classes = np.empty(num_states + 1, np.int32)
    size = 1024
    while size < 2 * num_states:
        size *= 2
    buckets = np.full(size, -1, np.int32)
    hashes = np.empty(num_states, np.uint64)  # by class
    count = np.int32(0)
    for state in range(num_states):
        mixed, previous = np.uint64(_HASH_START), np.int32(-1)
        for arc in range(fst.offsets[state], fst.offsets[state + 1] + 1):
            code = codes.of_final[state] if arc == fst.offsets[state + 1] else codes.of_arc[arc]
            if code != 0 and code != previous:
                mixed = np.uint64(_HASH_FACTOR) * mixed + np.uint64(code)
                previous = code
        place = spread(np.int64(mixed)) & (size - 1)
        while buckets[place] >= 0 and hashes[buckets[place]] != mixed:
            place = (place + 1) & (size - 1)
        if buckets[place] < 0:
            buckets[place], hashes[count] = count, mixed
            count += 1
        classes[state] = buckets[place]
    classes[num_states] = count
    return classes


@jit
def _merge(fst: FstArrays, codes: _Codes, partition: Partition) -> FstArrays:
    """Return one state for each class. Its arcs are those of all states of the class, without repetitions."""
    num_states = len(fst.final)
    number = np.full(num_states, -1, np.int32)  # by state: its state of the result, for the first of a class
    for cls in range(partition.counts[0]):
        if partition.head[cls] < num_states:
            number[partition.head[cls]] = 0
    num_merged = np.int32(0)
    for state in range(num_states):
        if number[state] == 0:
            number[state] = num_merged
            num_merged += 1
    offsets = np.zeros(num_merged + 1, np.int64)
    final = np.full(num_merged, np.inf, np.float32)
    kept = np.empty(len(fst.ilabel), np.int32)  # the arcs of the result, as arcs of the input
    num_kept = np.int64(0)
    for state in range(num_states):
        if number[state] < 0:
            continue
        begin = num_kept
        member = np.int32(state)
        while member >= 0:
            for arc in range(fst.offsets[member], fst.offsets[member + 1]):
                kept[num_kept] = arc
                num_kept += 1
            final[number[state]] = min(final[number[state]], fst.final[member])
            member = partition.next[member]
        num_kept = _sort_and_unite(fst, codes, partition, kept, begin, num_kept)
        offsets[number[state] + 1] = num_kept
    nextstate = np.empty(num_kept, np.int32)
    for arc in range(num_kept):
        nextstate[arc] = number[partition.head[partition.cls[fst.nextstate[kept[arc]]]]]
    kept = kept[:num_kept]
    return FstArrays(
        np.int64(number[partition.head[partition.cls[fst.start]]]),
        offsets,
        fst.ilabel[kept],
        fst.olabel[kept],
        fst.weight[kept],
        nextstate,
        final,
    )


@jit
def _sort_and_unite(fst: FstArrays, codes: _Codes, partition: Partition, kept: IntArray, begin: Any, end: Any) -> Any:
    """Sort the listed arcs by code and target, leave out repetitions, and return the new end of the list."""
    keys = np.empty(end - begin, np.int64)
    for place in range(begin, end):
        target = partition.head[partition.cls[fst.nextstate[kept[place]]]]
        keys[place - begin] = np.int64(codes.of_arc[kept[place]]) << 32 | np.int64(target)
    if len(keys) > 1:
        order = np.argsort(keys, kind="mergesort")
        sorted_arcs = kept[begin:end][order]
        last = np.int64(-1)
        size = begin
        for place in range(len(order)):
            if keys[order[place]] != last:
                last = keys[order[place]]
                kept[size] = sorted_arcs[place]
                size += 1
        return size
    return end
