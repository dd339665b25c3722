"""The learning rate as a function of the epoch, and nothing else: a schedule has no state of its own."""

from __future__ import annotations

import math
from collections.abc import Callable

from blasr.training.config import ScheduleConfig, TrainingConfig


def _step(config: ScheduleConfig, progress: float, epochs: int) -> float:
    return config.decay ** max(0, math.floor(progress) + 1 - config.decay_from_epoch + 1)


def _cosine(config: ScheduleConfig, progress: float, epochs: int) -> float:
    fall = 0.5 * (1 + math.cos(math.pi * min(1.0, progress / epochs)))
    return config.final_scale + (1 - config.final_scale) * fall


def _linear(config: ScheduleConfig, progress: float, epochs: int) -> float:
    return 1 - (1 - config.final_scale) * min(1.0, progress / epochs)


def _constant(config: ScheduleConfig, progress: float, epochs: int) -> float:
    return 1.0


SCHEDULES: dict[str, Callable[[ScheduleConfig, float, int], float]] = {
    "step": _step,
    "cosine": _cosine,
    "linear": _linear,
    "constant": _constant,
}

DEPENDS_ON_EPOCHS = frozenset({"cosine", "linear"})
"""The schedules that depend on the number of epochs."""


def learning_rate(config: TrainingConfig, epoch: int, epoch_share: float = 0.0) -> float:
    """Return the rate in ``epoch`` (from 1) after ``epoch_share`` (from 0 to below 1) of its steps.

    The defaults give the paper's schedule: 0.03 in epochs 1 to 9, then multiplied by sqrt(0.5) in every epoch
    from epoch 10, so 0.03 * 0.5 ** 3.5 in epoch 16.
    """
    progress = epoch - 1 + epoch_share
    scale = SCHEDULES[config.schedule.kind](config.schedule, progress, config.epochs)
    warmup = config.schedule.warmup_epochs
    if progress < warmup:
        scale *= progress / warmup
    return config.learning_rate * scale
