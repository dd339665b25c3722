from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.align.leaf_clustering import cluster_bottom_up
from blasr.align.tree_stats import Moments, log_likelihood, moments_of


def points(seed: int, centers: list[float]) -> Moments:
    random = np.random.default_rng(seed)
    return np.stack([moments_of(random.normal(center, 1.0, size=(50, 2))).sum(axis=0) for center in centers])


def test_similar_points_are_merged_first() -> None:
    (clusters,) = cluster_bottom_up([points(0, [0.0, 10.0, 0.0, 10.0])], min_clusters=2)
    assert clusters[0] == clusters[2] != clusters[1] == clusters[3]


def test_compartments_are_not_merged() -> None:
    alike = points(1, [0.0, 0.0])
    clusters = cluster_bottom_up([alike[:1], alike[1:]])
    assert [assignment.tolist() for assignment in clusters] == [[0], [0]]


def test_no_merge_costs_more_than_the_threshold() -> None:
    data = points(2, [0.0, 0.1, 50.0])
    (clusters,) = cluster_bottom_up([data], threshold=20.0)
    assert clusters.max() == 1
    (untouched,) = cluster_bottom_up([data], threshold=0.0)
    assert untouched.tolist() == [0, 1, 2]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9), st.integers(0, 1000))
def test_the_first_merge_has_the_lowest_cost(centers: list[float], seed: int) -> None:
    data = points(seed, centers)
    (clusters,) = cluster_bottom_up([data], min_clusters=len(data) - 1)
    assert clusters.max() == len(data) - 2
    costs = {
        (i, j): log_likelihood(data[i]) + log_likelihood(data[j]) - log_likelihood(data[i] + data[j])
        for i in range(len(data))
        for j in range(i)
    }
    (merged,) = (pair for pair in costs if clusters[pair[0]] == clusters[pair[1]])
    assert costs[merged] <= min(costs.values()) + 1e-6
