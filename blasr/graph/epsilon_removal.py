"""Removal of the epsilons that cost nothing to remove (Kaldi's ``fstext/remove-eps-local-inl.h``)."""

from __future__ import annotations

import math

import numpy as np

from blasr.io.fst import Fst
from blasr.units import EPSILON, IntArray

_Arc = tuple[int, int, float, int]  # ilabel, olabel, weight, nextstate


def remove_epsilons_locally(fst: Fst) -> Fst:
    """Join arcs of which one is epsilon, wherever that makes no more arcs (``fstrmepslocal``).

    Two arcs in a row are joined where the state between them has one way in or one way out. Where only some of the
    ways out can be joined, the weights are shared so that sums of probabilities stay as they were.

    Returns:
        An equivalent transducer without useless states.
    """
    return connect(_LocalRemoval(fst).run()) if fst.num_states else fst


class _LocalRemoval:
    """Works on lists of arcs, made only for the states near epsilons."""

    def __init__(self, fst: Fst) -> None:
        self.fst = fst
        self.final = fst.final.astype(float).tolist()
        self.ways_out = (np.diff(fst.offsets) + np.isfinite(fst.final)).tolist()
        ways_in = np.bincount(fst.nextstate, minlength=fst.num_states)
        ways_in[fst.start] += 1
        self.ways_in = ways_in.tolist()
        self.arcs: dict[int, list[_Arc | None]] = {}  # None: removed

    def run(self) -> Fst:
        sources = self.fst.sources
        has_epsilon = np.zeros(self.fst.num_states, dtype=bool)
        has_epsilon[sources[self.fst.ilabel == EPSILON]] = True
        candidates = has_epsilon.copy()
        candidates[sources[has_epsilon[self.fst.nextstate]]] = True
        for state in np.flatnonzero(candidates).tolist():
            arcs = self.arcs_of(state)
            position = 0
            while position < len(arcs):  # arcs that are joined come in at the end
                arc = arcs[position]
                if arc is not None and (arc[0] == EPSILON or has_epsilon[arc[3]]) and arc[3] != state:
                    if self.ways_in[arc[3]] == 1 and self.ways_out[arc[3]] > 1:
                        self.join_behind_single_entry(state, position, arc)
                    elif self.ways_out[arc[3]] == 1:
                        self.join_single_exit(state, position, arc)
                position += 1
        return self.result()

    def arcs_of(self, state: int) -> list[_Arc | None]:
        if state not in self.arcs:
            rows = slice(self.fst.offsets[state], self.fst.offsets[state + 1])
            columns = (self.fst.ilabel, self.fst.olabel, self.fst.weight, self.fst.nextstate)
            self.arcs[state] = list(zip(*(column[rows].tolist() for column in columns), strict=True))
        return self.arcs[state]

    def remove(self, state: int, position: int) -> None:
        arc = self.arcs_of(state)[position]
        assert arc is not None
        self.arcs_of(state)[position] = None
        self.ways_out[state] -= 1
        self.ways_in[arc[3]] -= 1

    def add(self, state: int, arc: _Arc) -> None:
        self.arcs_of(state).append(arc)
        self.ways_out[state] += 1
        self.ways_in[arc[3]] += 1

    def set_final(self, state: int, cost: float) -> None:
        self.ways_out[state] += math.isfinite(cost) - math.isfinite(self.final[state])
        self.final[state] = cost

    def join_behind_single_entry(self, state: int, position: int, arc: _Arc) -> None:
        """Kaldi's pattern 1: the next state has one way in and several out."""
        after = arc[3]
        removed, kept = math.inf, math.inf
        joined_arcs = []
        for index, following in enumerate(self.arcs_of(after)):
            if following is None:
                continue
            joined = _join(arc, following)
            if joined is None:
                kept = _log_add(kept, following[2])
            else:
                removed = _log_add(removed, following[2])
                self.remove(after, index)
                joined_arcs.append(joined)
        final = self.final[after]
        if math.isfinite(final):
            if arc[0] == EPSILON and arc[1] == EPSILON:
                removed = _log_add(removed, final)
                self.set_final(state, min(self.final[state], arc[2] + final))
                self.set_final(after, math.inf)
            else:
                kept = _log_add(kept, final)
        if math.isfinite(removed):
            if math.isinf(kept):
                self.remove(state, position)
            else:
                self.reweight(state, position, kept - _log_add(removed, kept))
        for joined in joined_arcs:
            self.add(state, joined)

    def reweight(self, state: int, position: int, cost: float) -> None:
        """Move ``cost`` from the arcs behind an arc to the arc itself."""
        arc = self.arcs_of(state)[position]
        assert arc is not None
        self.arcs_of(state)[position] = (arc[0], arc[1], arc[2] + cost, arc[3])
        following = self.arcs_of(arc[3])
        for index, other in enumerate(following):
            if other is not None:
                following[index] = (other[0], other[1], other[2] - cost, other[3])
        self.final[arc[3]] -= cost

    def join_single_exit(self, state: int, position: int, arc: _Arc) -> None:
        """Kaldi's pattern 2: the next state has one way out, which may be to end there."""
        after = arc[3]
        last_way_in = self.ways_in[after] == 1
        final = self.final[after]
        if math.isfinite(final):
            if arc[0] != EPSILON or arc[1] != EPSILON:
                return
            self.set_final(state, min(self.final[state], arc[2] + final))
            if last_way_in:
                self.set_final(after, math.inf)
        else:
            following = self.arcs_of(after)
            index, only = next((index, other) for index, other in enumerate(following) if other is not None)
            joined = _join(arc, only)
            if joined is None:
                return
            if last_way_in:
                self.remove(after, index)
            self.add(state, joined)
        self.remove(state, position)

    def result(self) -> Fst:
        untouched = np.ones(self.fst.num_states, dtype=bool)
        untouched[list(self.arcs)] = False
        sources = self.fst.sources
        keep = untouched[sources]
        changed = [(state, *arc) for state, arcs in self.arcs.items() for arc in arcs if arc is not None]
        columns = [np.array(column) for column in zip(*changed, strict=True)] if changed else [np.zeros(0)] * 5
        kept = (sources, self.fst.ilabel, self.fst.olabel, self.fst.weight, self.fst.nextstate)
        return Fst.from_arcs(
            self.fst.start,
            self.final,
            *(np.concatenate([old[keep], new]) for old, new in zip(kept, columns, strict=True)),
        )


