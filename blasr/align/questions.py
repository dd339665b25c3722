"""Questions about phones, clustered from data (AutomaticallyObtainQuestions of tree/build-tree.cc, cluster-utils.cc).

Phone sets are clustered top-down into a binary tree, by the likelihood of the middle states of the phones. Every node
of that tree gives a question: "is this phone one of these?".
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blasr.align.tree_stats import Moments, TreeStats, log_likelihood
from blasr.errors import DataError

PhoneSet = tuple[int, ...]

PDF_CLASS_KEY = -1
"""The key of a question about the pdf-class (Kaldi's kPdfClass)."""

NUM_TRIES = 10
"""Starting points of each two-way split, as in AutomaticallyObtainQuestions."""

NUM_REFINEMENTS = 100
"""The largest number of sweeps over the points of one split (RefineClustersOptions)."""


@dataclass(frozen=True)
class Questions:
    """The sets that may be asked about, by key: a position in the phone window, or :data:`PDF_CLASS_KEY`."""

    of_key: dict[int, tuple[PhoneSet, ...]]

    @property
    def keys(self) -> list[int]:
        """The keys in ascending order. They are tried in this order."""
        return sorted(self.of_key)

    def membership(self, key: int, size: int) -> NDArray[np.float64]:
        """A matrix ``(Q, size)``: 1 if question q contains value v, otherwise 0; larger values are ignored."""
        table = np.zeros((len(self.of_key[key]), size))
        for row, values in enumerate(self.of_key[key]):
            table[row, [value for value in values if value < size]] = 1.0
        return table


def compile_questions(
    phone_questions: Iterable[Sequence[int]], num_pdf_classes: int, context_width: int = 3
) -> Questions:
    """Return phone questions for every position, and questions about the pdf-class (bin/compile-questions.cc).

    Args:
        phone_questions: sets of phones; duplicates are dropped.
        num_pdf_classes: the largest number of pdf-classes of a phone.
        context_width: phones in the window.
    """
    phones = tuple(sorted({tuple(sorted(set(question))) for question in phone_questions if question}))
    of_key: dict[int, tuple[PhoneSet, ...]] = dict.fromkeys(range(context_width), phones)
    of_key[PDF_CLASS_KEY] = tuple(tuple(range(last + 1)) for last in range(num_pdf_classes - 1))
    return Questions(of_key)


def cluster_phones(
    stats: TreeStats, phone_sets: Sequence[Sequence[int]], *, pdf_classes: Sequence[int] = (1,)
) -> list[PhoneSet]:
    """Cluster phone sets top-down and return the questions, including the sets, sorted (bin/cluster-phones.cc).

    Args:
        stats: the statistics of phones in context.
        phone_sets: disjoint sets that no question separates (``phones/sets.int``).
        pdf_classes: the states that represent a phone, by default the middle one.

    Raises:
        DataError: a phone is in two sets, or there are no phones.
    """
    sets = [tuple(sorted(phones)) for phones in phone_sets if phones]
    listed = [phone for phones in sets for phone in phones]
    if not listed or len(set(listed)) != len(listed):
        raise DataError(
            "the phone sets to cluster are empty or share a phone",
            fix="give every phone exactly one line in phones/sets.int",
        )
    chosen = np.isin(stats.pdf_classes, list(pdf_classes))
    phones, moments = stats.central_phones[chosen], stats.moments[chosen]
    points = np.stack([moments[np.isin(phones, members)].sum(axis=0) for members in sets])
    nodes = _cluster_top_down(points)
    questions = {tuple(sorted(phone for point in node for phone in sets[point])) for node in nodes}
    return sorted(questions | set(sets))


def _cluster_top_down(points: Moments) -> list[list[int]]:
    """All nodes, as lists of points, of a tree that first splits the node with the largest gain (TreeClusterer)."""
    root = list(range(len(points)))
    nodes, queue = [root], [(*_best_bisection(points, root), 0)]
    while queue:
        negative_gain, halves, _ = heapq.heappop(queue)
        if negative_gain >= 0 or not all(halves):
            continue
        for half in halves:
            nodes.append(half)
            if len(half) > 1:
                heapq.heappush(queue, (*_best_bisection(points, half), len(nodes)))
    return nodes


def _best_bisection(points: Moments, members: list[int]) -> tuple[float, tuple[list[int], list[int]]]:
    """The negated gain and the halves of the best of several k-means runs with two clusters (ClusterKMeans).

    Kaldi chooses starting points at random. Here each run starts from points assigned alternately, in
    steps of a stride coprime to their number, so that the same statistics always give the same questions.
    """
    count = len(members)
    if count < 2:
        return 0.0, (members, [])
    chosen = points[members]
    unsplit = float(log_likelihood(chosen.sum(axis=0)))
    strides = [stride for stride in range(1, count) if math.gcd(stride, count) == 1] or [1]
    picks = np.unique(np.linspace(0, len(strides) - 1, min(NUM_TRIES, len(strides))).round().astype(int))
    best_gain, best = -math.inf, np.zeros(count, dtype=np.int64)
    for pick in picks:
        assignment = np.zeros(count, dtype=np.int64)
        assignment[np.arange(count) * strides[pick] % count] = np.arange(count) % 2
        gain = _refine(chosen, assignment) - unsplit
        if gain > best_gain:
            best_gain, best = gain, assignment
    halves = [member for member, side in zip(members, best, strict=True) if side == 0]
    others = [member for member, side in zip(members, best, strict=True) if side == 1]
    return -best_gain, (halves, others)


def _refine(points: Moments, assignment: NDArray[np.int64]) -> float:
    """Move single points between two clusters while that increases the log-likelihood (RefineClusters).

    Args:
        points: moments ``(P, 1 + 2 D)``.
        assignment: the cluster ``(P,)`` of every point, 0 or 1; changed in place.

    Returns:
        The log-likelihood that was reached.
    """
    clusters = np.stack([points[assignment == side].sum(axis=0) for side in (0, 1)])
    value = float(log_likelihood(clusters).sum())
    for _ in range(NUM_REFINEMENTS):
        moved = False
        for point, moments in enumerate(points):
            side = assignment[point]
            trial = clusters.copy()
            trial[side] -= moments
            trial[1 - side] += moments
            trial_value = float(log_likelihood(trial).sum())
            if trial_value > value + 1e-9 * abs(value):
                clusters, value, moved = trial, trial_value, True
                assignment[point] = 1 - side
        if not moved:
            break
    return value
