"""One optimizer step: forward, backward, clip, update."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from blasr.errors import ConfigError, TrainingError
from blasr.training.batches import Batch
from blasr.training.config import TrainingConfig
from blasr.training.distributed import DistributedContext
from blasr.training.losses import LossSums

Loss = Callable[[Tensor, Tensor], LossSums]
"""A function of outputs and targets."""

_MOST_NAMES = 8


@dataclass(frozen=True)
class StepResult:
    """Sums over the batches of all processes, and the norm of the gradient before clipping."""

    loss: float
    correct: float
    count: float
    gradient_norm: float


class Optimization:
    """A module, its loss and its optimizer on one device.

    Args:
        module: the module to train; it is moved to the device of ``distributed``.
        loss: a function of ``(outputs, targets)``.
        config: momentum, weight decay, clipping, precision.
        distributed: the processes that train together. Their batches count as one, weighted by their targets.

    Raises:
        ConfigError: channels_last without a GPU.
    """

    def __init__(self, module: nn.Module, loss: Loss, config: TrainingConfig, distributed: DistributedContext) -> None:
        if config.channels_last and distributed.device.type == "cpu":
            raise ConfigError(
                "channels_last on the CPU: PyTorch 2.11's backward pass of narrow convolutions corrupts memory there",
                fix="set training.channels_last=false; it is no faster on the CPU",
            )
        self.module = module.to(distributed.device)
        self._memory_format = torch.channels_last if config.channels_last else torch.contiguous_format
        if config.channels_last:
            self.module = self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.SGD(
            self.module.parameters(),
            lr=config.learning_rate,
            momentum=config.momentum,
            nesterov=config.nesterov,
            weight_decay=config.weight_decay,
        )
        self._loss = loss
        self._config = config
        self._distributed = distributed
        self._wrapped = distributed.wrap(self.module)

    def _loss_sums(self, module: nn.Module, batch: Batch) -> LossSums:
        device = self._distributed.device
        inputs = batch.inputs.to(device, non_blocking=True)
        if inputs.dim() == 4:
            inputs = inputs.contiguous(memory_format=self._memory_format)
        targets = batch.targets.to(device, non_blocking=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=self._config.precision == "bfloat16"):
            outputs = module(inputs)
        return self._loss(outputs, targets)

    def step(self, batch: Batch, learning_rate: float) -> StepResult:
        """Train on one batch; every process must call this the same number of times.

        Raises:
            TrainingError: the loss or its gradient is not finite; the weights are unchanged.
        """
        self._wrapped.train()
        sums = self._loss_sums(self._wrapped, batch)
        values = torch.stack([sums.loss.detach().double(), sums.correct.double(), sums.count.double()])
        loss, correct, count = self._distributed.sum(values).tolist()
        # DDP averages the gradients of the processes; this makes them the gradient of the mean over all targets
        (sums.loss * (self._distributed.world_size / max(count, 1.0))).backward()
        limit = self._config.gradient_clipping or math.inf
        norm = nn.utils.clip_grad_norm_(self.module.parameters(), limit).item()
        if not (math.isfinite(loss) and math.isfinite(norm)):
            self.optimizer.zero_grad(set_to_none=True)
            raise TrainingError(describe_failure(batch, sums.loss.item(), loss, norm))
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return StepResult(loss, correct, count, norm)

    @torch.inference_mode()
    def evaluate(self, batch: Batch) -> tuple[float, float, float]:
        """Return loss, correct and count of one batch of this process without training on it."""
        self.module.eval()
        sums = self._loss_sums(self.module, batch)
        return sums.loss.item(), float(sums.correct.item()), float(sums.count.item())


def describe_failure(batch: Batch, own_loss: float, loss: float, norm: float) -> str:
    """Return what is not finite, and which items of the batch may be the cause.

    Args:
        batch: the batch of this process.
        own_loss: the loss of this process's batch.
        loss: the loss over all processes.
        norm: the norm of the gradient.
    """
    what = f"the loss is {loss}" if not math.isfinite(loss) else f"the norm of the gradient is {norm}"
    bad_inputs = [
        name for name, item in zip(batch.names, batch.inputs, strict=False) if not bool(torch.isfinite(item).all())
    ]
    if bad_inputs:
        return f"{what}: the inputs of {', '.join(dict.fromkeys(bad_inputs))} are not finite"
    if math.isfinite(own_loss) is not math.isfinite(loss):  # another process has the cause
        return what
    names = list(dict.fromkeys(batch.names))
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{what}; the batch contains {', '.join(names[:_MOST_NAMES])}{rest}"
