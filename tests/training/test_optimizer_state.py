"""An optimizer's state as tensors and JSON, and the same state again."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from blasr.training.optimizer_state import load_optimizer_state, optimizer_state


def stepped() -> tuple[nn.Module, torch.optim.AdamW]:
    module = nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(module.parameters(), betas=(0.5, 0.75))
    module(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return module, optimizer


def test_tensors_are_named_by_parameter_and_numbers_are_in_the_json() -> None:
    module, optimizer = stepped()
    tensors, text = optimizer_state(module, optimizer)
    keys = ("exp_avg", "exp_avg_sq", "step")
    assert set(tensors) == {f"state.{name}.{key}" for name in ("weight", "bias") for key in keys}
    assert torch.equal(tensors["state.bias.exp_avg"], torch.tensor([0.5]))  # half of the gradient 1
    content = json.loads(text)
    assert content["class"] == "AdamW"
    assert content["groups"][0]["betas"] == {"tuple": [0.5, 0.75]}
    assert content["groups"][0]["params"] == ["weight", "bias"]


def test_hyperparameters_and_tensors_return() -> None:
    module, optimizer = stepped()
    tensors, text = optimizer_state(module, optimizer)
    other = torch.optim.AdamW(module.parameters(), lr=7.0)
    load_optimizer_state(module, other, tensors, text, Path("x"))
    assert other.param_groups[0]["betas"] == (0.5, 0.75) and other.param_groups[0]["lr"] == 1e-3
    torch.testing.assert_close(other.state_dict(), optimizer.state_dict(), rtol=0, atol=0)


def test_the_state_takes_the_memory_format_of_the_parameter() -> None:
    module = nn.Conv2d(3, 4, 3)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    module(torch.ones(1, 3, 5, 5)).sum().backward()
    optimizer.step()
    tensors, text = optimizer_state(module, optimizer)
    module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    other = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    load_optimizer_state(module, other, tensors, text, Path("x"))
    assert other.state[module.weight]["momentum_buffer"].stride() == module.weight.stride()
