"""The records of the subset construction: strings as nodes of a tree, and subsets that are told apart by them.

A string is a node, from which its labels lead up to the root. A subset knows the node (its base) that all of its
strings have in common; only what lies below the base tells subsets apart. The arrays grow and refer by index.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from blasr.units import AnyArray, IntArray

NODE: Final = np.dtype(
    [("hash", np.int64), ("parent", np.int32), ("label", np.int32), ("depth", np.int32), ("next", np.int32)]
)
ELEMENT: Final = np.dtype([("graph", np.float64), ("acoustic", np.float64), ("state", np.int32), ("node", np.int32)])
SUBSET: Final = np.dtype(
    [
        ("hash", np.int64),
        ("graph", np.float64),  # of an initial subset: the costs and the string that lead on to its target's base
        ("acoustic", np.float64),
        ("begin", np.int64),
        ("end", np.int64),
        ("base", np.int32),
        ("target", np.int32),
        ("next", np.int32),
        ("onward", np.int32),
    ]
)
TASK: Final = np.dtype([("begin", np.int64), ("end", np.int64), ("source", np.int32), ("label", np.int32)])
ARC: Final = np.dtype(
    [
        ("graph", np.float64),
        ("acoustic", np.float64),
        ("source", np.int32),
        ("label", np.int32),
        ("target", np.int32),  # -1: the end of the source
        ("from1", np.int32),  # the string: from below the depth from1 down to node1, then from2 and node2
        ("node1", np.int32),
        ("from2", np.int32),
        ("node2", np.int32),
    ]
)
MULTIPLIER: Final = 6364136223846793005
BYTES_USED: Final = 40  # of the largest record


class Acceptor(NamedTuple):
    """A weighted acceptor whose arcs lead to higher states, from state 0; float64 costs, inf where none can end.

    Of an arc a, ``label[a]`` is 0 for epsilon and its string is ``string[string_offsets[a]:string_offsets[a + 1]]``.
    """

    offsets: AnyArray
    label: IntArray
    nextstate: IntArray
    graph: AnyArray
    acoustic: AnyArray
    string_offsets: AnyArray
    string: IntArray
    final_graph: AnyArray
    final_acoustic: AnyArray
    final_string_offsets: AnyArray
    final_string: IntArray


class Tree(NamedTuple):
    """All strings; ``used[0]`` nodes, found by hash through ``buckets``."""

    nodes: AnyArray
    buckets: IntArray
    used: AnyArray


@numba.njit(cache=True, nogil=True)
def room(array: AnyArray, size: int) -> AnyArray:
    """The array, or a copy of twice the length where it has less than ``size`` places."""
    if size <= len(array):
        return array
    larger = np.empty(max(2 * len(array), size), array.dtype)
    larger[: len(array)] = array
    return larger


@numba.njit(cache=True, nogil=True)
def extend(tree: Tree, node: int, string: IntArray, powers: AnyArray) -> tuple[Tree, int]:
    """The node of a node's string with more labels behind it."""
    if len(string) == 0:
        return tree, node
    nodes, buckets, used = tree
    if used[0] + len(string) > len(nodes):
        nodes = room(nodes, used[0] + len(string))
        tree = Tree(nodes, buckets, used)
    mask = len(buckets) - 1
    for label in string:
        bucket = (((node * np.int64(MULTIPLIER)) ^ np.int64(label)) * np.int64(MULTIPLIER) >> 20) & mask
        child = buckets[bucket]
        while child >= 0 and (nodes[child].parent != node or nodes[child].label != label):
            child = nodes[child].next
        if child < 0:
            child = used[0]
            used[0] += 1
            nodes[child].hash = nodes[node].hash * powers[1] + label
            nodes[child].parent = node
            nodes[child].label = label
            nodes[child].depth = nodes[node].depth + 1
            nodes[child].next = buckets[bucket]
            buckets[bucket] = child
        node = child
    return tree, node


@numba.njit(cache=True, nogil=True)
def _common(nodes: AnyArray, one: int, other: int) -> int:
    """The node of the longest string that both begin with."""
    while one != other:
        if nodes[one].depth >= nodes[other].depth:
            one = nodes[one].parent
        else:
            other = nodes[other].parent
    return one


@numba.njit(cache=True, nogil=True)
def normalize(
    nodes: AnyArray, elements: AnyArray, begin: int, end: int, powers: AnyArray
) -> tuple[float, float, int, Any]:
    """``NormalizeSubset``: take the best element's costs from all; returns them, the base and the subset's hash."""
    best = begin
    base = elements[begin].node
    for index in range(begin + 1, end):
        base = _common(nodes, base, elements[index].node)
        cost = elements[index].graph + elements[index].acoustic
        lowest = elements[best].graph + elements[best].acoustic
        if cost < lowest or (cost == lowest and elements[index].graph < elements[best].graph):
            best = index
    graph, acoustic = elements[best].graph, elements[best].acoustic
    key = np.int64(end - begin)
    for index in range(begin, end):
        elements[index].graph -= graph
        elements[index].acoustic -= acoustic
        node = nodes[elements[index].node]
        lag = node.hash - nodes[base].hash * powers[node.depth - nodes[base].depth]
        key = (key * np.int64(MULTIPLIER) + elements[index].state) * np.int64(MULTIPLIER) + lag
    return graph, acoustic, base, key


@numba.njit(cache=True, nogil=True)
def find(
    nodes: AnyArray,
    elements: AnyArray,
    subsets: AnyArray,
    candidate: int,
    begin: int,
    end: int,
    base: int,
    key: int,
    delta: float,
) -> int:
    """The subset, in the chain that ``candidate`` heads, that equals the elements; -1 where there is none."""
    while candidate >= 0:
        subset = subsets[candidate]
        equal = subset.hash == key and subset.end - subset.begin == end - begin
        for shift in range(end - begin if equal else 0):
            one, other = elements[begin + shift], elements[subset.begin + shift]
            cost = one.graph + one.acoustic - other.graph - other.acoustic
            lag = nodes[one.node].depth - nodes[base].depth
            if (
                one.state != other.state
                or abs(cost) > delta
                or lag != nodes[other.node].depth - nodes[subset.base].depth
            ):
                equal = False
                break
            mine, its = one.node, other.node
            while lag > 0 and mine != its and nodes[mine].label == nodes[its].label:
                mine, its, lag = nodes[mine].parent, nodes[its].parent, lag - 1
            if lag > 0 and mine != its:
                equal = False
                break
        if equal:
            return candidate
        candidate = subset.next
    return -1
