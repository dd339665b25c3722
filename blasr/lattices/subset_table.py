"""The records of the subset construction: strings as nodes of a tree, and subsets of the input's states.

A string is a node; its labels are those on the way from the node up to the root. The base of a subset is the node of
the longest string that all its strings begin with; only what lies below the base distinguishes subsets. The arrays
grow, and records refer to each other by index.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from blasr.jit import grown, jit
from blasr.units import AnyArray, IntArray

NODE: Final = np.dtype(
    [("hash", np.int64), ("parent", np.int32), ("label", np.int32), ("depth", np.int32), ("next", np.int32)]
)
ELEMENT: Final = np.dtype([("graph", np.float64), ("acoustic", np.float64), ("state", np.int32), ("node", np.int32)])
SUBSET: Final = np.dtype(
    [
        ("hash", np.int64),
        ("graph", np.float64),  # of an initial subset: the costs and the string that lead to its target's base
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
RESULT: Final = np.dtype([("forward", np.float64), ("subset", np.int32)])
"""A state of the output: the cost of the best path to it, and its minimal subset."""
MULTIPLIER: Final = 6364136223846793005
NODE_BYTES, ELEMENT_BYTES, SUBSET_BYTES, TASK_BYTES, ARC_BYTES = (
    kind.itemsize for kind in (NODE, ELEMENT, SUBSET, TASK, ARC)
)
ELEMENTS, SUBSETS, TASKS, ARCS, RESULTS = range(5)


class Acceptor(NamedTuple):
    """A weighted acceptor that starts in state 0; arcs lead to higher states.

    Costs are float64, inf where no path can end.

    ``label[a]`` of an arc a is 0 for epsilon, and its string is ``string[string_offsets[a]:string_offsets[a + 1]]``.
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
    """All strings: ``used[0]`` nodes, found by hash through ``buckets``; powers of the multiplier for their hashes."""

    nodes: AnyArray
    buckets: IntArray
    used: AnyArray
    powers: AnyArray


class Pool(NamedTuple):
    """All other records; ``counts`` says how many of each kind are used, by ``ELEMENTS``, ``SUBSETS`` and so on."""

    elements: AnyArray
    subsets: AnyArray
    tasks: AnyArray
    arcs: AnyArray
    results: AnyArray
    counts: AnyArray


class Normalized(NamedTuple):
    """What :func:`normalize` took from a subset: the best element's costs and the base; and the subset's hash."""

    graph: float
    acoustic: float
    base: int
    hash: int


@jit
def new_tree(num_arcs: int, longest: int) -> Tree:
    """Return a tree with the empty string, for strings of up to ``longest`` labels."""
    powers = np.empty(longest + 2, np.int64)
    powers[0] = 1
    for exponent in range(1, len(powers)):
        powers[exponent] = powers[exponent - 1] * np.int64(MULTIPLIER)
    size = 1024
    while size < num_arcs and size < 1 << 22:
        size *= 2
    nodes = np.empty(4096, NODE)
    root = nodes[0]
    root.hash, root.parent, root.label, root.depth, root.next = 0, -1, 0, 0, -1
    return Tree(nodes, np.full(size, -1, np.int32), np.ones(1, np.int64), powers)


@jit
def new_pool() -> Pool:
    """Return an empty pool."""
    return Pool(
        np.empty(4096, ELEMENT),
        np.empty(1024, SUBSET),
        np.empty(1024, TASK),
        np.empty(1024, ARC),
        np.empty(1024, RESULT),
        np.zeros(5, np.int64),
    )


@jit
def room_for_elements(pool: Pool, more: int) -> Pool:
    """Return a pool with room for ``more`` elements."""
    needed = pool.counts[ELEMENTS] + more
    if needed <= len(pool.elements):
        return pool
    return Pool(grown(pool.elements, needed), pool.subsets, pool.tasks, pool.arcs, pool.results, pool.counts)


@jit
def room_for_records(pool: Pool, more_tasks: int) -> Pool:
    """Return a pool with room for ``more_tasks`` tasks, two subsets, two arcs and a result."""
    counts = pool.counts
    return Pool(
        pool.elements,
        grown(pool.subsets, counts[SUBSETS] + 2),
        grown(pool.tasks, counts[TASKS] + more_tasks),
        grown(pool.arcs, counts[ARCS] + 2),
        grown(pool.results, counts[RESULTS] + 1),
        counts,
    )


@jit
def room_for_nodes(tree: Tree, more: int) -> Tree:
    """Return a tree with room for ``more`` nodes."""
    needed = tree.used[0] + more
    if needed <= len(tree.nodes):
        return tree
    nodes = grown(tree.nodes, needed)
    return Tree(nodes, _buckets_for(nodes, tree.used[0], tree.buckets), tree.used, tree.powers)


