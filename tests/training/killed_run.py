"""A toy run of one or two processes that tests kill: ``torchrun ... killed_run.py DIR [FATAL_STEP]``."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from blasr.training import CrossEntropy, Trainer, TrainingConfig, init_distributed
from tests.training.toy import ToyBatch, ToySource, toy_module


class KilledSource(ToySource):
    """Takes a little time for every batch; rank 1 kills itself before one of them, once."""

    def __init__(self, rank: int, world_size: int, fatal: int, marker: Path) -> None:
        super().__init__(rank=rank, world_size=world_size)
        self.fatal, self.marker = fatal, marker

    def batches(self, epoch: int, first: int = 0) -> Iterator[ToyBatch]:
        for number, batch in enumerate(super().batches(epoch, first), first):
            time.sleep(0.004)
            if 5 * (epoch - 1) + number == self.fatal and self.rank == 1 and not self.marker.exists():
                self.marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch


def run(directory: Path, fatal: int = -1) -> None:
    torch.set_num_threads(1)
    with init_distributed("cpu") as distributed:
        source = KilledSource(distributed.rank, distributed.world_size, fatal, directory / "killed")
        config = TrainingConfig(epochs=8, checkpoint_interval=3, log_interval=2, ema_decay=0.9)
        trainer = Trainer(toy_module(), CrossEntropy(), config, directory, distributed=distributed, unit="points")
        trainer.fit(source, source)


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
