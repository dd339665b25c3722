"""Cross-entropy as sums over the targets that count."""

from __future__ import annotations

import math

import pytest
import torch

from blasr.training import CrossEntropy
from blasr.units import IGNORE_INDEX


def test_sums_over_known_targets() -> None:
    outputs = torch.tensor([[[2.0, 0.0, 5.0], [0.0, 0.0, 0.0]]])  # (B=1, classes=2, T=3)
    targets = torch.tensor([[0, 1, IGNORE_INDEX]])
    sums = CrossEntropy()(outputs, targets)
    assert sums.loss.item() == pytest.approx(math.log1p(math.exp(-2)) + math.log(2), rel=1e-6)
    assert (sums.correct.item(), sums.count.item()) == (1, 2)


def test_smoothing_is_for_training_only() -> None:
    outputs, targets = torch.tensor([[3.0, 0.0]]), torch.tensor([0])
    loss = CrossEntropy(label_smoothing=0.2)
    plain = CrossEntropy()(outputs, targets).loss
    assert loss(outputs, targets).loss > plain
    assert loss.eval()(outputs, targets).loss == plain


def test_a_batch_of_ignored_targets_is_zero() -> None:
    sums = CrossEntropy()(torch.randn(2, 3, 4), torch.full((2, 4), IGNORE_INDEX))
    assert (sums.loss.item(), sums.correct.item(), sums.count.item()) == (0, 0, 0)
