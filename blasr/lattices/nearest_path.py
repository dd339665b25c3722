"""The path of a state-level lattice that is nearest to a reference, and its costs compared with the hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from blasr.lattices.lattice import BestPath, Lattice
from blasr.scoring.causes import LatticeEvidence
from blasr.units import AnyArray

ERROR: Final = 1e7
"""More than any path costs, so that the fewest errors come first and the lowest cost breaks ties."""


@dataclass(frozen=True, slots=True)
class NearestPath:
    """The number of errors of the path nearest to the reference, and its unscaled costs."""

    errors: int
    graph_cost: float
    acoustic_cost: float


def nearest_path(lattice: Lattice, reference: Sequence[int], acoustic_scale: float) -> NearestPath | None:
    """Find the path with the lowest edit distance from ``reference``; among several, the cheapest.

    Kaldi's ``lattice-oracle`` for state-level lattices; :func:`blasr.lattices.oracle.oracle` is for compact ones.

    Args:
        lattice: the lattice.
        reference: word-ids.
        acoustic_scale: the factor of acoustic costs when costs are compared.

    Returns:
        The path, or None if no path reaches a final state.
    """
    size = len(reference)
    wanted = np.asarray(reference, np.int64)
    # By state and number of reference words used: errors and scaled cost together, graph cost, acoustic cost.
    best = np.full((lattice.num_states, size + 1, 3), np.inf)
    best[0, 0] = 0
    found: AnyArray | None = None
    for state in range(lattice.num_states):
        here = best[state]
        _delete_words(here)
        if not np.isfinite(here[:, 0]).any():
            continue
        end = lattice.final_graph_cost[state], lattice.final_acoustic_cost[state]
        if np.isfinite(end[0]) and np.isfinite(here[size, 0]):
            last = here[size] + _costs(*end, acoustic_scale)
            found = last if found is None or last[0] < found[0] else found
        for arc in range(lattice.offsets[state], lattice.offsets[state + 1]):
            step = here + _costs(lattice.graph_cost[arc], lattice.acoustic_cost[arc], acoustic_scale)
            there = best[lattice.nextstate[arc]]
            word = lattice.olabel[arc]
            if word:
                paired = step[:-1].copy()
                paired[:, 0] += ERROR * (wanted != word)
                _improve(there[1:], paired)
                step[:, 0] += ERROR
            _improve(there, step)
    if found is None:
        return None
    graph, acoustic = float(found[1]), float(found[2])
    return NearestPath(round((found[0] - graph - acoustic_scale * acoustic) / ERROR), graph, acoustic)


def lattice_evidence(
    lattice: Lattice, hypothesis: BestPath, reference: Sequence[int], lm_weight: float, forced: BestPath | None = None
) -> LatticeEvidence | None:
    """Compare the hypothesis with the lattice's path nearest to the reference, in graph costs and acoustic costs.

    Args:
        lattice: the lattice; its best path at ``lm_weight`` is the hypothesis.
        hypothesis: that path.
        reference: word-ids.
        lm_weight: acoustic costs are divided by it.
        forced: the best path of a search restricted to the reference.

    Returns:
        The evidence, or None if no path of the lattice reaches a final state.
    """
    scale = 1 / lm_weight
    nearest = nearest_path(lattice, reference, scale)
    if nearest is None:
        return None
    graph = nearest.graph_cost - hypothesis.graph_cost
    acoustic = scale * (nearest.acoustic_cost - hypothesis.acoustic_cost)
    if forced is None:
        return LatticeEvidence(nearest.errors, graph, acoustic)
    forced_graph = forced.graph_cost - hypothesis.graph_cost
    forced_acoustic = scale * (forced.acoustic_cost - hypothesis.acoustic_cost)
    return LatticeEvidence(nearest.errors, graph, acoustic, forced_graph + forced_acoustic, forced_graph)


def _costs(graph: float, acoustic: float, scale: float) -> AnyArray:
    return np.array((graph + scale * acoustic, graph, acoustic))


def _delete_words(here: AnyArray) -> None:
    """Let paths at a state skip words of the reference; each skipped word is an error."""
    level = ERROR * np.arange(len(here))
    lowest = np.minimum.accumulate(here[:, 0] - level)
    source = np.maximum.accumulate(np.where(here[:, 0] - level == lowest, np.arange(len(here)), 0))
    here[:, 1:] = here[source, 1:]
    here[:, 0] = lowest + level


def _improve(there: AnyArray, candidates: AnyArray) -> None:
    better = candidates[:, 0] < there[:, 0]
    there[better] = candidates[better]
