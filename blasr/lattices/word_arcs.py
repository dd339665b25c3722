"""The arcs of a compact lattice in topological order, for forward and backward passes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from blasr.errors import DataError
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales


@dataclass(frozen=True)
class WordArc:
    """An arc of a compact lattice, or the end of a path.

    ``index`` is the arc's number in the lattice. An end has the index -1, the word 0, and the lattice's ``num_states``
    as its target.
    """

    index: int
    source: int
    target: int
    word: int
    graph_cost: float
    acoustic_cost: float
    cost: float


@dataclass(frozen=True, eq=False)
class WordArcs:
    """The arcs and ends of a lattice, by source in topological order; states keep their numbers.

    Attributes:
        lattice: the lattice.
        arcs: all of them, each after those that lead to its source.
        times: by state, the number of frames before it; the last entry is for the end.
    """

    lattice: CompactLattice
    arcs: tuple[WordArc, ...]
    times: tuple[int, ...]

    @property
    def start(self) -> int:
        """The start state."""
        return self.lattice.start

    @property
    def end(self) -> int:
        """The number of the state that all ends lead to."""
        return self.lattice.num_states

    @classmethod
    def of(cls, lattice: CompactLattice, scales: CostScales | None = None, utterance: str | None = None) -> WordArcs:
        """Return the arcs of a lattice that lie on a path from its start to an end.

        Raises:
            DataError: there is a cycle, or no path.
        """
        scales = scales or CostScales()
        order = state_order(lattice, utterance)
        arcs: list[WordArc] = []
        times = [-1] * (lattice.num_states + 1)
        if lattice.num_states:
            times[lattice.start] = 0
        for state in order:
            first, last = int(lattice.offsets[state]), int(lattice.offsets[state + 1])
            columns = lattice.nextstate, lattice.words, lattice.graph_cost, lattice.acoustic_cost
            rows = zip(*(column[first:last].tolist() for column in columns), strict=True)
            for index, (target, word, graph, acoustic) in enumerate(rows, start=first):
                arcs.append(WordArc(index, state, target, word, graph, acoustic, scales.cost(graph, acoustic, word)))
                times[target] = times[state] + int(lattice.string_offsets[index + 1] - lattice.string_offsets[index])
            graph, acoustic = float(lattice.final_graph_cost[state]), float(lattice.final_acoustic_cost[state])
            if math.isfinite(graph):
                arcs.append(WordArc(-1, state, lattice.num_states, 0, graph, acoustic, scales.cost(graph, acoustic)))
                times[-1] = times[state] + len(lattice.final_string(state))
        reaches = {lattice.num_states}
        kept = []
        for arc in reversed(arcs):
            if arc.target in reaches:
                reaches.add(arc.source)
                kept.append(arc)
        if not kept:
            raise DataError("the lattice has no path to a final state", utterance=utterance, fix="decode it again")
        return cls(lattice, tuple(reversed(kept)), tuple(times))

    def backward_costs(self) -> list[float]:
        """Return, by state, the cost of the best path to the end."""
        best = [math.inf] * (self.end + 1)
        best[self.end] = 0.0
        for arc in reversed(self.arcs):
            best[arc.source] = min(best[arc.source], arc.cost + best[arc.target])
        return best

    def forward_logs(self) -> list[float]:
        """Return, by state and for the end, the log of the summed probability of all paths to it."""
        logs = [-math.inf] * (self.end + 1)
        logs[self.start] = 0.0
        for arc in self.arcs:
            logs[arc.target] = _log_add(logs[arc.target], logs[arc.source] - arc.cost)
        return logs

    def leaving(self) -> list[list[WordArc]]:
        """Return, by state, the arcs that leave it and its end."""
        groups: list[list[WordArc]] = [[] for _ in range(self.end + 1)]
        for arc in self.arcs:
            groups[arc.source].append(arc)
        return groups


def _log_add(one: float, other: float) -> float:
    """Return log(e^one + e^other)."""
    high, low = max(one, other), min(one, other)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def state_order(lattice: CompactLattice, utterance: str | None = None) -> list[int]:
    """Return the states that can be reached from the start, in topological order; the start is first.

    Raises:
        DataError: there is a cycle.
    """
    entering = np.bincount(lattice.nextstate, minlength=lattice.num_states).tolist()
    order = [state for state in range(lattice.num_states) if not entering[state]]
    reached = {lattice.start}
    for state in order:  # the list grows during the loop
        for target in lattice.nextstate[lattice.offsets[state] : lattice.offsets[state + 1]].tolist():
            entering[target] -= 1
            if not entering[target]:
                order.append(target)
            if state in reached:
                reached.add(target)
    if len(order) < lattice.num_states:
        raise DataError("the lattice has a cycle", utterance=utterance)
    return [state for state in order if state in reached]
