"""The arrays of a transducer as compiled functions take them, and what all of these functions share."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from blasr.io.fst import Fst
from blasr.jit import jit
from blasr.units import AnyArray, FloatArray, IntArray

_MULTIPLIER: Final = 0x9E3779B97F4A7C15
_FEW: Final = 16
"""Up to this many arcs are sorted by insertion."""


class FstArrays(NamedTuple):
    """The fields of :class:`blasr.io.fst.Fst`."""

    start: Any  # an integer
    offsets: AnyArray
    ilabel: IntArray
    olabel: IntArray
    weight: FloatArray
    nextstate: IntArray
    final: FloatArray


def arrays_of(fst: Fst) -> FstArrays:
    """Return the arrays of a transducer; they are copied only if their layout differs from what was compiled."""
    columns = (fst.offsets, fst.ilabel, fst.olabel, fst.weight, fst.nextstate, fst.final)
    types = (np.int64, np.int32, np.int32, np.float32, np.int32, np.float32)
    return FstArrays(fst.start, *(np.require(*pair, ["C", "W"]) for pair in zip(columns, types, strict=True)))


def fst_of(arrays: FstArrays) -> Fst:
    """Return the transducer with these arrays."""
    return Fst(int(arrays.start), *arrays[1:])


@jit
def spread(key: Any) -> Any:
    """Return a hash of 31 bits of an integer of 64 bits."""
    mixed = np.uint64(key) * np.uint64(_MULTIPLIER)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MULTIPLIER)
    return np.int64(mixed >> np.uint64(33))


@jit
def entries(fst: FstArrays) -> tuple[AnyArray, IntArray]:
    """Return the sources of the arcs that enter each state, in order, and for each state where they begin."""
    num_states = len(fst.final)
    begin = np.zeros(num_states + 1, np.int64)
    for target in fst.nextstate:
        begin[target + 1] += 1
    for state in range(num_states):
        begin[state + 1] += begin[state]
    sources = np.empty(len(fst.nextstate), np.int32)
    place = begin[:-1].copy()
    for state in range(num_states):
        for arc in range(fst.offsets[state], fst.offsets[state + 1]):
            target = fst.nextstate[arc]
            sources[place[target]] = state
            place[target] += 1
    return begin, sources


@jit
def useful_states(fst: FstArrays) -> AnyArray:
    """Return for each state whether it is on a path from the start to a final state."""
    num_states = len(fst.final)
    accessible = np.zeros(num_states, np.bool_)
    useful = np.zeros(num_states, np.bool_)
    stack = np.empty(num_states, np.int32)
    stack[0] = fst.start
    accessible[fst.start] = True
    depth = 1
    while depth > 0:
        depth -= 1
        state = stack[depth]
        for arc in range(fst.offsets[state], fst.offsets[state + 1]):
            target = fst.nextstate[arc]
            if not accessible[target]:
                accessible[target] = True
                stack[depth] = target
                depth += 1
    begin, sources = entries(fst)
    for state in range(num_states):
        if accessible[state] and fst.final[state] < np.inf:
            useful[state] = True
            stack[depth] = state
            depth += 1
    while depth > 0:
        depth -= 1
        state = stack[depth]
        for place in range(begin[state], begin[state + 1]):
            source = sources[place]
            if accessible[source] and not useful[source]:
                useful[source] = True
                stack[depth] = source
                depth += 1
    return useful


@jit
def has_cycle(fst: FstArrays) -> Any:
    """Return whether some path of a transducer without useless states has a cycle."""
    num_states = len(fst.final)
    seen, done = np.zeros(num_states, np.bool_), np.zeros(num_states, np.bool_)
    path, place = np.empty(num_states, np.int32), np.empty(num_states, np.int64)
    path[0], place[0] = fst.start, fst.offsets[fst.start]
    seen[fst.start] = True
    depth = 1
    while depth > 0:
        state, arc = path[depth - 1], place[depth - 1]
        if arc == fst.offsets[state + 1]:
            done[state] = True
            depth -= 1
            continue
        place[depth - 1] += 1
        target = fst.nextstate[arc]
        if seen[target] and not done[target]:
            return True
        if not seen[target]:
            seen[target] = True
            path[depth], place[depth] = target, fst.offsets[target]
            depth += 1
    return False


@jit
def _connected(fst: FstArrays) -> FstArrays:
    """Return a transducer with the useful states only, in their order."""
    kept = useful_states(fst)
    if kept.all():
        return fst
    number = np.empty(len(kept), np.int32)
    num_states, num_arcs = 0, 0
    for state in range(len(kept)):
        number[state] = num_states
        if kept[state]:
            num_states += 1
            for arc in range(fst.offsets[state], fst.offsets[state + 1]):
                num_arcs += kept[fst.nextstate[arc]]
    offsets = np.zeros(num_states + 1, np.int64)
    ilabel, olabel = np.empty(num_arcs, np.int32), np.empty(num_arcs, np.int32)
    weight, nextstate = np.empty(num_arcs, np.float32), np.empty(num_arcs, np.int32)
    final = np.empty(num_states, np.float32)
    place = 0
    for state in range(len(kept)):
        if kept[state]:
            for arc in range(fst.offsets[state], fst.offsets[state + 1]):
                if kept[fst.nextstate[arc]]:
                    ilabel[place], olabel[place] = fst.ilabel[arc], fst.olabel[arc]
                    weight[place], nextstate[place] = fst.weight[arc], number[fst.nextstate[arc]]
                    place += 1
            offsets[number[state] + 1] = place
            final[number[state]] = fst.final[state]
    start = np.int64(-1)
    if fst.start >= 0 and kept[fst.start]:
        start = np.int64(number[fst.start])
    return FstArrays(start, offsets, ilabel, olabel, weight, nextstate, final)


def connect(fst: Fst) -> Fst:
    """Keep only the states on a path from the start to a final state, in their order (``fstconnect``)."""
    if not fst.num_states:
        return fst
    return fst_of(_connected(arrays_of(fst)))


def sort_arcs_by_ilabel(fst: Fst) -> Fst:
    """Sort the arcs of each state by input label, then by output label, in place (``fstarcsort``); return them."""
    arrays = arrays_of(fst)
    sort_by_ilabel(arrays)
    return fst_of(arrays)


@jit
def sort_by_ilabel(fst: FstArrays) -> None:
    """Do what :func:`sort_arcs_by_ilabel` does."""
    for state in range(len(fst.final)):
        begin, end = fst.offsets[state], fst.offsets[state + 1]
        if end - begin <= _FEW:
            _insert_arcs(fst, begin, end)
            continue
        keys = fst.ilabel[begin:end].astype(np.int64) << 32 | fst.olabel[begin:end]
        order = np.argsort(keys, kind="mergesort")
        fst.ilabel[begin:end] = fst.ilabel[begin:end][order]
        fst.olabel[begin:end] = fst.olabel[begin:end][order]
        fst.weight[begin:end] = fst.weight[begin:end][order]
        fst.nextstate[begin:end] = fst.nextstate[begin:end][order]


@jit
def _insert_arcs(fst: FstArrays, begin: Any, end: Any) -> None:
    for arc in range(begin + 1, end):
        ilabel, olabel, weight, nextstate = fst.ilabel[arc], fst.olabel[arc], fst.weight[arc], fst.nextstate[arc]
        place = arc
        while place > begin and (
            fst.ilabel[place - 1] > ilabel or (fst.ilabel[place - 1] == ilabel and fst.olabel[place - 1] > olabel)
        ):
            fst.ilabel[place], fst.olabel[place] = fst.ilabel[place - 1], fst.olabel[place - 1]
            fst.weight[place], fst.nextstate[place] = fst.weight[place - 1], fst.nextstate[place - 1]
            place -= 1
        fst.ilabel[place], fst.olabel[place], fst.weight[place], fst.nextstate[place] = (
            ilabel,
            olabel,
            weight,
            nextstate,
        )
