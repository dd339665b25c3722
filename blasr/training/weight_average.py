"""An exponential moving average of a module's weights and of its batch norm statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """The average of the floating-point parameters and buffers over all steps (Polyak & Juditsky 1992).

    After step n (from 1), a weight keeps ``min(decay, (1 + n) / (10 + n))`` of its average, so that the average forgets
    the initial weights early (as TensorFlow's ``ExponentialMovingAverage`` with ``num_updates``).

    Args:
        module: the module that is trained.
        decay: the share of the average that a step keeps.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self._current = {name: tensor for name, tensor in module.state_dict().items() if tensor.is_floating_point()}
        self._buffer_names = [name for name, _ in module.named_buffers() if name in self._current]
        self._average = {name: tensor.detach().clone() for name, tensor in self._current.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average towards the weights after ``step`` (from 1)."""
        decay = min(self._decay, (1 + step) / (10 + step))
        move = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        move([*self._average.values()], [*self._current.values()], step)

    @property
    def buffers(self) -> list[Tensor]:
        """The averages of the module's buffers, which differ between processes that train together."""
        return [self._average[name] for name in self._buffer_names]

    def state(self) -> Mapping[str, Tensor]:
        """Return the averages by the names of the module's ``state_dict``."""
        return self._average

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state` returned."""
        for name, tensor in self._average.items():
            tensor.copy_(state[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Give the module the averages inside the ``with`` block, and its own weights back at the end."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, tensor in self._current.items():
            kept = tensor.clone()
            tensor.copy_(self._average[name])
            self._average[name].copy_(kept)
