"""Sparse products against dense ones."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.sequence.linear import multiply, multiply_transposed
from tests.sequence.systems import dense_matrix, random_graph


@pytest.mark.parametrize("seed", range(3))
def test_products_are_those_of_the_dense_matrix(seed: int) -> None:
    graph = random_graph(seed, num_states=7)
    vector = np.random.default_rng(seed).normal(size=7)
    vector[2] = 0
    matrix = graph.offsets, graph.targets, graph.probabilities
    np.testing.assert_allclose(multiply(*matrix, vector), dense_matrix(graph) @ vector, atol=1e-15)
    np.testing.assert_allclose(multiply_transposed(*matrix, vector), vector @ dense_matrix(graph), atol=1e-15)
