"""Normalization, the stationary distribution and the file of a sequence graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import FormatError
from blasr.sequence.graph import SequenceGraph, normalized
from tests.sequence.systems import dense_matrix, random_graph, weighted_paths


def unnormalized(graph: SequenceGraph, seed: int) -> SequenceGraph:
    """The graph with weights moved along its paths, and every path three times as heavy."""
    potential = np.random.default_rng(seed).uniform(0.5, 2, graph.num_states)
    sources = np.repeat(np.arange(graph.num_states), np.diff(graph.offsets))
    return replace(
        graph,
        initial=3 * graph.initial / potential,
        final=graph.final * potential,
        probabilities=graph.probabilities * potential[sources] / potential[graph.targets],
    )


@pytest.mark.parametrize("seed", range(3))
def test_normalization_keeps_the_share_of_every_path(seed: int) -> None:
    graph = random_graph(seed)
    found, total = normalized(unnormalized(graph, seed))
    assert total == pytest.approx(3)
    np.testing.assert_allclose(dense_matrix(found).sum(1) + found.final, 1, atol=1e-9)
    assert found.initial.sum() == pytest.approx(1)
    expected = {tuple(path): weight for path, weight in weighted_paths(graph, 0, 4)}
    assert {tuple(path): pytest.approx(weight) for path, weight in weighted_paths(found, 0, 4)} == expected


def test_the_stationary_distribution_does_not_change() -> None:
    graph = random_graph(1)
    restarted = dense_matrix(graph) + np.outer(graph.final, graph.initial)
    assert graph.stationary.sum() == pytest.approx(1)
    np.testing.assert_allclose(graph.stationary @ restarted, graph.stationary, atol=2e-3)


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    graph = random_graph(0)
    graph.write(tmp_path / "graph.npz")
    found = SequenceGraph.read(tmp_path / "graph.npz")
    assert vars(found).keys() == vars(graph).keys()
    for name, value in vars(graph).items():
        np.testing.assert_array_equal(getattr(found, name), value)


@pytest.mark.parametrize("content", [b"", b"no zip file", None])
def test_something_else_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "graph.npz"
    if content is None:
        with path.open("wb") as file:
            np.savez(file, initial=np.ones(1))
    else:
        path.write_bytes(content)
    with pytest.raises(FormatError, match="cannot be read as a sequence graph"):
        SequenceGraph.read(path)
