"""Forward-backward against the enumeration of all paths, and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from blasr.sequence.graph import SequenceGraph
from blasr.sequence.recursions import expected_accuracy, leaky, log_total, posteriors
from blasr.sequence.recursions_torch import TorchRecursions
from tests.sequence.systems import random_graph, weighted_paths

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


def random_inputs(seed: int, num_frames: int = 5, num_pdfs: int = 3) -> tuple[Doubles, Doubles]:
    random = np.random.default_rng(100 + seed)
    return np.exp(random.normal(size=(num_frames, num_pdfs))), random.uniform(size=(num_frames, num_pdfs))


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


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
@pytest.mark.parametrize("leak", [0.0, 0.05])
def test_torch_gives_the_same_for_a_batch_of_several_lengths(leak: float, dtype: torch.dtype, tolerance: float) -> None:
    graph = random_graph(7, num_states=9, num_pdfs=5)
    lengths = [20, 1, 13]
    inputs = [random_inputs(seed, length, 5) for seed, length in enumerate(lengths)]
    batch = np.full((3, 20, 5), np.nan), np.full((3, 20, 5), np.nan)
    for row, arrays in enumerate(inputs):
        for padded, values in zip(batch, arrays, strict=True):
            padded[row, : len(values)] = values
    emissions, accuracies = map(torch.from_numpy, batch)
    recursions = TorchRecursions(leaky(graph, leak), torch.device("cpu"), dtype)
    totals, occupations = recursions.posteriors(emissions, torch.tensor(lengths))
    assert occupations is not None
    again, expected, gradients = recursions.expected_accuracy(emissions, accuracies, torch.tensor(lengths))
    for row, (emission, accuracy) in enumerate(inputs):
        occupation, gradient = np.zeros_like(emission), np.zeros_like(emission)
        total = posteriors(leaky(graph, leak), emission, occupation)
        _, accurate = expected_accuracy(leaky(graph, leak), emission, accuracy, gradient)
        for found, wanted in ((totals, total), (again, total), (expected, accurate)):
            assert found[row].item() == pytest.approx(wanted, abs=20 * tolerance)
        for found, array in ((occupations, occupation), (gradients, gradient)):
            np.testing.assert_allclose(found[row, : lengths[row]].numpy(), array, atol=20 * tolerance)
            assert not found[row, lengths[row] :].any()
    assert recursions.posteriors(emissions, torch.tensor(lengths), gradient=False)[1] is None
