"""The output of the subset construction as the arrays of an acceptor."""

from __future__ import annotations

import numpy as np

from blasr.jit import jit
from blasr.units import AnyArray, IntArray

AcceptorFields = tuple[
    AnyArray, IntArray, IntArray, AnyArray, AnyArray, AnyArray, IntArray, AnyArray, AnyArray, AnyArray, IntArray
]
"""The fields of :class:`blasr.lattices.subset_table.Acceptor`."""


@jit
def _write_string(nodes: AnyArray, string: IntArray, end: int, node: int, depth: int) -> int:
    """Write the labels of a node from below a depth on, up to before ``end``; return where they begin."""
    while nodes[node].depth > depth:
        end -= 1
        string[end] = nodes[node].label
        node = nodes[node].parent
    return end


@jit
def _order(arcs: AnyArray, offsets: AnyArray, by_source: AnyArray) -> AnyArray:
    """Return the states from which an end can be reached, in topological order."""
    num_states = len(offsets) - 1
    entering = np.zeros(num_states, np.int64)
    for arc in arcs:
        if arc.target >= 0:
            entering[arc.target] += 1
    order = np.empty(num_states, np.int64)
    begin, end = 0, 0
    for state in range(num_states):
        if entering[state] == 0:
            order[end] = state
            end += 1
    while begin < end:
        state = order[begin]
        begin += 1
        for position in range(offsets[state], offsets[state + 1]):
            target = arcs[by_source[position]].target
            if target >= 0:
                entering[target] -= 1
                if entering[target] == 0:
                    order[end] = target
                    end += 1
    ends = np.zeros(num_states, np.bool_)
    for index in range(end - 1, -1, -1):
        state = order[index]
        for position in range(offsets[state], offsets[state + 1]):
            target = arcs[by_source[position]].target
            if target < 0 or ends[target]:
                ends[state] = True
    return order[:end][ends[order[:end]]]


@jit
def assemble(nodes: AnyArray, arcs: AnyArray, num_states: int) -> AcceptorFields:
    """Return the acceptor of the arcs and ends, without the states from which no end can be reached."""
    offsets = np.zeros(num_states + 1, np.int64)
    for arc in arcs:
        offsets[arc.source + 1] += 1
    offsets = np.cumsum(offsets)
    sources = np.empty(len(arcs), np.int64)
    for index in range(len(arcs)):
        sources[index] = arcs[index].source
    by_source = np.argsort(sources, kind="mergesort")
    order = _order(arcs, offsets, by_source)
    number_of = np.full(num_states, -1, np.int64)
    for number, state in enumerate(order):
        number_of[state] = number
    num_arcs, length, final_length = 0, 0, 0
    for arc in arcs:
        size = nodes[arc.node1].depth - arc.from1 + nodes[arc.node2].depth - arc.from2
        if arc.target < 0:
            final_length += size
        elif number_of[arc.target] >= 0:
            num_arcs += 1
            length += size
    new_offsets = np.zeros(len(order) + 1, np.int64)
    label, nextstate = np.empty(num_arcs, np.int32), np.empty(num_arcs, np.int32)
    graph, acoustic = np.empty(num_arcs, np.float64), np.empty(num_arcs, np.float64)
    string_offsets, string = np.zeros(num_arcs + 1, np.int64), np.empty(length, np.int32)
    final_graph, final_acoustic = np.full(len(order), np.inf), np.full(len(order), np.inf)
    final_offsets, final_string = np.zeros(len(order) + 1, np.int64), np.empty(final_length, np.int32)
    count = 0
    for number, state in enumerate(order):
        final_offsets[number + 1] = final_offsets[number]
        for position in range(offsets[state], offsets[state + 1]):
            arc = arcs[by_source[position]]
            size = nodes[arc.node1].depth - arc.from1 + nodes[arc.node2].depth - arc.from2
            if arc.target < 0:
                final_graph[number], final_acoustic[number] = arc.graph, arc.acoustic
                final_offsets[number + 1] += size
                end = _write_string(nodes, final_string, final_offsets[number + 1], arc.node2, arc.from2)
                _write_string(nodes, final_string, end, arc.node1, arc.from1)
            elif number_of[arc.target] >= 0:
                label[count], nextstate[count] = arc.label, number_of[arc.target]
                graph[count], acoustic[count] = arc.graph, arc.acoustic
                string_offsets[count + 1] = string_offsets[count] + size
                end = _write_string(nodes, string, string_offsets[count + 1], arc.node2, arc.from2)
                _write_string(nodes, string, end, arc.node1, arc.from1)
                count += 1
        new_offsets[number + 1] = count
    return (
        new_offsets,
        label,
        nextstate,
        graph,
        acoustic,
        string_offsets,
        string,
        final_graph,
        final_acoustic,
        final_offsets,
        final_string,
    )
