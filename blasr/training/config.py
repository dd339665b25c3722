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
    """The optimizer, its logging and its checkpoints. By default it is SGD with Nesterov momentum.

    Args:
        criterion: what is minimized: the cross-entropy of the frames or images, or a sequence criterion (speech only).
        epochs: passes over the training data.
        optimizer: "sgd", or "adamw" (Loshchilov & Hutter 2019).
        learning_rate: the full rate, before the schedule.
        momentum: momentum of the gradient, for "sgd".
        nesterov: whether the momentum is Nesterov's.
        betas: decay of the mean of the gradient and of its square, for "adamw".
        epsilon: added to the denominator, for "adamw".
        weight_decay: L2 penalty on every parameter; decoupled from the gradient for "adamw".
        gradient_clipping: the largest norm of the whole gradient; 0 disables clipping.
        accumulate: batches of one optimizer step; their gradients are summed. An epoch's last step may have fewer.
        ema_decay: above 0, the held-out loss and the weights of epochs are those of an exponential moving average of
            the weights with this decay per step, such as 0.999.
        schedule: the learning rate over the epochs.
        label_smoothing: share of each target's probability that is spread evenly over all classes.
        select: the final weights: those of the last epoch, those with the lowest held-out loss, or the average of the
            last ``average_epochs`` epochs.
        average_epochs: number of epochs that "average" averages.
        batch_norm_batches: number of training batches on which the statistics of batch norm are estimated for averaged
            weights; 0 averages the statistics of the epochs.
        seed: seed of the initial weights, the order of the data and its augmentation.
        device: "auto" takes a GPU if there is one; otherwise a torch device such as "cpu" or "cuda:1".
        precision: "bfloat16" and "float16" compute under autocast; weights and their updates stay float32. "float16"
            scales the loss so that gradients do not underflow. "auto" takes bfloat16 where the processor or the GPU
            has instructions for it, and float32 elsewhere; a run that resumes keeps what it was started with.
        channels_last: memory layout of convolutions on a GPU; changes results by rounding only.
        compile: compile the module with ``torch.compile``; changes results by rounding only.
        skip_non_finite: how many steps whose loss or gradient is not finite are skipped before the training stops; 0
            stops at the first. With "float16", steps that only the scale of the loss makes infinite do not count.
        threads: CPU threads of torch; 0 keeps torch's default.
        log_interval: steps between two lines in metrics.jsonl. On a GPU, losses are read back and checked only then.
        checkpoint_interval: steps between two checkpoints within an epoch; 0 for none.
        checkpoint_minutes: minutes between two checkpoints within an epoch; 0 for none.
        keep_checkpoints: number of latest epochs to keep the weights of, in addition to the best epoch;
            0 keeps all.
        keep_every: also keep the weights of every epoch that is a multiple of this; 0 for none.

    Raises:
        ConfigError: a value is out of range, or two values contradict each other.
    """

    criterion: Literal["cross_entropy", "lfmmi", "smbr"] = "cross_entropy"
    epochs: int = 16
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = 0.03
    momentum: float = 0.9
    nesterov: bool = True
    betas: tuple[float, ...] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 1e-6
    gradient_clipping: float = 10.0
    accumulate: int = 1
    ema_decay: float = 0.0
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    label_smoothing: float = 0.0
    select: Literal["last", "best", "average"] = "best"
    average_epochs: int = 4
    batch_norm_batches: int = 200
    seed: int = 0
    device: str = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "float32"
    channels_last: bool = False
    compile: bool = False
    skip_non_finite: int = 0
    threads: int = 0
    log_interval: int = 100
    checkpoint_interval: int = 0
    checkpoint_minutes: float = 0.0
    keep_checkpoints: int = 0
    keep_every: int = 0

    def __post_init__(self) -> None:
        check_minimum(self, epochs=1, average_epochs=1, log_interval=1, accumulate=1)
        check_minimum(self, threads=0, checkpoint_interval=0, checkpoint_minutes=0, keep_checkpoints=0, keep_every=0)
        check_minimum(self, batch_norm_batches=0, skip_non_finite=0)
        check_minimum(self, gradient_clipping=0, weight_decay=0, seed=0)
        check_above(self, learning_rate=0)
        check_share(self, "momentum", "label_smoothing", "ema_decay", below_one=True)
        check_above(self, epsilon=0)
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ConfigError(f"betas is {list(self.betas)}, expected two numbers from 0 to below 1")
        if self.optimizer == "sgd" and self.nesterov and self.momentum == 0:
            raise ConfigError("nesterov needs a momentum above 0")
        if self.select == "average" and 0 < self.keep_checkpoints < self.average_epochs:
            raise ConfigError(
                f"keep_checkpoints is {self.keep_checkpoints}, but the average needs {self.average_epochs} epochs"
            )