@jit
def _bucket(node: Any, label: int, num_buckets: int) -> Any:
    """Return the bucket of a node's child."""
    return (((node * np.int64(MULTIPLIER)) ^ np.int64(label)) * np.int64(MULTIPLIER) >> 20) & (num_buckets - 1)


@jit
def _buckets_for(nodes: AnyArray, used: int, buckets: IntArray) -> IntArray:
    """Return the buckets, or more of them if there are fewer than nodes: long chains would make searches slow."""
    size = len(buckets)
    while size < len(nodes):
        size *= 2
    if size == len(buckets):
        return buckets
    larger = np.full(size, -1, np.int32)
    for node in range(1, used):
        bucket = _bucket(np.int64(nodes[node].parent), nodes[node].label, size)
        nodes[node].next = larger[bucket]
        larger[bucket] = node
    return larger


@jit
def extend(tree: Tree, node: int, string: IntArray) -> int:
    """Return the node of a node's string followed by more labels; there must be room for as many nodes."""
    nodes, buckets, used = tree.nodes, tree.buckets, tree.used
    for label in string:
        bucket = _bucket(np.int64(node), label, len(buckets))
        child = buckets[bucket]
        while child >= 0 and (nodes[child].parent != node or nodes[child].label != label):
            child = nodes[child].next
        if child < 0:
            child = used[0]
            used[0] += 1
            nodes[child].hash = nodes[node].hash * tree.powers[1] + label
            nodes[child].parent = node
            nodes[child].label = label
            nodes[child].depth = nodes[node].depth + 1
            nodes[child].next = buckets[bucket]
            buckets[bucket] = child
        node = child
    return node


@jit
def is_better(graph: float, acoustic: float, old: Any) -> bool:
    """Return whether costs are lower than an element's; if the sums are equal, the lower graph cost is better."""
    difference = graph + acoustic - old.graph - old.acoustic
    return bool(difference < 0 or (difference == 0 and graph < old.graph))


@jit
def _common_prefix(nodes: AnyArray, one: int, other: int) -> int:
    """Return the node of the longest string that both begin with."""
    while one != other:
        if nodes[one].depth >= nodes[other].depth:
            one = nodes[one].parent
        else:
            other = nodes[other].parent
    return one


@jit
def normalize(tree: Tree, elements: AnyArray, begin: int, end: int) -> Normalized:
    """``NormalizeSubset``: subtract the costs of the best element from all; see :class:`Normalized`."""
    nodes, powers = tree.nodes, tree.powers
    best = begin
    base = elements[begin].node
    for index in range(begin + 1, end):
        base = _common_prefix(nodes, base, elements[index].node)
        cost = elements[index].graph + elements[index].acoustic
        lowest = elements[best].graph + elements[best].acoustic
        if cost < lowest or (cost == lowest and elements[index].graph < elements[best].graph):
            best = index
    graph, acoustic = elements[best].graph, elements[best].acoustic
    key: Any = np.int64(end - begin)
    for index in range(begin, end):
        elements[index].graph -= graph
        elements[index].acoustic -= acoustic
        node = nodes[elements[index].node]
        lag = node.hash - nodes[base].hash * powers[node.depth - nodes[base].depth]
        key = (key * np.int64(MULTIPLIER) + elements[index].state) * np.int64(MULTIPLIER) + lag
    wide_base: Any = np.int64(base)
    return Normalized(graph, acoustic, wide_base, key)


@jit
def _same_below(nodes: AnyArray, one: int, other: int, length: int) -> bool:
    """Return whether two strings end in the same ``length`` labels."""
    while length > 0 and one != other and nodes[one].label == nodes[other].label:
        one, other, length = nodes[one].parent, nodes[other].parent, length - 1
    return not (length > 0 and one != other)


@jit
def find(nodes: AnyArray, pool: Pool, candidate: int, begin: int, end: int, wanted: Normalized, delta: float) -> int:
    """Return the subset, in the chain from ``candidate`` on, that equals the elements; -1 if there is none.

    Costs that differ by up to ``delta`` count as equal. ``wanted`` has the base and the hash of the elements.
    """
    elements = pool.elements
    while candidate >= 0:
        subset = pool.subsets[candidate]
        equal = subset.hash == wanted.hash and subset.end - subset.begin == end - begin
        for shift in range(end - begin if equal else 0):
            one, other = elements[begin + shift], elements[subset.begin + shift]
            cost = one.graph + one.acoustic - other.graph - other.acoustic
            lag = nodes[one.node].depth - nodes[wanted.base].depth
            if (
                one.state != other.state
                or abs(cost) > delta
                or lag != nodes[other.node].depth - nodes[subset.base].depth
                or not _same_below(nodes, one.node, other.node, lag)
            ):
                equal = False
                break
        if equal:
            return candidate
        candidate = subset.next
    return -1
