"""Bottom-up clustering of a tree's leaves (tree/cluster-utils.cc ClusterBottomUpCompartmentalized)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blasr.align.tree_stats import Moments, log_likelihood


class _Compartment:
    """Points that may merge with each other, and what each merger would cost."""

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
        """Add the cluster with the lower index to the one with the higher."""
        kept, gone = (int(index) for index in np.unravel_index(int(self.costs.argmin()), self.costs.shape))
        self.moments[kept] += self.moments[gone]
        self.values[kept] = log_likelihood(self.moments[kept])
        self.cluster_of[self.cluster_of == gone] = kept
        self.costs[gone, :] = self.costs[:, gone] = math.inf
        alive = np.unique(self.cluster_of)
        self._update(kept, alive[alive != kept])

    def _update(self, index: int, others: NDArray[np.int64]) -> None:
        """Costs of merging one cluster with each of ``others``, kept below the diagonal."""
        merged = log_likelihood(self.moments[others] + self.moments[index])
        cost = np.maximum(self.values[others] + self.values[index] - merged, 0.0)
        self.costs[np.maximum(others, index), np.minimum(others, index)] = cost


def cluster_bottom_up(
    compartments: Sequence[Moments], *, threshold: float = math.inf, min_clusters: int = 0
) -> list[NDArray[np.int64]]:
    """Merge the two clusters whose merger costs the least likelihood, again and again.

    Args:
        compartments: the points ``(P, 1 + 2 D)`` of each compartment; clusters never span two.
        threshold: the greatest loss of log likelihood that one merger may bring.
        min_clusters: the number of clusters, of all compartments together, to stop at.

    Returns:
        For each compartment the cluster ``(P,)`` of every point, numbered from 0 in each compartment.
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
