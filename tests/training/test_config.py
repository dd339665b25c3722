"""The training configuration: the paper's defaults, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from blasr.errors import ConfigError
from blasr.training import ScheduleConfig, TrainingConfig


def test_the_defaults_are_the_papers() -> None:
    config = TrainingConfig()
    assert (config.epochs, config.learning_rate, config.momentum, config.nesterov) == (16, 0.03, 0.9, True)
    assert (config.weight_decay, config.gradient_clipping) == (1e-6, 10.0)
    assert config.schedule.kind == "step" and config.schedule.decay**2 == pytest.approx(0.5)


@pytest.mark.parametrize("values", [{"decay": 0.0}, {"final_scale": 2.0}, {"warmup_epochs": -1.0}])
def test_impossible_schedules_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        ScheduleConfig(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [{"epochs": 0}, {"learning_rate": 0.0}, {"momentum": 1.0}, {"momentum": 0.0}, {"label_smoothing": 1.0}],
)
def test_impossible_training_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        TrainingConfig(**values)  # type: ignore[arg-type]


def test_an_average_needs_its_epochs_on_disk() -> None:
    with pytest.raises(ConfigError, match="keep_checkpoints is 2"):
        TrainingConfig(select="average", average_epochs=4, keep_checkpoints=2)


def test_the_configuration_needs_no_torch() -> None:
    code = "import sys, blasr.training.config; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
