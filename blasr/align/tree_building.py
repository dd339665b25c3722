"""The phonetic decision tree, grown greedily by likelihood (tree/build-tree.cc BuildTree, build-tree-utils.cc)."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blasr.align.leaf_clustering import cluster_bottom_up
from blasr.align.questions import PhoneSet, Questions
from blasr.align.tree_stats import VARIANCE_FLOOR, Moments, TreeStats, log_likelihood
from blasr.errors import DataError
from blasr.hmm.event_map import ConstantEventMap, EventMap, SplitEventMap, TableEventMap
from blasr.hmm.tree import ContextDependency, stub_map

ROUNDED_TO = 8
"""Leaves come in multiples of this, where clustering can bring them there."""


@dataclass(frozen=True)
class Root:
    """One line of ``phones/roots.int``: phones that share a tree, or a tree for each of their pdf-classes."""

    phones: PhoneSet
    shared: bool = True
    split: bool = True


@dataclass(frozen=True)
class TreeReport:
    """How a tree grew: log likelihoods are sums over the frames of the statistics."""

    num_splits: int
    num_removed: int
    num_leaves: int
    gain: float
    loss_from_clustering: float
    smallest_split: float
    num_frames: float
    unseen_phones: PhoneSet


@dataclass
class Node:
    """A leaf of the growing tree, or, once split, the question that its children answer yes or no."""

    leaf: int
    rows: NDArray[np.int64]
    gain: float = 0.0
    key: int = 0
    yes_set: PhoneSet = ()
    children: tuple[Node, Node] | None = None

    def event_map(self, leaf_map: Mapping[int, int]) -> EventMap:
        """The subtree in Kaldi's form, leaves renamed."""
        if self.children is None:
            return ConstantEventMap(leaf_map[self.leaf])
        yes, no = self.children
        return SplitEventMap(self.key, frozenset(self.yes_set), yes.event_map(leaf_map), no.event_map(leaf_map))

    def leaves(self) -> list[Node]:
        """Every leaf below, or this one."""
        if self.children is None:
            return [self]
        return [leaf for child in self.children for leaf in child.leaves()]


def _grown(event_map: EventMap, subtrees: Mapping[int, EventMap]) -> EventMap:
    """A stub with each leaf replaced by the tree that grew from it."""
    if isinstance(event_map, ConstantEventMap):
        return subtrees[event_map.answer]
    if isinstance(event_map, TableEventMap):
        branches = (None if branch is None else _grown(branch, subtrees) for branch in event_map.table)
        return TableEventMap(event_map.key, tuple(branches))
    return SplitEventMap(
        event_map.key, event_map.yes_set, _grown(event_map.yes, subtrees), _grown(event_map.no, subtrees)
    )


def best_split(stats: TreeStats, rows: NDArray[np.int64], questions: Questions) -> tuple[float, int, PhoneSet]:
    """The gain in log likelihood of the best question about some events, its key and its set; 0 where none gains.

    FindBestSplit of tree/build-tree-utils.cc: keys in ascending order, and of equal gains the first.
    """
    best: tuple[float, int, PhoneSet] = (0.0, 0, ())
    if len(rows) <= 1:
        return best
    moments = stats.moments[rows]
    total = moments.sum(axis=0)
    unsplit = float(log_likelihood(total))
    for key in questions.keys:
        values = stats.values(key)[rows]
        if values.min() < 0 or values.min() == values.max():
            continue
        seen, inverse = np.unique(values, return_inverse=True)
        by_value: Moments = np.zeros((len(seen), moments.shape[1]))
        np.add.at(by_value, inverse, moments)
        yes = questions.membership(key, int(seen[-1]) + 1)[:, seen] @ by_value
        no = total - yes
        gains = log_likelihood(yes) + log_likelihood(no) - unsplit
        gains[(yes[:, 0] <= 0) | (no[:, 0] <= 0)] = 0.0
        if len(gains) and gains.max() > best[0]:
            index = int(gains.argmax())
            best = (float(gains[index]), key, questions.of_key[key][index])
    return best


def build_tree(
    stats: TreeStats,
    questions: Questions,
    roots: Sequence[Root],
    num_pdf_classes: Mapping[int, int],
    *,
    max_leaves: int,
    threshold: float = 300.0,
    cluster_threshold: float = -1.0,
    round_leaves: bool = True,
) -> tuple[ContextDependency, TreeReport]:
    """Grow a tree: the most rewarding leaf is split until none gains enough, then alike leaves are merged.

    Args:
        num_pdf_classes: of each phone.
        max_leaves: no more leaves than this, or 0 for no limit.
        threshold: the least gain in log likelihood that a split must bring.
        cluster_threshold: leaves of one root are merged where that costs at most this; negative for the
            gain of the smallest split, 0 for no merging.
        round_leaves: merge on to a multiple of 8 leaves.

    Raises:
        DataError: statistics of a phone that no root has, or a phone in two roots.
    """
    by_root = _start_nodes(stats, roots, num_pdf_classes)
    splittable = [
        node for root, nodes in zip(roots, by_root, strict=True) if root.split and root.shared for node in nodes
    ]
    starts = [node for nodes in by_root for node in nodes]
    num_splits, gain, smallest = _grow(stats, questions, splittable, len(starts), max_leaves, threshold)
    leaf_map = {leaf.leaf: leaf.leaf for start in starts for leaf in start.leaves()}
    before = _likelihood(stats, starts, leaf_map)
    cost = smallest if cluster_threshold < 0 else cluster_threshold
    if cost > 0 and num_splits:
        leaf_map = _clustered(stats, starts, leaf_map, threshold=cost)
        rounded = len(set(leaf_map.values())) // ROUNDED_TO * ROUNDED_TO
        if round_leaves and rounded >= len(starts):
            leaf_map = _clustered(stats, starts, leaf_map, min_clusters=rounded)
    after = _likelihood(stats, starts, leaf_map)
    listed = {phone for root in roots for phone in root.phones}
    report = TreeReport(
        num_splits=num_splits,
        num_removed=len(leaf_map) - len(set(leaf_map.values())),
        num_leaves=len(set(leaf_map.values())),
        gain=gain,
        loss_from_clustering=before - after,
        smallest_split=smallest,
        num_frames=stats.num_frames,
        unseen_phones=tuple(sorted(listed - set(stats.central_phones.tolist()))),
    )
    stub = stub_map(
        stats.central_position, [root.phones for root in roots], num_pdf_classes, [root.shared for root in roots]
    )
    event_map = _grown(stub, {number: start.event_map(leaf_map) for number, start in enumerate(starts)})
    return ContextDependency(stats.context_width, stats.central_position, event_map), report


