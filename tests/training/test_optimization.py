"""One optimizer step, and what is reported when it fails."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blasr.errors import ConfigError, TrainingError
from blasr.training import CrossEntropy, DistributedContext, TrainingConfig
from blasr.training.optimization import Optimization, describe_failure
from tests.training.toy import ToyBatch

NAMES = tuple(f"u{number}" for number in range(10))


def batch(inputs: torch.Tensor) -> ToyBatch:
    return ToyBatch(inputs, torch.zeros(len(inputs), dtype=torch.long), NAMES[: len(inputs)])


def test_channels_last_is_refused_on_the_cpu() -> None:
    """PyTorch 2.11 frees memory twice in the backward pass of narrow channels-last convolutions."""
    with pytest.raises(ConfigError, match="channels_last"):
        Optimization(nn.Conv2d(3, 4, 3), CrossEntropy(), TrainingConfig(channels_last=True), DistributedContext())


def test_a_step_subtracts_the_rate_times_the_mean_gradient() -> None:
    module = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(module.weight)
    config = TrainingConfig(momentum=0.0, nesterov=False, weight_decay=0.0, gradient_clipping=0.0)
    result = Optimization(module, CrossEntropy(), config, DistributedContext()).step(batch(torch.ones(2, 1)), 0.5)
    # both classes have probability 0.5: the gradient is (0.5 - 1, 0.5)
    assert module.weight.flatten().tolist() == pytest.approx([0.25, -0.25])
    assert result.loss == pytest.approx(2 * 0.6931472) and result.count == 2
    assert result.gradient_norm == pytest.approx(0.5**0.5)


def test_a_loss_that_is_not_finite_leaves_the_weights_unchanged() -> None:
    module = nn.Linear(1, 2)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    step = Optimization(module, CrossEntropy(), TrainingConfig(), DistributedContext())
    with pytest.raises(TrainingError, match="the loss is nan: the inputs of u1 are not finite"):
        step.step(batch(torch.tensor([[1.0], [float("nan")]])), 0.1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_a_failure_names_the_items_of_the_batch() -> None:
    inputs = torch.ones(10, 1)
    nan = float("nan")
    expected = "the loss is nan; the batch contains u0, u1, u2, u3, u4, u5, u6, u7 and 2 more"
    assert describe_failure(batch(inputs), nan, nan, 1.0) == expected
    assert describe_failure(batch(inputs), 1.0, nan, 1.0) == "the loss is nan"  # another process has the cause
    assert describe_failure(batch(inputs[:1]), 1.0, 1.0, nan).startswith("the norm of the gradient is nan; the batch")
