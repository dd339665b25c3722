"""Local removal of epsilons, where it adds no arcs (Kaldi's ``fstext/remove-eps-local-inl.h``)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from blasr.io.fst import Fst
from blasr.units import EPSILON, IntArray

_Arc = tuple[int, int, float, int]  # ilabel, olabel, weight, nextstate


def remove_epsilons_locally(fst: Fst) -> Fst:
    """Join pairs of consecutive arcs with an epsilon, wherever that adds no arcs (``fstrmepslocal``).

    Two consecutive arcs are joined if the state between them has one arc in or one arc out. Where only some of the
    arcs out can be joined, the weights are changed so that sums of probabilities stay the same.

    Returns:
        An equivalent transducer without useless states.
    """
    return connect(_LocalRemoval(fst).run()) if fst.num_states else fst


class _LocalRemoval:
    """One removal. Arcs become Python lists only near epsilons; all other states keep their arrays.

    Attributes:
        final: the current final cost of every state.
        num_out: arcs out of every state, plus one if it is final.
        num_in: arcs into every state, plus one for the start state.
    """

    def __init__(self, fst: Fst) -> None:
        self._fst = fst
        self.final: list[float] = fst.final.astype(float).tolist()
        self.num_out: list[int] = (np.diff(fst.offsets) + np.isfinite(fst.final)).tolist()
        num_in = np.bincount(fst.nextstate, minlength=fst.num_states)
        num_in[fst.start] += 1
        self.num_in: list[int] = num_in.tolist()
        self._arcs: dict[int, list[_Arc | None]] = {}  # None: a removed arc

    def run(self) -> Fst:
        """Visit every state near an epsilon in order and return the result."""
        sources = self._fst.sources
        has_epsilon = np.zeros(self._fst.num_states, dtype=bool)
        has_epsilon[sources[self._fst.ilabel == EPSILON]] = True
        is_near = has_epsilon.copy()
        is_near[sources[has_epsilon[self._fst.nextstate]]] = True
        for state in np.flatnonzero(is_near).tolist():
            for position, arc in self._arcs_to_visit(state):
                if arc[3] != state and (arc[0] == EPSILON or has_epsilon[arc[3]]):
                    self._join(state, position, arc)
        return self._result()

    def _arcs_to_visit(self, state: int) -> Iterator[tuple[int, _Arc]]:
        """The arcs out of a state and their positions, including those that joining appends meanwhile."""
        arcs = self._arcs_of(state)
        position = 0
        while position < len(arcs):
            arc = arcs[position]
            if arc is not None:
                yield position, arc
            position += 1

    def _join(self, state: int, position: int, arc: _Arc) -> None:
        if self.num_in[arc[3]] == 1 and self.num_out[arc[3]] > 1:
            self._join_single_entry(state, position, arc)
        elif self.num_out[arc[3]] == 1:
            self._join_single_exit(state, position, arc)

    def _join_single_entry(self, state: int, position: int, arc: _Arc) -> None:
        """Kaldi's pattern 1: the next state has one arc in and several out."""
        following_state = arc[3]
        removed, kept = math.inf, math.inf  # summed costs of the joined and of the other arcs
        joined_arcs = []
        for index, following in enumerate(self._arcs_of(following_state)):
            if following is None:
                continue
            joined = _joined(arc, following)
            if joined is None:
                kept = _log_add(kept, following[2])
            else:
                removed = _log_add(removed, following[2])
                self._remove(following_state, index)
                joined_arcs.append(joined)
        final = self.final[following_state]
        if math.isfinite(final) and arc[0] == EPSILON and arc[1] == EPSILON:
            removed = _log_add(removed, final)
            self._move_final(state, arc[2] + final)
            self._set_final(following_state, math.inf)
        elif math.isfinite(final):
            kept = _log_add(kept, final)
        if math.isfinite(removed):
            if math.isinf(kept):
                self._remove(state, position)
            else:
                self._reweight(state, position, kept - _log_add(removed, kept))
        for joined in joined_arcs:
            self._add(state, joined)

    def _join_single_exit(self, state: int, position: int, arc: _Arc) -> None:
        """Kaldi's pattern 2: the next state has one arc out, or no arc and a final cost."""
        following_state = arc[3]
        last_entry = self.num_in[following_state] == 1
        final = self.final[following_state]
        if math.isfinite(final):
            if arc[0] != EPSILON or arc[1] != EPSILON:
                return
            self._move_final(state, arc[2] + final)
            if last_entry:
                self._set_final(following_state, math.inf)
        else:
            arcs = self._arcs_of(following_state)
            index, following = next((index, other) for index, other in enumerate(arcs) if other is not None)
            joined = _joined(arc, following)
            if joined is None:
                return
            if last_entry:
                self._remove(following_state, index)
            self._add(state, joined)
        self._remove(state, position)

    def _reweight(self, state: int, position: int, cost: float) -> None:
        """Move ``cost`` from the arcs and the final cost after an arc to the arc itself."""
        arc = self._arcs_of(state)[position]
        assert arc is not None
        self._arcs_of(state)[position] = (arc[0], arc[1], arc[2] + cost, arc[3])
        following = self._arcs_of(arc[3])
        for index, other in enumerate(following):
            if other is not None:
                following[index] = (other[0], other[1], other[2] - cost, other[3])
        self.final[arc[3]] -= cost

    def _arcs_of(self, state: int) -> list[_Arc | None]:
        if state not in self._arcs:
            rows = slice(self._fst.offsets[state], self._fst.offsets[state + 1])
            columns = (self._fst.ilabel, self._fst.olabel, self._fst.weight, self._fst.nextstate)
            self._arcs[state] = list(zip(*(column[rows].tolist() for column in columns), strict=True))
        return self._arcs[state]

    def _remove(self, state: int, position: int) -> None:
        arc = self._arcs_of(state)[position]
        assert arc is not None
        self._arcs_of(state)[position] = None
        self.num_out[state] -= 1
        self.num_in[arc[3]] -= 1

    def _add(self, state: int, arc: _Arc) -> None:
        self._arcs_of(state).append(arc)
        self.num_out[state] += 1
        self.num_in[arc[3]] += 1

    def _move_final(self, state: int, cost: float) -> None:
        """Lower the final cost of a state to this cost if it is higher."""
        self._set_final(state, min(self.final[state], cost))

    def _set_final(self, state: int, cost: float) -> None:
        self.num_out[state] += math.isfinite(cost) - math.isfinite(self.final[state])
        self.final[state] = cost

    def _result(self) -> Fst:
        untouched = np.ones(self._fst.num_states, dtype=bool)
        untouched[list(self._arcs)] = False
        sources = self._fst.sources
        keep = untouched[sources]
        changed = [(state, *arc) for state, arcs in self._arcs.items() for arc in arcs if arc is not None]
        columns = [np.array(column) for column in zip(*changed, strict=True)] if changed else [np.zeros(0)] * 5
        kept = (sources, self._fst.ilabel, self._fst.olabel, self._fst.weight, self._fst.nextstate)
        return Fst.from_arcs(
            self._fst.start,
            self.final,
            *(np.concatenate([old[keep], new]) for old, new in zip(kept, columns, strict=True)),
        )