def _start_nodes(stats: TreeStats, roots: Sequence[Root], num_pdf_classes: Mapping[int, int]) -> list[list[Node]]:
    """For each root the leaves that its trees start from, numbered as :func:`blasr.hmm.tree.stub_map` does."""
    listed = {phone for root in roots for phone in root.phones}
    missing = sorted(set(stats.central_phones.tolist()) - listed)
    if missing:
        raise DataError(f"the tree's roots lack phones {missing} of the alignments", fix="rebuild the lang directory")
    numbers = itertools.count()
    by_root = []
    for root in roots:
        rows = np.flatnonzero(np.isin(stats.central_phones, root.phones))
        if root.shared:
            by_root.append([Node(next(numbers), rows)])
        else:
            classes = range(max(num_pdf_classes[phone] for phone in root.phones))
            by_root.append([Node(next(numbers), rows[stats.pdf_classes[rows] == each]) for each in classes])
    return by_root


def _grow(
    stats: TreeStats, questions: Questions, starts: Sequence[Node], num_leaves: int, max_leaves: int, threshold: float
) -> tuple[int, float, float]:
    """Split in place; the number of splits, their whole gain and the smallest (SplitDecisionTree)."""
    queue: list[tuple[float, int, Node]] = []
    for node in starts:
        _enqueue(stats, questions, node, queue)
    count, total, smallest = 0, 0.0, math.inf
    while queue and -queue[0][0] > threshold and (max_leaves <= 0 or num_leaves < max_leaves):
        _, _, node = heapq.heappop(queue)
        total, smallest, count = total + node.gain, min(smallest, node.gain), count + 1
        said_yes = np.isin(stats.values(node.key)[node.rows], node.yes_set)
        node.children = (Node(node.leaf, node.rows[said_yes]), Node(num_leaves, node.rows[~said_yes]))
        num_leaves += 1
        for child in node.children:
            _enqueue(stats, questions, child, queue)
    return count, total, smallest


def _enqueue(stats: TreeStats, questions: Questions, node: Node, queue: list[tuple[float, int, Node]]) -> None:
    node.gain, node.key, node.yes_set = best_split(stats, node.rows, questions)
    heapq.heappush(queue, (-node.gain, node.leaf, node))


def _leaf_moments(stats: TreeStats, start: Node, leaf_map: Mapping[int, int]) -> dict[int, Moments]:
    """The moments of a root's leaves that have any data, by their present name."""
    found: dict[int, Moments] = {}
    for leaf in start.leaves():
        if len(leaf.rows):
            name = leaf_map[leaf.leaf]
            found[name] = found.get(name, 0.0) + stats.moments[leaf.rows].sum(axis=0)
    return dict(sorted(found.items()))


def _likelihood(stats: TreeStats, starts: Sequence[Node], leaf_map: Mapping[int, int]) -> float:
    moments = [value for start in starts for value in _leaf_moments(stats, start, leaf_map).values()]
    return float(log_likelihood(np.stack(moments), VARIANCE_FLOOR).sum()) if moments else 0.0


def _clustered(
    stats: TreeStats,
    starts: Sequence[Node],
    leaf_map: dict[int, int],
    *,
    threshold: float = math.inf,
    min_clusters: int = 0,
) -> dict[int, int]:
    """The leaves' new names after merging, numbered on from 0 (ClusterEventMapRestrictedByMap, RenumberEventMap)."""
    compartments = [moments for start in starts if (moments := _leaf_moments(stats, start, leaf_map))]
    without_data = len(set(leaf_map.values())) - sum(map(len, compartments))
    clusters = cluster_bottom_up(
        [np.stack(list(moments.values())) for moments in compartments],
        threshold=threshold,
        min_clusters=max(min_clusters - without_data, 0),
    )
    renamed: dict[int, int] = {}
    for moments, assignment in zip(compartments, clusters, strict=True):
        names = list(moments)
        renamed.update({name: names[cluster] for name, cluster in zip(names, assignment, strict=True)})
    merged = {leaf: renamed.get(name, name) for leaf, name in leaf_map.items()}
    numbers = {name: number for number, name in enumerate(sorted(set(merged.values())))}
    return {leaf: numbers[name] for leaf, name in merged.items()}
