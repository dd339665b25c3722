"""Composition of transducers (OpenFst's ``compose.h`` with the sequence filter, as Kaldi's ``fsttablecompose``).

States and arcs have the order of OpenFst's result. A state of the composition is a pair of states and a state of the
filter: after an input epsilon of the second transducer, an output epsilon of the first may not follow, so that each
pair of paths is found once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from blasr.graph.fst_arrays import FstArrays, arrays_of, connect, fst_of
from blasr.graph.fst_draft import Draft, add_arc, finished, new_draft, room_for_arcs
from blasr.io.fst import Fst
from blasr.jit import grown, jit
from blasr.units import EPSILON, IntArray


def compose(first: Fst, second: Fst) -> Fst:
    """Compose two transducers and keep the useful states.

    Args:
        first: its arcs are sorted by output label.
        second: its arcs are sorted by input label.

    Returns:
        The composition; it has no states if the transducers have no sequence in common.
    """
    if first.start < 0 or second.start < 0:
        return fst_of(arrays_of(Fst.from_arcs(-1, [], [], [], [], [], [])))
    return connect(fst_of(_compose(arrays_of(first), arrays_of(second))))


@jit
def _compose(a: FstArrays, b: FstArrays) -> FstArrays:
    draft = new_draft(len(a.offsets) + len(b.offsets), 2 * a.start, b.start)
    offsets = np.zeros(len(draft.first) + 1, np.int64)
    final = np.empty(len(draft.first), np.float32)
    state = 0
    while state < draft.counts[0]:
        s, t, blocked = draft.first[state] >> 1, draft.second[state], draft.first[state] & 1
        final = grown(final, state + 1)
        final[state] = a.final[s] + b.final[t]
        begin, end = a.offsets[s], a.offsets[s + 1]
        middle = begin
        while middle < end and a.olabel[middle] == EPSILON:
            middle += 1
        middle_t, end_t = b.offsets[t], b.offsets[t + 1]
        while middle_t < end_t and b.ilabel[middle_t] == EPSILON:
            middle_t += 1
        # OpenFst goes through the shorter list, after the epsilons of the other one
        by_first = end - begin <= end_t - b.offsets[t]
        only_epsilons = middle == end and a.final[s] == np.inf
        next_filter = 0 if middle == begin else 1
        for turn in range(2):
            draft = room_for_arcs(draft, middle - begin + middle_t - b.offsets[t])
            if by_first == (turn == 1) and not blocked:
                for arc in range(begin, middle):
                    add_arc(draft, 2 * a.nextstate[arc], t, a.ilabel[arc], EPSILON, a.weight[arc])
            if by_first == (turn == 0) and not only_epsilons:
                for arc in range(b.offsets[t], middle_t):
                    add_arc(draft, 2 * s + next_filter, b.nextstate[arc], EPSILON, b.olabel[arc], b.weight[arc])
        if middle < end:
            draft = _match(draft, a, b, middle, end, middle_t, end_t, by_first)
        offsets = grown(offsets, state + 2)
        offsets[state + 1] = draft.counts[1]
        state += 1
    return finished(draft, offsets, final)


@jit
def _match(draft: Draft, a: FstArrays, b: FstArrays, i: Any, i_end: Any, j: Any, j_end: Any, by_first: Any) -> Draft:
    """Add an arc for every pair of arcs, ``i`` of the first and ``j`` of the second, that share a label.

    Both are sorted by label. The shorter list is followed and the other one searched.
    """
    while i < i_end and j < j_end:
        if i_end - i < j_end - j:
            j = _search(b.ilabel, j, j_end, a.olabel[i])
        else:
            i = _search(a.olabel, i, i_end, b.ilabel[j])
        if i == i_end or j == j_end or a.olabel[i] != b.ilabel[j]:
            if i < i_end and j < j_end:
                if a.olabel[i] < b.ilabel[j]:
                    i += 1
                else:
                    j += 1
            continue
        label, last, last_j = a.olabel[i], i, j
        while last < i_end and a.olabel[last] == label:
            last += 1
        while last_j < j_end and b.ilabel[last_j] == label:
            last_j += 1
        draft = room_for_arcs(draft, (last - i) * (last_j - j))
        size = last_j - j if by_first else last - i
        for pair in range((last - i) * (last_j - j)):
            one = i + (pair // size if by_first else pair % size)
            two = j + (pair % size if by_first else pair // size)
            weight = a.weight[one] + b.weight[two]
            add_arc(draft, 2 * a.nextstate[one], b.nextstate[two], a.ilabel[one], b.olabel[two], weight)
        i, j = last, last_j
    return draft


@jit
def _search(labels: IntArray, begin: Any, end: Any, label: Any) -> Any:
    """Return the first place from ``begin`` with this label or a larger one, near ones first."""
    step = 1
    while begin + step < end and labels[begin + step] < label:
        step *= 2
    low, high = begin + step // 2, min(begin + step, end)
    if labels[begin] >= label:
        return begin
    while low < high:
        middle = (low + high) // 2
        if labels[middle] < label:
            low = middle + 1
        else:
            high = middle
    return low
