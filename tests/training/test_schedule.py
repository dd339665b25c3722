"""Learning rates, worked out by hand."""

from __future__ import annotations

import math

import pytest

from blasr.training import ScheduleConfig, TrainingConfig, learning_rate


def test_the_papers_schedule() -> None:
    config = TrainingConfig()
    assert [learning_rate(config, epoch) for epoch in range(1, 10)] == [0.03] * 9
    for epoch in range(10, 17):
        assert learning_rate(config, epoch) == pytest.approx(0.03 * 0.5 ** ((epoch - 9) / 2), rel=1e-12)
    assert learning_rate(config, 16, 0.999) == learning_rate(config, 16)


def test_warmup_rises_linearly_from_zero() -> None:
    config = TrainingConfig(schedule=ScheduleConfig(warmup_epochs=0.5))
    assert learning_rate(config, 1, 0.0) == 0
    assert learning_rate(config, 1, 0.25) == pytest.approx(0.015)
    assert learning_rate(config, 1, 0.5) == 0.03


def test_cosine_falls_to_its_end() -> None:
    config = TrainingConfig(epochs=4, schedule=ScheduleConfig(kind="cosine", final_scale=0.1))
    assert learning_rate(config, 1) == 0.03
    assert learning_rate(config, 3) == pytest.approx(0.03 * 0.55)
    assert learning_rate(config, 4, 0.5) == pytest.approx(0.03 * (0.1 + 0.45 * (1 + math.cos(math.pi * 3.5 / 4))))


def test_linear_and_constant() -> None:
    linear = TrainingConfig(epochs=2, schedule=ScheduleConfig(kind="linear"))
    assert learning_rate(linear, 2) == pytest.approx(0.015)
    constant = TrainingConfig(epochs=2, schedule=ScheduleConfig(kind="constant"))
    assert learning_rate(constant, 2, 0.9) == 0.03
