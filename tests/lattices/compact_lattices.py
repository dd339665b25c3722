"""Small compact lattices, drawn or written down, and all of their paths."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from blasr.lattices.compact_lattice import CompactLattice

CompactArc = tuple[int, int, int, float, float, list[int]]  # source, target, word, graph and acoustic cost, string
PathCosts = tuple[float, float, tuple[int, ...]]  # graph cost, acoustic cost, transition-ids


def make_compact(arcs: list[CompactArc], final: dict[int, float], num_states: int) -> CompactLattice:
    """A lattice of arcs that start at state 0; ends have no string and no acoustic cost."""
    arcs = sorted(arcs, key=lambda arc: arc[0])
    final_graph = np.array([final.get(state, np.inf) for state in range(num_states)], np.float32)
    return CompactLattice(
        start=0,
        offsets=np.searchsorted([arc[0] for arc in arcs], np.arange(num_states + 1)),
        words=np.array([arc[2] for arc in arcs], np.int32),
        nextstate=np.array([arc[1] for arc in arcs], np.int32),
        graph_cost=np.array([arc[3] for arc in arcs], np.float32),
        acoustic_cost=np.array([arc[4] for arc in arcs], np.float32),
        string_offsets=np.cumsum([0, *(len(arc[5]) for arc in arcs)]),
        transition_ids=np.array([label for arc in arcs for label in arc[5]], np.int32),
        final_graph_cost=final_graph,
        final_acoustic_cost=np.where(np.isfinite(final_graph), 0, np.inf).astype(np.float32),
        final_string_offsets=np.zeros(num_states + 1, np.int64),
        final_transition_ids=np.zeros(0, np.int32),
    )


def all_paths(lattice: CompactLattice) -> dict[tuple[int, ...], list[PathCosts]]:
    """Every path by its words."""
    found: dict[tuple[int, ...], list[PathCosts]] = {}
    walks: list[tuple[int, tuple[int, ...], PathCosts]] = [(lattice.start, (), (0.0, 0.0, ()))]
    while walks and lattice.num_states:
        state, words, (graph, acoustic, string) = walks.pop()
        if np.isfinite(lattice.final_graph_cost[state]):
            end = (
                graph + float(lattice.final_graph_cost[state]),
                acoustic + float(lattice.final_acoustic_cost[state]),
                (*string, *lattice.final_string(state).tolist()),
            )
            found.setdefault(words, []).append(end)
        for arc in range(lattice.offsets[state], lattice.offsets[state + 1]):
            word = int(lattice.words[arc])
            costs = graph + float(lattice.graph_cost[arc]), acoustic + float(lattice.acoustic_cost[arc])
            path = (*costs, (*string, *lattice.string(arc).tolist()))
            walks.append((int(lattice.nextstate[arc]), (*words, word) if word else words, path))
    return found


COSTS = st.integers(-8, 24).map(lambda value: value / 8)


@st.composite
def compact_lattices(draw: st.DrawFn) -> CompactLattice:
    """Lattices of up to three frames, with words 0 to 3; every state of the last frame ends."""
    levels = [[0]]
    for _ in range(draw(st.integers(1, 3))):
        levels.append(list(range(levels[-1][-1] + 1, levels[-1][-1] + 1 + draw(st.integers(1, 3)))))
    arcs: list[CompactArc] = [(level[0], following[0], 1, 0.5, 1.0, [1]) for level, following in pairwise(levels)]
    for before, after in pairwise(levels):
        for _ in range(draw(st.integers(0, 6))):
            source, target = draw(st.sampled_from(before)), draw(st.sampled_from(after))
            word, label = draw(st.integers(0, 3)), draw(st.integers(1, 4))
            arcs.append((source, target, word, draw(COSTS), draw(COSTS), [label]))
    return make_compact(arcs, {state: draw(COSTS) for state in levels[-1]}, levels[-1][-1] + 1)
