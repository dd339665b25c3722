"""Batches arrive in groups, and waiting for them is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator

from blasr.training.epoch_clock import EpochClock
from tests.training.toy import ToyBatch, ToySource


def test_groups_and_waiting() -> None:
    def slow() -> Iterator[ToyBatch]:
        for batch in ToySource().batches(1):
            time.sleep(0.01)
            yield batch

    clock = EpochClock(time.perf_counter())
    groups = list(clock.timed(slow(), 2))
    assert [len(group) for group in groups] == [2, 2, 1]
    assert 0.05 <= clock.waiting <= clock.seconds
    clock.count = 40
    metrics = clock.metrics("points")
    assert 0 < metrics["points_per_second"] < 40 / 0.05 and 0 < metrics["waiting"] <= 1
