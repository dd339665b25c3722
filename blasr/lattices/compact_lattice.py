"""Compact lattices: every arc has a word and a string of transition-ids.

Kaldi writes determinized lattices in this form (``CompactLattice`` in ``lat/kaldi-lattice.h``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.lattices.assembly import ARC, assemble
from blasr.lattices.lattice import Lattice
from blasr.units import AnyArray, FloatArray, IntArray

ACCEPTOR: Final = 0x10003
"""The property bits of OpenFst for an expanded, mutable acceptor."""


@dataclass(frozen=True, eq=False)
class CompactLattice:
    """A compact lattice as arrays of S states and A arcs.

    Attributes:
        start: the start state; -1 if there are no states.
        offsets: int64 ``(S + 1,)``; the arcs of state s are ``offsets[s]:offsets[s + 1]``.
        words: int32 ``(A,)``, word-ids; 0 is epsilon.
        nextstate: int32 ``(A,)``.
        graph_cost, acoustic_cost: float32 ``(A,)``, unscaled.
        string_offsets: int64 ``(A + 1,)``; the string of arc a is
            ``transition_ids[string_offsets[a]:string_offsets[a + 1]]``.
        transition_ids: int32.
        final_graph_cost, final_acoustic_cost: float32 ``(S,)``; inf where a path cannot end.
        final_string_offsets, final_transition_ids: the strings of the final weights, by state, in the same layout.
        properties: OpenFst's property bits from the file, kept so that a copy has the same bytes.
    """

    start: int
    offsets: AnyArray
    words: IntArray
    nextstate: IntArray
    graph_cost: FloatArray
    acoustic_cost: FloatArray
    string_offsets: AnyArray
    transition_ids: IntArray
    final_graph_cost: FloatArray
    final_acoustic_cost: FloatArray
    final_string_offsets: AnyArray
    final_transition_ids: IntArray
    properties: int = ACCEPTOR

    @property
    def num_states(self) -> int:
        """S."""
        return len(self.final_graph_cost)

    @property
    def num_arcs(self) -> int:
        """A."""
        return len(self.words)

    def string(self, arc: int) -> IntArray:
        """Return the transition-ids of an arc."""
        return self.transition_ids[self.string_offsets[arc] : self.string_offsets[arc + 1]]

    def final_string(self, state: int) -> IntArray:
        """Return the transition-ids with which a path ends in a state."""
        return self.final_transition_ids[self.final_string_offsets[state] : self.final_string_offsets[state + 1]]

    def to_lattice(self) -> Lattice:
        """Return the state-level lattice of the same paths (``ConvertLattice``).

        An arc becomes a chain of arcs, one for each transition-id; the first has the word and the costs.

        Raises:
            DataError: there is a cycle, or paths of different lengths lead into one state.
        """
        sources: list[int] = []
        arcs: list[tuple[int, int, float, float, int]] = []
        final = np.stack([self.final_graph_cost, self.final_acoustic_cost])
        chain_ends = 0
        num_states = self.num_states

        def add(source: int, target: int, string: list[int], word: int, costs: tuple[float, float]) -> None:
            nonlocal num_states
            for number, label in enumerate(string or [0]):
                is_last = number >= len(string) - 1
                following = target if is_last else num_states
                num_states += not is_last
                first = (word, *costs) if number == 0 else (0, 0.0, 0.0)
                sources.append(source)
                arcs.append((label, *first, following))
                source = following

        ends = [state for state in range(self.num_states) if len(self.final_string(state))]
        num_states += len(ends)
        for state in range(self.num_states):
            for arc in range(self.offsets[state], self.offsets[state + 1]):
                costs = float(self.graph_cost[arc]), float(self.acoustic_cost[arc])
                add(state, int(self.nextstate[arc]), self.string(arc).tolist(), int(self.words[arc]), costs)
            if chain_ends < len(ends) and ends[chain_ends] == state:
                costs = float(final[0, state]), float(final[1, state])
                add(state, self.num_states + chain_ends, self.final_string(state).tolist(), 0, costs)
                chain_ends += 1
        final_costs = np.full((2, num_states), np.inf, np.float32)
        final_costs[:, : self.num_states] = final
        final_costs[:, ends] = np.inf
        final_costs[:, self.num_states : self.num_states + len(ends)] = 0.0
        return assemble(
            self.start,
            np.array(sources, np.int64),
            np.array(arcs, ARC),
            final_costs[0],
            final_costs[1],
        )

    @classmethod
    def from_lattice(cls, lattice: Lattice) -> CompactLattice:
        """Return the same paths with each chain of states as one arc (``ConvertLattice``); nothing is determinized."""
        sources = np.repeat(np.arange(lattice.num_states), np.diff(lattice.offsets))
        entering = np.bincount(lattice.nextstate, minlength=lattice.num_states)
        leaving = np.diff(lattice.offsets)
        inner = (entering == 1) & (leaving == 1) & ~np.isfinite(lattice.final_graph_cost)
        if lattice.num_states:
            inner[0] = False
            first_arcs = np.minimum(lattice.offsets[:-1], max(lattice.num_arcs - 1, 0))
            inner &= lattice.olabel[first_arcs] == 0 if lattice.num_arcs else False
        kept = np.flatnonzero(~inner)
        number_of = np.cumsum(~inner) - 1
        begins = np.flatnonzero(~inner[sources])
        strings: list[list[int]] = []
        ends: list[int] = []
        costs = np.zeros((2, len(begins)), np.float32)
        for number, begin in enumerate(begins.tolist()):
            arc, string = begin, []
            while True:
                costs[:, number] += lattice.graph_cost[arc], lattice.acoustic_cost[arc]
                if lattice.ilabel[arc]:
                    string.append(int(lattice.ilabel[arc]))
                target = int(lattice.nextstate[arc])
                if not inner[target]:
                    break
                arc = int(lattice.offsets[target])
            strings.append(string)
            ends.append(int(number_of[target]))
        return cls(
            start=0 if lattice.num_states else -1,
            offsets=np.searchsorted(number_of[sources[begins]], np.arange(len(kept) + 1)),
            words=lattice.olabel[begins],
            nextstate=np.array(ends, np.int32),
            graph_cost=costs[0],
            acoustic_cost=costs[1],
            string_offsets=np.cumsum([0, *map(len, strings)]),
            transition_ids=np.array([label for string in strings for label in string], np.int32),
            final_graph_cost=lattice.final_graph_cost[kept],
            final_acoustic_cost=lattice.final_acoustic_cost[kept],
            final_string_offsets=np.zeros(len(kept) + 1, np.int64),
            final_transition_ids=np.zeros(0, np.int32),
        )


def check_compact(lattice: CompactLattice) -> None:
    """Raise :class:`DataError` if a state, label or cost is not valid."""
    size = lattice.num_states
    if (size and not 0 <= lattice.start < size) or (not size and lattice.start != -1):
        raise DataError(f"the start state is {lattice.start} of {size}")
    if lattice.num_arcs and not 0 <= lattice.nextstate.min() <= lattice.nextstate.max() < size:
        raise DataError(f"an arc leads to a state that is not among the {size}")
    if min(array.min(initial=0) for array in (lattice.words, lattice.transition_ids, lattice.final_transition_ids)) < 0:
        raise DataError("a label is negative")
    arrays = (lattice.graph_cost, lattice.acoustic_cost, lattice.final_graph_cost, lattice.final_acoustic_cost)
    if any(np.isnan(array).any() for array in arrays):
        raise DataError("a cost is not a number")
