"""Sums of metrics and their log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from blasr.training import MetricSums
from blasr.training.metrics import MetricsLog


def lines(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]


def test_means_are_over_targets_and_not_over_batches() -> None:
    sums = MetricSums()
    assert (sums.mean_loss, sums.accuracy) == (0, 0)
    sums.add(2.0, 1, 1)
    sums.add(4.0, 1, 3)
    assert (sums.mean_loss, sums.accuracy) == (1.5, 0.5)


def test_lines_have_the_known_values_only(tmp_path: Path) -> None:
    with MetricsLog(tmp_path) as log:
        log.write("step", epoch=1, step=2, loss=0.5, valid_loss=None)
    assert lines(tmp_path) == [{"kind": "step", "epoch": 1, "step": 2, "loss": 0.5}]
    assert list((tmp_path / "tensorboard").iterdir())


def test_lines_of_later_steps_and_an_incomplete_line_are_removed(tmp_path: Path) -> None:
    with MetricsLog(tmp_path) as log:
        for step in (1, 2, 3):
            log.write("step", epoch=1, step=step, loss=1.0)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "st')
    with MetricsLog(tmp_path, step=2) as log:
        log.write("step", epoch=1, step=3, loss=2.0)
    assert [(line["step"], line["loss"]) for line in lines(tmp_path)] == [(1, 1.0), (2, 1.0), (3, 2.0)]


def test_other_processes_write_nothing(tmp_path: Path) -> None:
    with MetricsLog(tmp_path, enabled=False) as log:
        log.write("step", epoch=1, step=1, loss=1.0)
    assert list(tmp_path.iterdir()) == []
