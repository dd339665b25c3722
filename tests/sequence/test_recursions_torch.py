"""Forward-backward in torch against the compiled one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from blasr.sequence.recursions import expected_accuracy, leaky, posteriors
from blasr.sequence.recursions_torch import TorchRecursions
from tests.sequence.systems import random_graph, random_inputs


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
@pytest.mark.parametrize("leak", [0.0, 0.05])
def test_torch_gives_the_same_for_a_batch_of_several_lengths(leak: float, dtype: torch.dtype, tolerance: float) -> None:
    graph = leaky(random_graph(7, num_states=9, num_pdfs=5), leak)
    lengths = [20, 1, 13]
    inputs = [random_inputs(seed, length, 5) for seed, length in enumerate(lengths)]
    batch = np.full((3, 20, 5), np.nan), np.full((3, 20, 5), np.nan)
    for row, arrays in enumerate(inputs):
        for padded, values in zip(batch, arrays, strict=True):
            padded[row, : len(values)] = values
    emissions, accuracies = map(torch.from_numpy, batch)
    recursions = TorchRecursions(graph, torch.device("cpu"), dtype)
    totals, occupations = recursions.posteriors(emissions, torch.tensor(lengths))
    assert occupations is not None
    again, expected, gradients = recursions.expected_accuracy(emissions, accuracies, torch.tensor(lengths))
    for row, (emission, accuracy) in enumerate(inputs):
        occupation, gradient = np.zeros_like(emission), np.zeros_like(emission)
        total = posteriors(graph, emission, occupation)
        _, accurate = expected_accuracy(graph, emission, accuracy, gradient)
        for found, wanted in ((totals, total), (again, total), (expected, accurate)):
            assert found[row].item() == pytest.approx(wanted, abs=20 * tolerance)
        for found, array in ((occupations, occupation), (gradients, gradient)):
            np.testing.assert_allclose(found[row, : lengths[row]].numpy(), array, atol=20 * tolerance)
            assert not found[row, lengths[row] :].any()
    assert recursions.posteriors(emissions, torch.tensor(lengths), gradient=False)[1] is None
