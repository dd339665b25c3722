"""State-level lattices from their parts: states in topological order, checked."""

from __future__ import annotations

from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.lattices.lattice import Lattice
from blasr.units import AnyArray

ARC: Final = np.dtype(
    [("ilabel", "<i4"), ("olabel", "<i4"), ("graph", "<f4"), ("acoustic", "<f4"), ("nextstate", "<i4")]
)
"""An arc, as in Kaldi's binary lattices."""


def assemble(
    start: int, sources: AnyArray, arcs: AnyArray, final_graph_cost: AnyArray, final_acoustic_cost: AnyArray
) -> Lattice:
    """Return the lattice of these parts, with its states in topological order from the start.

    Args:
        start: the start state; any value if there are no states.
        sources: ``(A,)``, the state that each arc leaves.
        arcs: ``(A,)`` records of :data:`ARC`.
        final_graph_cost, final_acoustic_cost: ``(S,)``, inf where no path can end.

    Raises:
        DataError: a state, label or cost is not valid, there is a cycle, or paths of different lengths lead into one
            state.
    """
    from blasr.lattices.lattice_passes import frame_times, topological_ranks  # numba is slow to import

    num_states = len(final_graph_cost)
    targets = arcs["nextstate"].astype(np.int64)
    _check_parts(start, arcs, num_states)
    order = np.argsort(sources, kind="stable")
    offsets = np.searchsorted(sources[order], np.arange(num_states + 1))
    if start != 0 or (targets <= sources).any():
        ranks = topological_ranks(start, offsets, targets[order])
        if num_states and ranks.min() < 0:
            raise DataError("the lattice has a cycle")
        sources, targets = ranks[sources], ranks[targets]
        order = np.argsort(sources, kind="stable")
        offsets = np.searchsorted(sources[order], np.arange(num_states + 1))
        positions = np.argsort(ranks)
        final_graph_cost, final_acoustic_cost = final_graph_cost[positions], final_acoustic_cost[positions]
    arcs, targets = arcs[order], targets[order]
    ilabel, nextstate = arcs["ilabel"].astype(np.int32), targets.astype(np.int32)
    lattice = Lattice(
        offsets=offsets.astype(np.int64),
        ilabel=ilabel,
        olabel=arcs["olabel"].astype(np.int32),
        nextstate=nextstate,
        graph_cost=arcs["graph"].astype(np.float32),
        acoustic_cost=arcs["acoustic"].astype(np.float32),
        final_graph_cost=np.array(final_graph_cost, np.float32),
        final_acoustic_cost=np.array(final_acoustic_cost, np.float32),
        state_times=frame_times(offsets, ilabel, nextstate),
    )
    if num_states and lattice.state_times.min() < 0:
        raise DataError("paths with different numbers of frames lead to one state")
    return lattice


def _check_parts(start: int, arcs: AnyArray, num_states: int) -> None:
    targets = arcs["nextstate"]
    if num_states and not 0 <= start < num_states:
        raise DataError(f"the start state is {start} of {num_states}")
    if len(arcs) and not 0 <= targets.min() <= targets.max() < num_states:
        raise DataError(f"an arc leads to a state that is not among the {num_states}")
    if len(arcs) and min(arcs["ilabel"].min(), arcs["olabel"].min()) < 0:
        raise DataError("an arc has a negative label")
    if np.isnan(arcs["graph"]).any() or np.isnan(arcs["acoustic"]).any():
        raise DataError("a cost is not a number")
