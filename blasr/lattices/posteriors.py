"""How probable each arc of a compact lattice is, by the forward-backward algorithm (``lattice-to-post``)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.word_arcs import WordArcs
from blasr.units import AnyArray


class ArcPosteriors(NamedTuple):
    """Posteriors of arcs float64 ``(A,)`` and of ends ``(S,)``, and the log of the sum over all paths."""

    arcs: AnyArray
    ends: AnyArray
    log_total: float


def log_add(one: float, other: float) -> float:
    """log(e^one + e^other)."""
    high, low = max(one, other), min(one, other)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def forward_logs(arcs: WordArcs) -> list[float]:
    """By state and for the end, the log of the sum over all ways to it."""
    logs = [-math.inf] * (arcs.end + 1)
    logs[arcs.start] = 0.0
    for arc in arcs.arcs:
        logs[arc.target] = log_add(logs[arc.target], logs[arc.source] - arc.cost)
    return logs


def backward_logs(arcs: WordArcs) -> list[float]:
    """By state, the log of the sum over all ways from it to the end."""
    logs = [-math.inf] * (arcs.end + 1)
    logs[arcs.end] = 0.0
    for arc in reversed(arcs.arcs):
        logs[arc.source] = log_add(logs[arc.source], logs[arc.target] - arc.cost)
    return logs


def arc_posteriors(
    lattice: CompactLattice, scales: CostScales | None = None, *, utterance: str | None = None
) -> ArcPosteriors:
    """The share of all paths' probability that goes through each arc, and ends in each state.

    Raises:
        DataError: the lattice has a cycle or no path.
    """
    arcs = WordArcs.of(lattice, scales, utterance)
    forward, backward = forward_logs(arcs), backward_logs(arcs)
    total = forward[arcs.end]
    of_arcs, of_ends = np.zeros(lattice.num_arcs), np.zeros(lattice.num_states)
    for arc in arcs.arcs:
        share = math.exp(forward[arc.source] - arc.cost + backward[arc.target] - total)
        if arc.index >= 0:
            of_arcs[arc.index] = share
        else:
            of_ends[arc.source] = share
    return ArcPosteriors(of_arcs, of_ends, total)
