"""One step of stochastic gradient descent: forward, backward, clip, update."""

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


@dataclass(frozen=True)
class StepResult:
    """Sums over the batch of all processes, and the norm of the gradient before it was clipped."""

    loss: float
    correct: float
    count: float
    gradient_norm: float


class Optimization:
    """A module, its loss and its optimizer on one device.

    Args:
        module: what is trained; moved to the device of ``distributed``.
        loss: of ``(outputs, targets)``.
        config: momentum, weight decay, clipping, precision.
        distributed: the processes that train together; their batches count as one, weighed by their targets.

    Raises:
        ConfigError: channels_last without a GPU.
    """

    def __init__(self, module: nn.Module, loss: Loss, config: TrainingConfig, distributed: DistributedContext) -> None:
        if config.channels_last and distributed.device.type == "cpu":
            raise ConfigError(
                "channels_last on the CPU: PyTorch 2.11's backward pass of narrow convolutions corrupts memory there",
                fix="set training.channels_last=false; the CPU gains nothing from it",
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

    def _sums(self, module: nn.Module, batch: Batch) -> LossSums:
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
            TrainingError: the loss or its gradient is not finite; the weights are as they were before.
        """
        self._wrapped.train()
        sums = self._sums(self._wrapped, batch)
        total = self._distributed.sum(
            torch.stack([sums.loss.detach().double(), sums.correct.double(), sums.count.double()])
        )
        loss, correct, count = total.tolist()
        # DDP averages the gradients of the processes; this makes them the gradient of the mean over all targets
        (sums.loss * (self._distributed.world_size / max(count, 1.0))).backward()
        limit = self._config.gradient_clipping or math.inf
        norm = nn.utils.clip_grad_norm_(self.module.parameters(), limit).item()
        if not (math.isfinite(loss) and math.isfinite(norm)):
            self.optimizer.zero_grad(set_to_none=True)
            raise TrainingError(self._blame(batch, sums.loss.item(), loss, norm))
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return StepResult(loss, correct, count, norm)

    @staticmethod
    def _blame(batch: Batch, own_loss: float, loss: float, norm: float) -> str:
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the norm of the gradient is {norm}"
        bad_inputs = [
            name for name, item in zip(batch.names, batch.inputs, strict=False) if not bool(torch.isfinite(item).all())
        ]
        if bad_inputs:
            return f"{what}: the inputs of {', '.join(dict.fromkeys(bad_inputs))} are not finite"
        names = list(dict.fromkeys(batch.names))
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        return what + (f"; the batch holds {shown}" if math.isfinite(own_loss) is math.isfinite(loss) else "")

    @torch.inference_mode()
    def evaluate(self, batch: Batch) -> tuple[float, float, float]:
        """Loss, correct and count of one batch of this process, without training on it."""
        self.module.eval()
        sums = self._sums(self.module, batch)
        return sums.loss.item(), float(sums.correct.item()), float(sums.count.item())