def _join(first: _Arc, second: _Arc) -> _Arc | None:
    """The two arcs in a row as one, if at most one of them has a label on each side."""
    if (first[0] and second[0]) or (first[1] and second[1]):
        return None
    return (first[0] or second[0], first[1] or second[1], first[2] + second[2], second[3])


def _log_add(a: float, b: float) -> float:
    """The cost of either of two ways."""
    if math.isinf(a) or math.isinf(b):
        return min(a, b)
    low, high = min(a, b), max(a, b)
    return low - math.log1p(math.exp(low - high))


def connect(fst: Fst) -> Fst:
    """Keep only states on a path from the start to an end, in their order (``fstconnect``)."""
    sources = fst.sources
    forward = _reached(fst.offsets, fst.nextstate, np.array([fst.start]), fst.num_states)
    order = np.argsort(fst.nextstate, kind="stable")
    offsets = np.zeros(fst.num_states + 1, dtype=np.int64)
    np.cumsum(np.bincount(fst.nextstate, minlength=fst.num_states), out=offsets[1:])
    backward = _reached(offsets, sources[order], np.flatnonzero(np.isfinite(fst.final)), fst.num_states)
    useful = forward & backward
    number = np.cumsum(useful) - 1
    keep = useful[sources] & useful[fst.nextstate]
    return Fst.from_arcs(
        int(number[fst.start]) if useful[fst.start] else -1,
        fst.final[useful],
        number[sources[keep]],
        fst.ilabel[keep],
        fst.olabel[keep],
        fst.weight[keep],
        number[fst.nextstate[keep]],
    )


def _reached(offsets: np.ndarray, targets: IntArray, begin: np.ndarray, num_states: int) -> np.ndarray:
    reached = np.zeros(num_states, dtype=bool)
    reached[begin] = True
    frontier = begin
    while len(frontier):
        sizes = offsets[frontier + 1] - offsets[frontier]
        starts = np.repeat(offsets[frontier] - np.cumsum(sizes) + sizes, sizes)
        nexts = np.unique(targets[starts + np.arange(sizes.sum())])
        frontier = nexts[~reached[nexts]]
        reached[frontier] = True
    return reached
