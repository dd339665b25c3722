"""Small state-level lattices, written down arc by arc."""

from __future__ import annotations

import numpy as np

from blasr.lattices.lattice import Lattice

Arc = tuple[int, int, int, float, float]  # source, target, word, graph cost, acoustic cost


def lattice_of(arcs: list[Arc], states: int) -> Lattice:
    """Return a lattice of arcs from state 0 to the last state, which is final."""
    arcs = sorted(arcs)
    sources = [arc[0] for arc in arcs]
    final = np.full(states, np.inf, np.float32)
    final[-1] = 0.5
    return Lattice(
        offsets=np.searchsorted(sources, np.arange(states + 1)).astype(np.int64),
        ilabel=np.ones(len(arcs), np.int32),
        olabel=np.array([arc[2] for arc in arcs], np.int32),
        nextstate=np.array([arc[1] for arc in arcs], np.int32),
        graph_cost=np.array([arc[3] for arc in arcs], np.float32),
        acoustic_cost=np.array([arc[4] for arc in arcs], np.float32),
        final_graph_cost=final,
        final_acoustic_cost=np.where(np.isinf(final), np.inf, 0).astype(np.float32),
        state_times=np.arange(states, dtype=np.int32),
    )
