"""Building the phonetic decision tree: growth, then merging of similar leaves (tree/build-tree.cc)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from blasr.align.config import TreeOptions
from blasr.align.leaf_clustering import cluster_bottom_up
from blasr.align.questions import PhoneSet, Questions
from blasr.align.tree_growth import Growth, Node, grow
from blasr.align.tree_stats import VARIANCE_FLOOR, Moments, TreeStats, log_likelihood
from blasr.errors import DataError
from blasr.hmm.event_map import ConstantEventMap, EventMap, SplitEventMap, TableEventMap
from blasr.hmm.tree import ContextDependency, stub_map

ROUNDED_TO: Final = 8
"""Merging continues until the number of leaves is a multiple of this, where possible."""

_LeafMap = dict[int, int]  # from the number of a leaf during growth to its current pdf-id


@dataclass(frozen=True)
class Root:
    """One line of ``phones/roots.int``.

    Attributes:
        phones: phones that start from the same roots.
        shared: whether their pdf-classes share one root.
        split: whether the tree below may be split.
    """

    phones: PhoneSet
    shared: bool = True
    split: bool = True


@dataclass(frozen=True)
class TreeReport:
    """How a tree was built. Log-likelihoods are sums over the frames of the statistics.

    Attributes:
        num_splits: splits while the tree grew.
        num_removed: leaves that merging removed.
        num_leaves: leaves of the finished tree.
        gain: the gain in log-likelihood of all splits.
        loss_from_clustering: the loss in log-likelihood of all merges.
        smallest_split: the smallest gain of a split; inf without splits.
        num_frames: frames of the statistics.
        unseen_phones: phones without frames.
    """

    num_splits: int
    num_removed: int
    num_leaves: int
    gain: float
    loss_from_clustering: float
    smallest_split: float
    num_frames: float
    unseen_phones: PhoneSet


def build_tree(
    stats: TreeStats,
    questions: Questions,
    roots: Sequence[Root],
    num_pdf_classes: Mapping[int, int],
    options: TreeOptions,
) -> tuple[ContextDependency, TreeReport]:
    """Build a tree: split the leaf with the largest gain until no split gains enough, then merge similar leaves.

    Args:
        stats: the statistics of phones in context.
        questions: the questions that may be asked.
        roots: the phones of every root.
        num_pdf_classes: the number of pdf-classes of every phone.
        options: limits of growing and merging.

    Raises:
        DataError: the statistics have a phone that no root has, or a phone is in two roots.
    """
    by_root = _start_nodes(stats, roots, num_pdf_classes)
    starts = [node for nodes in by_root for node in nodes]
    splittable = [
        node for root, nodes in zip(roots, by_root, strict=True) if root.split and root.shared for node in nodes
    ]
    growth = grow(stats, questions, splittable, len(starts), options)
    grown = {leaf.leaf: leaf.leaf for start in starts for leaf in start.leaves()}
    merged = _merge_similar(stats, starts, grown, growth, options)
    stub = stub_map(
        stats.central_position, [root.phones for root in roots], num_pdf_classes, [root.shared for root in roots]
    )
    event_map = _replace_leaves(stub, {number: start.event_map(merged) for number, start in enumerate(starts)})
    tree = ContextDependency(stats.context_width, stats.central_position, event_map)
    num_leaves = len(set(merged.values()))
    report = TreeReport(
        num_splits=growth.num_splits,
        num_removed=len(merged) - num_leaves,
        num_leaves=num_leaves,
        gain=growth.gain,
        loss_from_clustering=_likelihood(stats, starts, grown) - _likelihood(stats, starts, merged),
        smallest_split=growth.smallest_split,
        num_frames=stats.num_frames,
        unseen_phones=tuple(sorted(_phones_of(roots) - set(stats.central_phones.tolist()))),
    )
    return tree, report


def _phones_of(roots: Sequence[Root]) -> set[int]:
    return {phone for root in roots for phone in root.phones}


def _start_nodes(stats: TreeStats, roots: Sequence[Root], num_pdf_classes: Mapping[int, int]) -> list[list[Node]]:
    """For each root its first leaves, numbered in the same way as in :func:`blasr.hmm.tree.stub_map`."""
    missing = sorted(set(stats.central_phones.tolist()) - _phones_of(roots))
    if missing:
        raise DataError(
            f"the alignments have phones {missing}, which are not in the roots of the tree",
            fix="make the lang directory again with `blasr lang`",
        )
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


def _merge_similar(
    stats: TreeStats, starts: Sequence[Node], leaf_map: _LeafMap, growth: Growth, options: TreeOptions
) -> _LeafMap:
    """Merge leaves of one root where that costs little, then until their number is a multiple of 8."""
    threshold = growth.smallest_split if options.cluster_threshold < 0 else options.cluster_threshold
    if threshold <= 0 or not growth.num_splits:
        return leaf_map
    leaf_map = _cluster(stats, starts, leaf_map, threshold=threshold)
    rounded = len(set(leaf_map.values())) // ROUNDED_TO * ROUNDED_TO
    if options.round_leaves and rounded >= len(starts):
        leaf_map = _cluster(stats, starts, leaf_map, min_clusters=rounded)
    return leaf_map


def _cluster(
    stats: TreeStats,
    starts: Sequence[Node],
    leaf_map: _LeafMap,
    *,
    threshold: float = math.inf,
    min_clusters: int = 0,
) -> _LeafMap:
    """Merge leaves of each start node; see :func:`~blasr.align.leaf_clustering.cluster_bottom_up`.

    Returns:
        The leaf map with new pdf-ids from 0 (ClusterEventMapRestrictedByMap and RenumberEventMap).
    """
    compartments = [moments for start in starts if (moments := _leaf_moments(stats, start, leaf_map))]
    without_data = len(set(leaf_map.values())) - sum(map(len, compartments))
    clusters = cluster_bottom_up(
        [np.stack(list(moments.values())) for moments in compartments],
        threshold=threshold,
        min_clusters=max(min_clusters - without_data, 0),
    )
    merged_into: dict[int, int] = {}
    for moments, assignment in zip(compartments, clusters, strict=True):
        pdfs = list(moments)
        merged_into.update({pdf: pdfs[cluster] for pdf, cluster in zip(pdfs, assignment, strict=True)})
    merged = {leaf: merged_into.get(pdf, pdf) for leaf, pdf in leaf_map.items()}
    new_ids = {pdf: number for number, pdf in enumerate(sorted(set(merged.values())))}
    return {leaf: new_ids[pdf] for leaf, pdf in merged.items()}


def _leaf_moments(stats: TreeStats, start: Node, leaf_map: Mapping[int, int]) -> dict[int, Moments]:
    """The moments of the leaves below a start node that have frames, by current pdf-id in ascending order."""
    found: dict[int, Moments] = {}
    for leaf in start.leaves():
        if len(leaf.rows):
            pdf = leaf_map[leaf.leaf]
            found[pdf] = found.get(pdf, 0.0) + stats.moments[leaf.rows].sum(axis=0)
    return dict(sorted(found.items()))


def _likelihood(stats: TreeStats, starts: Sequence[Node], leaf_map: Mapping[int, int]) -> float:
    """The log-likelihood of all frames, each under the Gaussian of its leaf."""
    moments = [value for start in starts for value in _leaf_moments(stats, start, leaf_map).values()]
    return float(log_likelihood(np.stack(moments), VARIANCE_FLOOR).sum()) if moments else 0.0


def _replace_leaves(event_map: EventMap, subtrees: Mapping[int, EventMap]) -> EventMap:
    """Replace every leaf of the stub by the tree that grew from it."""
    if isinstance(event_map, ConstantEventMap):
        return subtrees[event_map.answer]
    if isinstance(event_map, TableEventMap):
        branches = (None if branch is None else _replace_leaves(branch, subtrees) for branch in event_map.table)
        return TableEventMap(event_map.key, tuple(branches))
    return SplitEventMap(
        event_map.key,
        event_map.yes_set,
        _replace_leaves(event_map.yes, subtrees),
        _replace_leaves(event_map.no, subtrees),
    )
