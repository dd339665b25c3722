"""Priors from labels, from averaged posteriors, and uniform ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from blasr.errors import DataError
from blasr.inference.config import PriorConfig
from blasr.pipeline.estimate_priors import estimate_priors, sum_posteriors

COUNTS = np.array([60, 30, 10])


@dataclass(frozen=True)
class _Batch:
    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...] = ()


def batches() -> Iterator[_Batch]:
    """Logits ``(B, 3, T)`` of two batches; one frame has no label."""
    for number in range(2):
        logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(number))
        targets = torch.zeros(2, 4, dtype=torch.long)
        targets[0, 0] = -100
        yield _Batch(logits, targets)


def test_labels_and_uniform() -> None:
    for source, expected in (("labels", [0.6, 0.3, 0.1]), ("uniform", [1 / 3] * 3)):
        config = PriorConfig(smoothing=0.0, source=source)  # type: ignore[arg-type]
        priors = estimate_priors(COUNTS, config, "ali", module=nn.Identity(), batches=batches)
        np.testing.assert_allclose(priors.probabilities, expected)
        assert priors.counts.tolist() == COUNTS.tolist()


def test_posteriors() -> None:
    frames = []
    for batch in batches():
        posteriors = batch.inputs.softmax(1).movedim(1, 2)
        frames.append(posteriors[batch.targets != -100])
    expected = torch.cat(frames).mean(0).numpy()
    config = PriorConfig(smoothing=0.0, source="posteriors")
    priors = estimate_priors(COUNTS, config, "ali", module=nn.Identity(), batches=batches)
    np.testing.assert_allclose(priors.probabilities, expected, rtol=1e-6)
    assert priors.source == "posteriors averaged over 14 frames of the data aligned in ali"
    first = PriorConfig(smoothing=0.0, source="posteriors", posterior_batches=1)
    fewer = estimate_priors(COUNTS, first, "ali", module=nn.Identity(), batches=batches)
    np.testing.assert_allclose(fewer.probabilities, frames[0].mean(0).numpy(), rtol=1e-6)


def test_posteriors_need_data() -> None:
    assert sum_posteriors(nn.Identity(), [])[1] == 0
    with pytest.raises(DataError, match="no training data to average"):
        estimate_priors(COUNTS, PriorConfig(source="posteriors"), "ali", module=nn.Identity(), batches=list)
