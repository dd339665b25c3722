"""What a trainer is fed: any source of batches that repeats itself exactly when asked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from torch import Tensor


class Batch(Protocol):
    """One optimization step's share of this process."""

    @property
    def inputs(self) -> Tensor:
        """The module's input, ``(B, ...)``."""

    @property
    def targets(self) -> Tensor:
        """What the loss compares the output with."""

    @property
    def names(self) -> Sequence[str]:
        """What the items are called, for error messages."""


class BatchSource(Protocol):
    """Batches of every epoch; the same call gives the same batches, bit for bit."""

    def num_batches(self, epoch: int) -> int:
        """How many batches ``epoch`` (from 1) has, the same number in every process."""

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The batches of ``epoch`` from number ``first`` (from 0) on."""
