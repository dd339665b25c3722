"""Forward-backward against the enumeration of all paths, and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from blasr.sequence.graph import SequenceGraph
from blasr.sequence.recursions import expected_accuracy, leaky, log_total, posteriors
from tests.sequence.systems import random_graph, random_inputs, weighted_paths

Doubles = NDArray[np.float64]


def enumerate_paths(
    graph: SequenceGraph, leak: float, emissions: Doubles, accuracies: Doubles
) -> tuple[float, Doubles, float]:
    """The total weight, the posteriors of the pdfs, and the expected accuracy."""
    total, accuracy = 0.0, 0.0
    occupation = np.zeros_like(emissions)
    frames = np.arange(len(emissions))
    for states, weight in weighted_paths(graph, leak, len(emissions)):
        pdfs = graph.pdf_ids[states]
        weight *= float(emissions[frames, pdfs].prod())
        total += weight
        occupation[frames, pdfs] += weight
        accuracy += weight * float(accuracies[frames, pdfs].sum())
    return total, occupation / total, accuracy / total


@pytest.mark.parametrize("leak", [0.0, 0.05])
@pytest.mark.parametrize("seed", range(5))
def test_posteriors_are_those_of_all_paths(seed: int, leak: float) -> None:
    graph = random_graph(seed)
    emissions, accuracies = random_inputs(seed)
    weight, occupation, _ = enumerate_paths(graph, leak, emissions, accuracies)
    found = np.zeros_like(emissions)
    total = posteriors(leaky(graph, leak), emissions, found)
    assert total == pytest.approx(np.log(weight), abs=1e-12)
    assert log_total(leaky(graph, leak), emissions) == total
    np.testing.assert_allclose(found, occupation, atol=1e-12)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-12)


@pytest.mark.parametrize("leak", [0.0, 0.05])
@pytest.mark.parametrize("seed", range(5))
def test_expected_accuracy_is_that_of_all_paths(seed: int, leak: float) -> None:
    graph = random_graph(seed)
    emissions, accuracies = random_inputs(seed)
    weight, _, accuracy = enumerate_paths(graph, leak, emissions, accuracies)
    total, found = expected_accuracy(leaky(graph, leak), emissions, accuracies, np.zeros_like(emissions))
    assert total == pytest.approx(np.log(weight), abs=1e-12)
    assert found == pytest.approx(accuracy, abs=1e-12)


@pytest.mark.parametrize("leak", [0.0, 0.05])
def test_gradients_are_finite_differences(leak: float) -> None:
    """The posteriors are the gradient of the log total, and the other gradient that of the expected accuracy."""
    arrays = leaky(random_graph(3), leak)
    emissions, accuracies = random_inputs(3, num_frames=12)
    occupation, gradient = np.zeros_like(emissions), np.zeros_like(emissions)
    posteriors(arrays, emissions, occupation)
    expected_accuracy(arrays, emissions, accuracies, gradient)
    step = 1e-5
    for frame, pdf in np.ndindex(*emissions.shape):
        totals, expected = [], []
        for sign in (1, -1):
            changed = emissions.copy()
            changed[frame, pdf] *= np.exp(sign * step)
            totals.append(log_total(arrays, changed))
            expected.append(expected_accuracy(arrays, changed, accuracies, np.zeros_like(emissions))[1])
        assert (totals[0] - totals[1]) / (2 * step) == pytest.approx(occupation[frame, pdf], abs=1e-8)
        assert (expected[0] - expected[1]) / (2 * step) == pytest.approx(gradient[frame, pdf], abs=1e-8)


def test_an_utterance_without_a_path() -> None:
    graph = random_graph(0)
    emissions, accuracies = random_inputs(0)
    emissions[2] = 0
    occupation = np.zeros_like(emissions)
    assert posteriors(leaky(graph, 0.1), emissions, occupation) == -np.inf
    assert log_total(leaky(graph, 0.1), emissions) == -np.inf
    assert expected_accuracy(leaky(graph, 0.1), emissions, accuracies, occupation) == (-np.inf, 0.0)
    assert not occupation.any()
    emissions[2] = np.nan
    assert np.isnan(posteriors(leaky(graph, 0.1), emissions, occupation))
    assert np.isnan(expected_accuracy(leaky(graph, 0.1), emissions, accuracies, occupation)[0])
