"""What a trainer reads: a source of batches that returns the same batches for the same call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from torch import Tensor


class Batch(Protocol):
    """This process's share of one optimizer step."""

    @property
    def inputs(self) -> Tensor:
        """The module's input, ``(B, ...)``."""

    @property
    def targets(self) -> Tensor:
        """The loss's second argument, ``(B, ...)``."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the items, for error messages."""


class BatchSource(Protocol):
    """The batches of every epoch; the same call returns the same batches, bit for bit."""

    def num_batches(self, epoch: int) -> int:
        """Return the number of batches of ``epoch`` (from 1), which is the same in every process."""

    def batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Yield the batches of ``epoch``, starting with number ``first`` (from 0)."""
