"""Bottom-up clustering of the leaves of a tree (ClusterBottomUpCompartmentalized of tree/cluster-utils.cc)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blasr.align.tree_stats import Moments, log_likelihood


class _Compartment:
    """Points that may be merged with each other, and the cost of every merge."""

    def __init__(self, points: Moments) -> None:
        self.moments = points.copy()
        self.values = log_likelihood(points)
        self.cluster_of = np.arange(len(points))
        self.costs = np.full((len(points), len(points)), math.inf)
        for index in range(1, len(points)):
            self._update(index, np.arange(index))

    def cheapest(self) -> float:
        return float(self.costs.min()) if self.costs.size else math.inf

    def merge_cheapest(self) -> None:
        """Merge the two clusters with the lowest cost into the cluster with the higher index."""
        kept, removed = (int(index) for index in np.unravel_index(int(self.costs.argmin()), self.costs.shape))
        self.moments[kept] += self.moments[removed]
        self.values[kept] = log_likelihood(self.moments[kept])
        self.cluster_of[self.cluster_of == removed] = kept
        self.costs[removed, :] = self.costs[:, removed] = math.inf
        alive = np.unique(self.cluster_of)
        self._update(kept, alive[alive != kept])

    def _update(self, index: int, others: NDArray[np.int64]) -> None:
        """Compute the costs of merging one cluster with each of ``others``; they are stored below the diagonal."""
        merged = log_likelihood(self.moments[others] + self.moments[index])
        cost = np.maximum(self.values[others] + self.values[index] - merged, 0.0)
        self.costs[np.maximum(others, index), np.minimum(others, index)] = cost


def cluster_bottom_up(
    compartments: Sequence[Moments], *, threshold: float = math.inf, min_clusters: int = 0
) -> list[NDArray[np.int64]]:
    """Repeatedly merge the two clusters that lose the least log-likelihood.

    Args:
        compartments: the points ``(P, 1 + 2 D)`` of each compartment; clusters never cross compartments.
        threshold: the largest loss of log-likelihood of one merge.
        min_clusters: merging stops at this number of clusters in all compartments together.

    Returns:
        For each compartment, the cluster ``(P,)`` of every point; clusters are numbered from 0 in each compartment.
    """
    states = [_Compartment(points) for points in compartments]
    count = sum(len(points) for points in compartments)
    costs = np.array([state.cheapest() for state in states])
    while count > min_clusters and len(costs) and costs.min() < math.inf and costs.min() <= threshold:
        index = int(costs.argmin())
        states[index].merge_cheapest()
        costs[index] = states[index].cheapest()
        count -= 1
    return [np.unique(state.cluster_of, return_inverse=True)[1].astype(np.int64) for state in states]
