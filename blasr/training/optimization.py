"""One optimizer step: forward, backward, clip, update. Nothing in it waits for the device."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler

from blasr.errors import ConfigError
from blasr.training.batches import Batch
from blasr.training.config import TrainingConfig
from blasr.training.distributed import DistributedContext
from blasr.training.losses import LossSums
from blasr.training.optimizers import OPTIMIZERS, step_unless
from blasr.training.precision import warn_of_slow_bfloat16, with_precision
from blasr.training.weight_average import WeightAverage

Loss = Callable[[Tensor, Tensor], LossSums]
"""A function of outputs and targets."""

_DTYPES: Final = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, eq=False)
class StepResult:
    """What a step has left on the device.

    Attributes:
        values: float64: loss, correct and count, summed over the batches of all processes; the norm of the gradient
            before clipping; 1 if the step was skipped; and the summed requests.
        own_loss: the loss of this process's batches.
        item_sums: the sum of the inputs of each item; not finite if one of them is not.
        names: the names of the items.
    """

    values: Tensor
    own_loss: Tensor
    item_sums: Tensor
    names: tuple[str, ...]


class Optimization:
    """A module, its loss and its optimizer on one device.

    Args:
        module: the module to train; it is moved to the device of ``distributed``.
        loss: a function of ``(outputs, targets)``.
        config: optimizer, clipping, precision.
        distributed: the processes that train together. Their batches count as one, weighted by their targets.

    Attributes:
        average: the moving average of the weights, if there is one.

    Raises:
        ConfigError: channels_last without a GPU.
    """

    def __init__(self, module: nn.Module, loss: Loss, config: TrainingConfig, distributed: DistributedContext) -> None:
        device = distributed.device
        if config.channels_last and device.type == "cpu":
            raise ConfigError(
                "channels_last on the CPU: PyTorch 2.11's backward pass of narrow convolutions corrupts memory there",
                fix="set training.channels_last=false; it is no faster on the CPU",
            )
        config = with_precision(config, device)
        warn_of_slow_bfloat16(config, device)
        self.module = module.to(device)
        self._memory_format = torch.channels_last if config.channels_last else torch.contiguous_format
        if config.channels_last:
            self.module = self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = OPTIMIZERS[config.optimizer](self.module.parameters(), config)
        self.average = WeightAverage(self.module, config.ema_decay) if config.ema_decay else None
        self._scaler = GradScaler(device.type, enabled=config.precision == "float16")
        self._loss = loss
        self._config = config
        self._distributed = distributed
        self._parallel = distributed.wrap(self.module)
        self._forward: Any = torch.compile(self._parallel) if config.compile else self._parallel
        self._buffers = [buffer for buffer in self.module.buffers() if buffer.is_floating_point()]

    def _loss_sums(self, module: Any, inputs: Tensor, batch: Batch) -> LossSums:
        device = self._distributed.device
        if inputs.dim() == 4:
            inputs = inputs.contiguous(memory_format=self._memory_format)
        targets = batch.targets.to(device, non_blocking=True)
        dtype = _DTYPES.get(self._config.precision)
        with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
            outputs = module(inputs)
        return self._loss(outputs, targets)

    def step(
        self, batches: Sequence[Batch], learning_rate: float, number: int, requests: Sequence[float] = ()
    ) -> StepResult:
        """Train on a few batches together; every process must call this the same number of times with as many batches.

        If the loss or the gradient is not finite, the weights stay unchanged. With ``config.skip_non_finite``, so do
        the buffers, such as the statistics of batch norm.

        Args:
            batches: the batches of this process.
            learning_rate: the rate of this step.
            number: the number of this step, from 1.
            requests: numbers that are summed over all processes on the way.
        """
        if not self.module.training:
            self._parallel.train()
        before = [buffer.clone() for buffer in self._buffers] if self._config.skip_non_finite else []
        totals: list[Tensor] = []
        own_losses: list[Tensor] = []
        item_sums: list[Tensor] = []
        for batch in batches:
            inputs = batch.inputs.to(self._distributed.device, non_blocking=True)
            is_last = len(totals) == len(batches) - 1
            with contextlib.nullcontext() if is_last else self._without_exchange():
                sums = self._loss_sums(self._forward, inputs, batch)
                values = [sums.loss.detach().double(), sums.correct.double(), sums.count.double()]
                if is_last:
                    values += [
                        torch.full((), request, dtype=torch.float64, device=inputs.device) for request in requests
                    ]
                totals.append(self._distributed.sum(torch.stack([value.to(inputs.device) for value in values])))
                # DDP averages the gradients of the processes; this makes them the gradient of the mean over all targets
                scale = (self._distributed.world_size / totals[0][2].clamp(min=1.0)).to(sums.loss.dtype)
                self._scaler.scale(sums.loss * scale).backward()  # type: ignore[no-untyped-call]
            own_losses.append(sums.loss.detach())
            item_sums.append(inputs.detach().flatten(1).sum(dim=1))
        total = torch.stack([values[:3] for values in totals]).sum(dim=0)
        norm, skipped = self._update(total, totals[0][2], learning_rate)
        if before:
            for buffer, old in zip(self._buffers, before, strict=True):
                buffer.copy_(torch.where(skipped, old, buffer))
        if self.average is not None:
            self.average.update(number)
        values = [total, norm.double()[None], skipped.double()[None], totals[-1][3:]]
        names = tuple(name for batch in batches for name in batch.names)
        return StepResult(torch.cat(values), torch.stack(own_losses).sum(), torch.cat(item_sums), names)

    def _without_exchange(self) -> contextlib.AbstractContextManager[None]:
        """Return a context in which gradients are not averaged over the processes."""
        parallel = self._parallel
        return (
            parallel.no_sync()
            if isinstance(parallel, nn.parallel.DistributedDataParallel)
            else contextlib.nullcontext()
        )

    def _update(self, total: Tensor, first_count: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """Clip the gradient and update the weights; return its norm, and whether the update was skipped."""
        if self._scaler.is_enabled():
            self._scaler.unscale_(self.optimizer)
        parameters = list(self.module.parameters())
        if self._config.accumulate > 1:  # the gradients are those of the sum, divided by the first batch's targets
            ratio = first_count.clamp(min=1.0) / total[2].clamp(min=1.0)
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(ratio.to(parameter.grad.dtype))
        norm = nn.utils.clip_grad_norm_(parameters, self._config.gradient_clipping or math.inf)
        skipped = ~(torch.isfinite(norm) & torch.isfinite(total[0]))
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        if self._scaler.is_enabled():
            self._scaler.step(self.optimizer)
            self._scaler.update()
        else:
            step_unless(self.optimizer, skipped)
        self.optimizer.zero_grad(set_to_none=True)
        return norm, skipped

    @property
    def counts_infinite_gradients(self) -> bool:
        """Whether an infinite gradient is a failure: not if the scale of the loss may have caused it."""
        return not self._scaler.is_enabled()

    @torch.inference_mode()
    def evaluate(self, batch: Batch) -> Tensor:
        """Return loss, correct and count of one batch of this process without training on it, float64 ``(3,)``."""
        self.module.eval()
        sums = self._loss_sums(self.module, batch.inputs.to(self._distributed.device, non_blocking=True), batch)
        return torch.stack([sums.loss.double(), sums.correct.double(), sums.count.double()])

    def extra_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return what a checkpoint needs besides module and optimizer: named tensors, and plain values."""
        average = (
            {} if self.average is None else {f"average.{name}": value for name, value in self.average.state().items()}
        )
        return average, self._scaler.state_dict()

    def load_extra_state(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Restore what :meth:`extra_state` returned."""
        if self.average is not None:
            self.average.load({name.removeprefix("average."): tensor for name, tensor in tensors.items()})
        if self._scaler.is_enabled() and values:
            self._scaler.load_state_dict(dict(values))
