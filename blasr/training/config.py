"""How a module is trained. The defaults are the paper's (appendix B.1). Light: imports neither torch nor numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from blasr.config import check_above, check_minimum, check_share
from blasr.errors import ConfigError


@dataclass(frozen=True)
class ScheduleConfig:
    """The learning rate over the epochs, relative to ``TrainingConfig.learning_rate``.

    Args:
        kind: "step" keeps the rate, then multiplies it by ``decay`` at the start of every epoch from
            ``decay_from_epoch``; "cosine" falls along half a cosine to ``final_scale``; "linear" falls along a
            straight line; "constant" keeps the rate.
        decay_from_epoch: the first epoch, counted from 1, with a smaller rate ("step").
        decay: the factor per epoch ("step"); the paper's is sqrt(0.5).
        final_scale: the last rate of "cosine" and "linear", as a share of the full rate.
        warmup_epochs: number of epochs, possibly a fraction, over which the rate rises linearly from zero.

    Raises:
        ConfigError: a value is out of range.
    """

    kind: Literal["step", "cosine", "linear", "constant"] = "step"
    decay_from_epoch: int = 10
    decay: float = math.sqrt(0.5)
    final_scale: float = 0.0
    warmup_epochs: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.decay <= 1:
            raise ConfigError(f"decay is {self.decay}, expected above 0 and at most 1")
        check_share(self, "final_scale")
        check_minimum(self, warmup_epochs=0)


@dataclass(frozen=True)
class TrainingConfig:
    """Stochastic gradient descent with Nesterov momentum, its logging and its checkpoints.

    Args:
        criterion: what is minimized: the cross-entropy of the frames or images, or a sequence criterion (speech only).
        epochs: passes over the training data.
        learning_rate: the full rate, before the schedule.
        momentum: momentum of the gradient; Nesterov's if ``nesterov`` is true.
        weight_decay: L2 penalty on every parameter.
        gradient_clipping: the largest norm of the whole gradient; 0 disables clipping.
        schedule: the learning rate over the epochs.
        label_smoothing: share of each target's probability that is spread evenly over all classes.
        select: the final weights: those of the last epoch, those with the lowest held-out loss, or the average of the
            last ``average_epochs`` epochs.
        average_epochs: number of epochs that "average" averages.
        batch_norm_batches: number of training batches on which the statistics of batch norm are estimated for averaged
            weights; 0 averages the statistics of the epochs.
        seed: seed of the initial weights, the order of the data and its augmentation.
        device: "auto" takes a GPU if there is one; otherwise a torch device such as "cpu" or "cuda:1".
        precision: "bfloat16" computes under autocast; weights and their updates stay float32.
        channels_last: memory layout of convolutions on a GPU; changes results by rounding only.
        threads: CPU threads of torch; 0 keeps torch's default.
        log_interval: steps between two lines in metrics.jsonl.
        checkpoint_interval: steps between two checkpoints within an epoch; 0 writes them between epochs only.
        keep_checkpoints: number of latest epochs to keep the weights of, in addition to the best epoch;
            0 keeps all.

    Raises:
        ConfigError: a value is out of range, or two values contradict each other.
    """

    criterion: Literal["cross_entropy", "lfmmi", "smbr"] = "cross_entropy"
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
    batch_norm_batches: int = 200
    seed: int = 0
    device: str = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    channels_last: bool = False
    threads: int = 0
    log_interval: int = 100
    checkpoint_interval: int = 0
    keep_checkpoints: int = 0

    def __post_init__(self) -> None:
        check_minimum(self, epochs=1, average_epochs=1, log_interval=1)
        check_minimum(self, threads=0, checkpoint_interval=0, keep_checkpoints=0, batch_norm_batches=0)
        check_minimum(self, gradient_clipping=0, weight_decay=0, seed=0)
        check_above(self, learning_rate=0)
        check_share(self, "momentum", "label_smoothing", below_one=True)
        if self.nesterov and self.momentum == 0:
            raise ConfigError("nesterov needs a momentum above 0")
        if self.select == "average" and 0 < self.keep_checkpoints < self.average_epochs:
            raise ConfigError(
                f"keep_checkpoints is {self.keep_checkpoints}, but the average needs {self.average_epochs} epochs"
            )
