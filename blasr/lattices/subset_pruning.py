"""Pruning of acceptors: the arcs on paths within a beam, and the best path alone."""

from __future__ import annotations

import numpy as np

from blasr.jit import jit
from blasr.lattices.subset_table import Acceptor
from blasr.units import AnyArray


def prune(acceptor: Acceptor, beam: float) -> Acceptor:
    """Return the acceptor with only the arcs and ends on paths that cost at most ``beam`` more than the best path.

    States keep their numbers; those on no such path lose their arcs and ends.
    """
    arcs, ends = _within(acceptor, float(beam))
    return _restrict(acceptor, arcs, ends)


def best_path(acceptor: Acceptor) -> Acceptor | None:
    """Return the acceptor with only the arcs and the end of one best path; None if no path reaches an end."""
    arcs, end = _on_best_path(acceptor)
    if end < 0:
        return None
    return _restrict(acceptor, arcs, np.arange(len(acceptor.final_graph)) == end)


@jit
def costs_to_end(acceptor: Acceptor) -> AnyArray:
    """Return, by state, the cost of the best path to an end, float64; inf if there is none."""
    num_states = len(acceptor.final_graph)
    backward = np.empty(num_states, np.float64)
    for state in range(num_states - 1, -1, -1):
        backward[state] = acceptor.final_graph[state] + acceptor.final_acoustic[state]
        for arc in range(acceptor.offsets[state + 1] - 1, acceptor.offsets[state] - 1, -1):
            target = acceptor.nextstate[arc]
            backward[state] = min(backward[state], acceptor.graph[arc] + acceptor.acoustic[arc] + backward[target])
    return backward


@jit
def _within(acceptor: Acceptor, beam: float) -> tuple[AnyArray, AnyArray]:
    """Return which arcs and which ends are on paths within the beam (``PruneLattice``)."""
    backward = costs_to_end(acceptor)
    num_states = len(backward)
    cutoff = backward[0] + beam
    forward = np.full(num_states, np.inf)
    forward[0] = 0.0
    arcs, ends = np.zeros(len(acceptor.label), np.bool_), np.zeros(num_states, np.bool_)
    for state in range(num_states):
        if forward[state] == np.inf:
            continue
        end = forward[state] + acceptor.final_graph[state] + acceptor.final_acoustic[state]
        ends[state] = end < np.inf and end <= cutoff
        for arc in range(acceptor.offsets[state], acceptor.offsets[state + 1]):
            target = acceptor.nextstate[arc]
            cost = forward[state] + acceptor.graph[arc] + acceptor.acoustic[arc]
            arcs[arc] = backward[target] < np.inf and cost + backward[target] <= cutoff
            forward[target] = min(forward[target], cost)
    return arcs, ends


@jit
def _on_best_path(acceptor: Acceptor) -> tuple[AnyArray, int]:
    """Return which arcs are on one best path, and the state where it ends; -1 if there is no path."""
    backward = costs_to_end(acceptor)
    arcs = np.zeros(len(acceptor.label), np.bool_)
    if backward[0] == np.inf:
        return arcs, -1
    state = 0
    while True:
        lowest = acceptor.final_graph[state] + acceptor.final_acoustic[state]
        best = -1
        for arc in range(acceptor.offsets[state], acceptor.offsets[state + 1]):
            cost = acceptor.graph[arc] + acceptor.acoustic[arc] + backward[acceptor.nextstate[arc]]
            if cost < lowest:
                best, lowest = arc, cost
        if best < 0:
            return arcs, state
        arcs[best] = True
        state = acceptor.nextstate[best]


def _restrict(acceptor: Acceptor, arcs: AnyArray, ends: AnyArray) -> Acceptor:
    """Return the acceptor with some of its arcs and ends, all states kept."""
    lengths = np.diff(acceptor.string_offsets)
    return acceptor._replace(
        offsets=np.append(0, np.cumsum(arcs))[acceptor.offsets].astype(np.int64),
        label=acceptor.label[arcs],
        nextstate=acceptor.nextstate[arcs],
        graph=acceptor.graph[arcs],
        acoustic=acceptor.acoustic[arcs],
        string_offsets=np.append(0, np.cumsum(lengths[arcs])).astype(np.int64),
        string=acceptor.string[np.repeat(arcs, lengths)],
        final_graph=np.where(ends, acceptor.final_graph, np.inf),
        final_acoustic=np.where(ends, acceptor.final_acoustic, np.inf),
    )
