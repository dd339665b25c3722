"""How a module is trained; the defaults are the paper's (appendix B.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from blasr.errors import ConfigError


@dataclass(frozen=True)
class ScheduleConfig:
    """The learning rate over the epochs, relative to ``TrainingConfig.learning_rate``.

    Args:
        kind: "step" keeps the rate, then multiplies it by ``decay`` at the start of every epoch from
            ``decay_from_epoch``; "cosine" falls along half a cosine to ``final_scale``; "linear" along a
            straight line; "constant" stays.
        decay_from_epoch: the first epoch, counted from 1, with a smaller rate ("step").
        decay: the factor per epoch ("step"); the paper's is sqrt(0.5).
        final_scale: where "cosine" and "linear" end, as a share of the full rate.
        warmup_epochs: the rate rises linearly from zero over the first so many epochs (may be a fraction).
    """

    kind: Literal["step", "cosine", "linear", "constant"] = "step"
    decay_from_epoch: int = 10
    decay: float = math.sqrt(0.5)
    final_scale: float = 0.0
    warmup_epochs: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.decay <= 1:
            raise ConfigError(f"decay is {self.decay}, expected above 0 and at most 1")
        if not 0 <= self.final_scale <= 1:
            raise ConfigError(f"final_scale is {self.final_scale}, expected from 0 to 1")
        if self.warmup_epochs < 0:
            raise ConfigError(f"warmup_epochs is {self.warmup_epochs}, expected 0 or more")


@dataclass(frozen=True)
class TrainingConfig:
    """Stochastic gradient descent with Nesterov momentum, and how it is watched and kept.

    Args:
        epochs: passes over the training data.
        learning_rate: the full rate, before the schedule.
        momentum: of Nesterov's kind where ``nesterov`` holds.
        weight_decay: L2 penalty on every parameter.
        gradient_clipping: the greatest norm of the whole gradient; 0 leaves it as it is.
        schedule: the learning rate over the epochs.
        label_smoothing: share of a target's probability spread over all classes.
        select: which weights become the final ones: those of the last epoch, those with the lowest held-out loss,
            or the average of the last ``average_epochs`` epochs.
        average_epochs: how many epochs "average" averages.
        seed: of the initial weights, the order of the data and its augmentation.
        device: "auto" takes a GPU where there is one; otherwise a torch device such as "cpu" or "cuda:1".
        precision: "bfloat16" computes under autocast; weights and their updates stay float32.
        channels_last: memory layout of convolutions on a GPU; never changes a result beyond rounding.
        threads: CPU threads of torch; 0 leaves torch's choice.
        log_interval: steps between two lines in metrics.jsonl.
        checkpoint_interval: steps between two checkpoints within an epoch; 0 writes them between epochs only.
        keep_checkpoints: how many epochs' weights stay on disk beside the best; 0 keeps all.
    """

    epochs: int = 16
    learning_rate: float = 0.03
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 1e-6
    gradient_clipping: float = 10.0
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    label_smoothing: float = 0.0
    select: Literal["last", "best", "average"] = "best"
    average_epochs: int = 4
    seed: int = 0
    device: str = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    channels_last: bool = False
    threads: int = 0
    log_interval: int = 100
    checkpoint_interval: int = 0
    keep_checkpoints: int = 0

    def __post_init__(self) -> None:
        for name, least in (
            ("epochs", 1),
            ("average_epochs", 1),
            ("log_interval", 1),
            ("threads", 0),
            ("checkpoint_interval", 0),
            ("keep_checkpoints", 0),
            ("gradient_clipping", 0),
            ("weight_decay", 0),
            ("seed", 0),
        ):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected {least} or more")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate is {self.learning_rate}, expected above 0")
        if not 0 <= self.momentum < 1:
            raise ConfigError(f"momentum is {self.momentum}, expected from 0 to below 1")
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"label_smoothing is {self.label_smoothing}, expected from 0 to below 1")
        if self.nesterov and self.momentum == 0:
            raise ConfigError("nesterov needs a momentum above 0")
        if self.select == "average" and 0 < self.keep_checkpoints < self.average_epochs:
            raise ConfigError(
                f"keep_checkpoints is {self.keep_checkpoints}, but the average needs {self.average_epochs} epochs"
            )