def _joined(first: _Arc, second: _Arc) -> _Arc | None:
    """Two consecutive arcs as one; None if both have an input label or both have an output label."""
    if (first[0] and second[0]) or (first[1] and second[1]):
        return None
    return (first[0] or second[0], first[1] or second[1], first[2] + second[2], second[3])


def _log_add(a: float, b: float) -> float:
    """The cost of the sum of two probabilities, from their costs."""
    if math.isinf(a) or math.isinf(b):
        return min(a, b)
    low, high = min(a, b), max(a, b)
    return low - math.log1p(math.exp(low - high))


def connect(fst: Fst) -> Fst:
    """Keep only the states on a path from the start to a final state, in their order (``fstconnect``)."""
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


def _reached(
    offsets: NDArray[np.int64], targets: IntArray, begin: NDArray[np.int64], num_states: int
) -> NDArray[np.bool_]:
    """For each state, whether a path leads to it from one of the states ``begin``, found breadth first."""
    reached = np.zeros(num_states, dtype=bool)
    reached[begin] = True
    frontier = begin
    while len(frontier):
        sizes = offsets[frontier + 1] - offsets[frontier]
        starts = np.repeat(offsets[frontier] - np.cumsum(sizes) + sizes, sizes)
        neighbors = np.unique(targets[starts + np.arange(sizes.sum())])
        frontier = neighbors[~reached[neighbors]]
        reached[frontier] = True
    return reached
