"""Greedy growth of decision trees: the split with the largest gain in log-likelihood comes first.

SplitDecisionTree and FindBestSplit of tree/build-tree-utils.cc.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blasr.align.config import TreeOptions
from blasr.align.questions import PhoneSet, Questions
from blasr.align.tree_stats import Moments, TreeStats, log_likelihood
from blasr.hmm.event_map import ConstantEventMap, EventMap, SplitEventMap


@dataclass(frozen=True)
class Split:
    """A question and its gain.

    Attributes:
        gain: the gain in log-likelihood; 0 if no question gains anything.
        key: the key of the question, see :class:`~blasr.align.questions.Questions`.
        yes_set: the values for which the answer is yes.
    """

    gain: float = 0.0
    key: int = 0
    yes_set: PhoneSet = ()


@dataclass
class Node:
    """A leaf of the growing tree or, once it is split, an inner node.

    Attributes:
        leaf: the number of the leaf, from 0; the yes child of a split keeps it.
        rows: rows of the statistics that reach the node.
        split: the best split of the node.
        children: the yes and the no child, once the node is split.
    """

    leaf: int
    rows: NDArray[np.int64]
    split: Split = Split()
    children: tuple[Node, Node] | None = None

    def event_map(self, leaf_map: Mapping[int, int]) -> EventMap:
        """The subtree as an event map, with the leaves renumbered by ``leaf_map``."""
        if self.children is None:
            return ConstantEventMap(leaf_map[self.leaf])
        yes, no = self.children
        return SplitEventMap(
            self.split.key, frozenset(self.split.yes_set), yes.event_map(leaf_map), no.event_map(leaf_map)
        )

    def leaves(self) -> Iterator[Node]:
        """All leaves of the subtree, yes children first."""
        if self.children is None:
            yield self
        else:
            for child in self.children:
                yield from child.leaves()


@dataclass(frozen=True)
class Growth:
    """The splits of a tree.

    Attributes:
        num_splits: their number.
        gain: their total gain in log-likelihood.
        smallest_split: the smallest gain; inf without splits.
    """

    num_splits: int
    gain: float
    smallest_split: float


def grow(
    stats: TreeStats, questions: Questions, starts: Sequence[Node], num_leaves: int, options: TreeOptions
) -> Growth:
    """Split nodes in place until no split gains enough or the tree has all its leaves (SplitDecisionTree).

    Args:
        stats: the statistics.
        questions: the questions that may be asked.
        starts: leaves that may be split.
        num_leaves: all leaves so far, including those that may not be split.
        options: the limits.
    """
    queue: list[tuple[float, int, Node]] = []

    def enqueue(node: Node) -> None:
        node.split = best_split(stats, node.rows, questions)
        heapq.heappush(queue, (-node.split.gain, node.leaf, node))

    for node in starts:
        enqueue(node)
    num_splits, total, smallest = 0, 0.0, math.inf
    while queue and -queue[0][0] > options.split_threshold and not 0 < options.max_leaves <= num_leaves:
        _, _, node = heapq.heappop(queue)
        num_splits, total, smallest = num_splits + 1, total + node.split.gain, min(smallest, node.split.gain)
        is_yes = np.isin(stats.values(node.split.key)[node.rows], node.split.yes_set)
        node.children = (Node(node.leaf, node.rows[is_yes]), Node(num_leaves, node.rows[~is_yes]))
        num_leaves += 1
        for child in node.children:
            enqueue(child)
    return Growth(num_splits, total, smallest)


def best_split(stats: TreeStats, rows: NDArray[np.int64], questions: Questions) -> Split:
    """The best question about some rows of the statistics (FindBestSplit).

    Keys are tried in ascending order; the first of several equal gains wins.
    """
    best = Split()
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
        yes = questions.membership(key, int(seen[-1]) + 1)[:, seen] @ by_value  # (Q, 1 + 2 D)
        no = total - yes
        gains = log_likelihood(yes) + log_likelihood(no) - unsplit
        gains[(yes[:, 0] <= 0) | (no[:, 0] <= 0)] = 0.0
        if len(gains) and gains.max() > best.gain:
            index = int(gains.argmax())
            best = Split(float(gains[index]), key, questions.of_key[key][index])
    return best
