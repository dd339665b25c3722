"""The speed of an epoch, and the part of its time spent waiting for data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from blasr.training.batches import Batch


@dataclass
class EpochClock:
    """The time since the start of an epoch, the part of it spent waiting for data, and the targets trained on."""

    start: float
    waiting: float = 0.0
    count: float = 0.0

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return max(time.perf_counter() - self.start, 1e-9)

    def timed(self, batches: Iterator[Batch], size: int) -> Iterator[list[Batch]]:
        """Yield ``size`` batches at a time, the last time perhaps fewer; measure the time that they take to arrive."""
        while True:
            asked = time.perf_counter()
            group = list(islice(batches, size))
            self.waiting += time.perf_counter() - asked
            if not group:
                return
            yield group

    def metrics(self, unit: str) -> dict[str, float]:
        """Return the speed and the share of time spent waiting."""
        return {f"{unit}_per_second": self.count / self.seconds, "waiting": self.waiting / self.seconds}
