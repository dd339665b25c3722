"""The optimizers by name: torch's arithmetic, and steps that are skipped on the device."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from blasr.training.config import TrainingConfig
from blasr.training.optimizers import OPTIMIZERS, step_unless


def gradients(step: int) -> torch.Tensor:
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(step))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("changes", [{}, {"momentum": 0.0, "nesterov": False}, {"nesterov": False}])
def test_the_steps_are_those_of_torch(name: str, changes: dict[str, Any]) -> None:
    """A first step that is skipped leaves no trace: torch's fused SGD would read uninitialized memory."""
    config = TrainingConfig(optimizer=name, weight_decay=0.1, **changes)  # type: ignore[arg-type]
    own, other = nn.Parameter(torch.ones(4, 3)), nn.Parameter(torch.ones(4, 3))
    optimizer = OPTIMIZERS[name]([own], config)
    if name == "sgd":
        plain: torch.optim.Optimizer = torch.optim.SGD(
            [other], lr=0.03, momentum=config.momentum, nesterov=config.nesterov, weight_decay=0.1
        )
    else:
        plain = torch.optim.AdamW([other], lr=0.03, weight_decay=0.1)
    for step in range(6):
        skip = step in (0, 3)
        own.grad = gradients(step) * (float("nan") if skip else 1)
        step_unless(optimizer, torch.tensor(skip))
        if not skip:
            other.grad = gradients(step)
            plain.step()
    torch.testing.assert_close(own, other)
    assert not hasattr(optimizer, "found_inf")
