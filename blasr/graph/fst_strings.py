"""Sequences of output labels as nodes of a tree, for determinization (``StringRepository`` of Kaldi)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blasr.graph.pair_buckets import pair_bucket, pair_buckets
from blasr.jit import grown, jit
from blasr.units import EPSILON, AnyArray, IntArray


class Strings(NamedTuple):
    """A tree; the string of a node is the one of its parent followed by its label. Node 0 is the empty string.

    ``used`` holds the number of nodes. ``buckets`` finds a node by its parent and its label.
    """

    used: AnyArray
    buckets: IntArray
    parent: IntArray
    label: IntArray
    depth: IntArray


@jit
def new_strings() -> Strings:
    """Return a tree with the empty string."""
    parent, label, depth = np.zeros(1024, np.int32), np.zeros(1024, np.int32), np.zeros(1024, np.int32)
    return Strings(np.ones(1, np.int64), np.full(4096, -1, np.int32), parent, label, depth)


@jit
def room_for_strings(strings: Strings, more: Any) -> Strings:
    """Return a tree with room for more nodes."""
    needed = strings.used[0] + more
    if needed <= len(strings.parent):
        return strings
    parent = grown(strings.parent, needed)
    label, depth = grown(strings.label, len(parent)), grown(strings.depth, len(parent))
    buckets = strings.buckets
    if 2 * len(parent) > len(buckets):
        size = 2 * len(buckets)
        while size < 2 * len(parent):
            size *= 2
        buckets = pair_buckets(parent, label, 1, strings.used[0], size)
    return Strings(strings.used, buckets, parent, label, depth)


@jit
def append(strings: Strings, node: Any, label: Any) -> Any:
    """Return the node of a string and one more label; there must be room for it. Epsilon changes nothing."""
    if label == EPSILON:
        return node
    place = pair_bucket(strings.buckets, strings.parent, strings.label, node, label)
    found = strings.buckets[place]
    if found < 0:
        found = np.int32(strings.used[0])
        strings.used[0] += 1
        strings.buckets[place] = found
        strings.parent[found], strings.label[found] = node, label
        strings.depth[found] = strings.depth[node] + 1
    return found


@jit
def common_prefix(strings: Strings, a: Any, b: Any) -> Any:
    """Return the longest string that both strings begin with."""
    while strings.depth[a] > strings.depth[b]:
        a = strings.parent[a]
    while strings.depth[b] > strings.depth[a]:
        b = strings.parent[b]
    while a != b:
        a, b = strings.parent[a], strings.parent[b]
    return a


@jit
def labels_of(strings: Strings, node: Any) -> IntArray:
    """Return the labels of a string."""
    labels = np.empty(strings.depth[node], np.int32)
    for place in range(len(labels) - 1, -1, -1):
        labels[place] = strings.label[node]
        node = strings.parent[node]
    return labels


@jit
def without_prefix(strings: Strings, node: Any, length: Any) -> Any:
    """Return a string without its first labels; there must be room for as many nodes as are left."""
    if length == 0:
        return node
    if strings.depth[node] == length:
        return 0
    suffix = 0
    for label in labels_of(strings, node)[length:]:
        suffix = append(strings, suffix, label)
    return suffix
