"""The optimizers by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from blasr.training.config import TrainingConfig


def _sgd(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    optimizer = SGD(
        parameters,
        lr=config.learning_rate,
        momentum=config.momentum,
        nesterov=config.nesterov,
        weight_decay=config.weight_decay,
        fused=True,
    )
    if config.momentum:  # torch's fused SGD leaves new buffers uninitialized if it skips its first step
        for parameter in optimizer.param_groups[0]["params"]:
            optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer


def _adamw(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    beta1, beta2 = config.betas
    return AdamW(
        parameters,
        lr=config.learning_rate,
        betas=(beta1, beta2),
        eps=config.epsilon,
        weight_decay=config.weight_decay,
        fused=True,
    )


OPTIMIZERS: dict[str, Callable[[Iterable[nn.Parameter], TrainingConfig], Optimizer]] = {"sgd": _sgd, "adamw": _adamw}
"""Functions of the parameters and the configuration, by ``training.optimizer``.

All are torch's fused optimizers, which can skip a step without asking the device (:func:`step_unless`).
"""


def step_unless(optimizer: Optimizer, skip: torch.Tensor) -> None:
    """Let a fused optimizer take one step unless ``skip``, a scalar on its device, is true."""
    # GradScaler skips the steps of fused optimizers by the same two attributes.
    vars(optimizer).update(found_inf=skip.float(), grad_scale=None)
    try:
        optimizer.step()
    finally:
        del optimizer.found_inf, optimizer.grad_scale  # type: ignore[attr-defined]
