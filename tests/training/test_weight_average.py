"""The moving average of the weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blasr.training.weight_average import WeightAverage


def test_the_average_of_a_few_steps() -> None:
    module = nn.BatchNorm1d(1)
    average = WeightAverage(module, 0.5)
    expected = 1.0
    for step, value in enumerate((2.0, 3.0, -1.0), 1):
        with torch.no_grad():
            module.weight.fill_(value)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    assert average.state()["weight"].item() == pytest.approx(expected)
    assert average.state().keys() == {"weight", "bias", "running_mean", "running_var"}


def test_in_place_and_back() -> None:
    module = nn.Linear(2, 2)
    average = WeightAverage(module, 0.9)
    with torch.no_grad():
        module.weight.fill_(1.0)
    average.update(1)
    kept, own = average.state()["weight"].clone(), module.weight.clone()
    with average.in_place():
        assert torch.equal(module.weight, kept)
    assert torch.equal(module.weight, own) and torch.equal(average.state()["weight"], kept)


def test_the_state_is_restored() -> None:
    one, other = WeightAverage(nn.Linear(2, 2), 0.9), WeightAverage(nn.Linear(2, 2), 0.9)
    other.load(one.state())
    assert all(torch.equal(one.state()[name], other.state()[name]) for name in one.state())
