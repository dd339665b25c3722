"""Passes over the arcs of state-level lattices, in numba: the best path, a topological order, frames before states."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from blasr.jit import jit
from blasr.units import AnyArray, FloatArray, IntArray


class WeightedArcs(NamedTuple):
    """The arrays of a :class:`blasr.lattices.lattice.Lattice` that determine its best path."""

    offsets: AnyArray
    olabel: IntArray
    nextstate: IntArray
    graph_cost: FloatArray
    acoustic_cost: FloatArray
    final_graph_cost: FloatArray
    final_acoustic_cost: FloatArray


@jit
def best_arcs(lattice: WeightedArcs, lm_scale: float, acoustic_scale: float, penalty: float) -> tuple[int, IntArray]:
    """Return the last state of the cheapest path, -1 if there is none, and its arcs in order."""
    offsets, olabel, nextstate, graph_cost, acoustic_cost, final_graph_cost, final_acoustic_cost = lattice
    num_states = len(final_graph_cost)
    cost = np.full(num_states, np.inf)
    best_arc = np.full(num_states, -1, np.int32)
    previous = np.full(num_states, -1, np.int32)
    end, lowest = -1, np.inf
    for state in range(num_states):
        if state == 0:
            cost[state] = 0.0
        elif cost[state] == np.inf:
            continue
        for arc in range(offsets[state], offsets[state + 1]):
            new = cost[state] + lm_scale * graph_cost[arc] + acoustic_scale * acoustic_cost[arc]
            if olabel[arc] != 0:
                new += penalty
            if new < cost[nextstate[arc]]:
                cost[nextstate[arc]] = new
                best_arc[nextstate[arc]] = arc
                previous[nextstate[arc]] = state
        if final_graph_cost[state] < np.inf:
            total = cost[state] + lm_scale * final_graph_cost[state] + acoustic_scale * final_acoustic_cost[state]
            if total < lowest:
                end, lowest = state, total
    return end, _trace(end, best_arc, previous)


@jit
def _trace(end: int, best_arc: IntArray, previous: IntArray) -> IntArray:
    """Return the arcs of the path to a state, in order, given each state's last arc and the state before it."""
    length = 0
    state = end
    while state > 0:
        length += 1
        state = previous[state]
    arcs = np.empty(length, np.int32)
    state = end
    for position in range(length - 1, -1, -1):
        arcs[position] = best_arc[state]
        state = previous[state]
    return arcs


@jit
def topological_ranks(start: int, offsets: AnyArray, targets: AnyArray) -> AnyArray:
    """Return each state's place in a topological order from ``start``; -1 for states in or after a cycle."""
    num_states = len(offsets) - 1
    entering = np.zeros(num_states, np.int64)
    for target in targets:
        entering[target] += 1
    ranks = np.full(num_states, -1, np.int64)
    queue = np.empty(num_states, np.int64)
    begin, end = 0, 0
    for shift in range(num_states):
        state = (start + shift) % num_states
        if entering[state] == 0:
            queue[end] = state
            end += 1
    if end == 0 or queue[0] != start:
        return ranks
    while begin < end:
        state = queue[begin]
        ranks[state] = begin
        begin += 1
        for arc in range(offsets[state], offsets[state + 1]):
            entering[targets[arc]] -= 1
            if entering[targets[arc]] == 0:
                queue[end] = targets[arc]
                end += 1
    return ranks


@jit
def frame_times(offsets: AnyArray, ilabel: IntArray, nextstate: IntArray) -> IntArray:
    """Return the number of frames before each state of a sorted lattice; 0 for states that no path reaches.

    The number is -1 if two paths to a state have different lengths.
    """
    num_states = len(offsets) - 1
    times = np.zeros(num_states, np.int32)
    reached = np.zeros(num_states, np.bool_)
    for state in range(num_states):
        if state == 0:
            reached[state] = True
        if not reached[state] or times[state] < 0:
            continue
        for arc in range(offsets[state], offsets[state + 1]):
            target = nextstate[arc]
            time = times[state] + (1 if ilabel[arc] > 0 else 0)
            if reached[target] and times[target] != time:
                times[target] = -1
            elif not reached[target]:
                reached[target] = True
                times[target] = time
    return times
