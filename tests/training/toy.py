"""A problem small enough to train in milliseconds: points of the plane in three classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ToyBatch:
    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...]


class ToySource:
    """Five batches of eight points an epoch; ``poison`` puts a NaN into one input."""

    def __init__(self, poison: tuple[int, int] | None = None, rank: int = 0, world_size: int = 1) -> None:
        self.poison, self.rank, self.world_size = poison, rank, world_size

    def num_batches(self, epoch: int) -> int:
        return 5

    def batches(self, epoch: int, first: int = 0) -> Iterator[ToyBatch]:
        for number in range(first, 5):
            generator = torch.Generator().manual_seed(100 * epoch + number)
            inputs = torch.randn(8, 2, generator=generator)
            targets = (inputs[:, 0] > 0).long() + (inputs[:, 1] > 0).long()
            targets[number % 8] = -100
            if self.poison == (epoch, number):
                inputs[3, 0] = float("nan")
            own = slice(self.rank, None, self.world_size)
            names = tuple(f"u{epoch}-{number}-{index}" for index in range(8))
            yield ToyBatch(inputs[own], targets[own], names[own])


def toy_module() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
