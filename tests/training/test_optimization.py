"""One optimizer step: its arithmetic, accumulation, and what stays unchanged if it is not finite."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from blasr.errors import ConfigError
from blasr.training import CrossEntropy, DistributedContext, TrainingConfig
from blasr.training.optimization import Optimization
from tests.training.toy import ToyBatch, ToySource, toy_module

NAMES = tuple(f"u{number}" for number in range(10))


def batch(inputs: torch.Tensor) -> ToyBatch:
    return ToyBatch(inputs, torch.zeros(len(inputs), dtype=torch.long), NAMES[: len(inputs)])


def optimization(module: nn.Module, **values: Any) -> Optimization:
    return Optimization(module, CrossEntropy(), TrainingConfig(**values), DistributedContext())


def test_channels_last_is_refused_on_the_cpu() -> None:
    """PyTorch 2.11 frees memory twice in the backward pass of narrow channels-last convolutions."""
    with pytest.raises(ConfigError, match="channels_last"):
        optimization(nn.Conv2d(3, 4, 3), channels_last=True)


def test_a_step_subtracts_the_rate_times_the_mean_gradient() -> None:
    module = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(module.weight)
    step = optimization(module, momentum=0.0, nesterov=False, weight_decay=0.0, gradient_clipping=0.0)
    loss, _, count, norm, skipped, request = step.step([batch(torch.ones(2, 1))], 0.5, 1, [3.0]).values.tolist()
    # both classes have probability 0.5: the gradient is (0.5 - 1, 0.5)
    assert module.weight.flatten().tolist() == pytest.approx([0.25, -0.25])
    assert loss == pytest.approx(2 * 0.6931472) and count == 2
    assert norm == pytest.approx(0.5**0.5) and not skipped and request == 3.0


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_accumulated_batches_are_one_large_batch(optimizer: str, precision: str) -> None:
    """The batches have unequal numbers of targets; the mean is over all of them."""
    modules = [nn.Linear(2, 3), nn.Linear(2, 3)]
    modules[1].load_state_dict(modules[0].state_dict())
    before = modules[0].weight.detach().clone()
    batches: list[ToyBatch] = [*ToySource().batches(1)][:3]
    batches[1].targets[:4] = -100
    whole = ToyBatch(
        torch.cat([item.inputs for item in batches]),
        torch.cat([item.targets for item in batches]),
        tuple(name for item in batches for name in item.names),
    )
    results = []
    for module, groups, accumulate in zip(modules, (batches, [whole]), (3, 1), strict=True):
        step = optimization(module, optimizer=optimizer, precision=precision, accumulate=accumulate)
        results.append(step.step(groups, 0.1, 1).values)
    tolerance = 1e-6 if precision == "float32" else 2e-2
    torch.testing.assert_close(results[0], results[1], rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(modules[0].weight, modules[1].weight, rtol=tolerance, atol=tolerance)
    assert (modules[0].weight - before).abs().max() > 0.01


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_loss_that_is_not_finite_leaves_the_weights_unchanged(optimizer: str) -> None:
    """The next step is the same as without the failure, statistics of batch norm included."""
    modules = [toy_module(), toy_module()]
    good, other = [*ToySource().batches(1)][:2]
    bad = ToyBatch(torch.full((8, 2), float("nan")), good.targets, good.names)
    for module, batches in zip(modules, ([good, other], [bad, good, bad, other]), strict=True):
        for layer in module.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0
        step = optimization(module, optimizer=optimizer, skip_non_finite=2)
        skipped = [bool(step.step([item], 0.1, 1).values[4]) for item in batches]
        assert skipped == [item is bad for item in batches]
    one, two = (module.state_dict() for module in modules)
    assert all(torch.equal(one[name], two[name]) for name in one if not name.endswith("num_batches_tracked"))


def test_the_scale_of_the_loss_adapts_and_is_kept() -> None:
    module = nn.Linear(2, 3)
    step = optimization(module, precision="float16")
    good = next(iter(ToySource().batches(1)))
    assert not step.counts_infinite_gradients and optimization(nn.Linear(2, 3)).counts_infinite_gradients
    huge = ToyBatch(good.inputs * 1e2, good.targets, good.names)
    skipped = [bool(step.step([huge], 1e-6, 1).values[4]) for _ in range(12)]
    assert skipped[0] and not skipped[-1]  # the scale was halved until the gradients were finite
    _, values = step.extra_state()
    assert values["scale"] < 65536
    other = optimization(nn.Linear(2, 3), precision="float16")
    other.load_extra_state({}, values)
    assert other.extra_state()[1] == values


@pytest.mark.slow
def test_compiled_and_plain_steps_agree() -> None:
    modules = [nn.Linear(2, 3), nn.Linear(2, 3)]
    modules[1].load_state_dict(modules[0].state_dict())
    item = next(iter(ToySource().batches(1)))
    for module, is_compiled in zip(modules, (False, True), strict=True):
        optimization(module, compile=is_compiled).step([item], 0.1, 1)
    torch.testing.assert_close(modules[0].weight, modules[1].weight)
