"""The training loop: any module, any loss, any source of batches; exact to resume."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from blasr.errors import ConfigError, TrainingError
from blasr.training.batches import Batch, BatchSource
from blasr.training.checkpoint import (
    TrainingState,
    average_weights,
    load_checkpoint,
    load_module,
    load_weights,
    save_checkpoint,
    save_weights,
)
from blasr.training.config import TrainingConfig
from blasr.training.display import EpochDisplay
from blasr.training.distributed import DistributedContext
from blasr.training.metrics import MetricsLog, Sums
from blasr.training.optimization import Loss, Optimization
from blasr.training.resume import check_unchanged
from blasr.training.schedule import DEPENDS_ON_EPOCHS, learning_rate

logger = logging.getLogger(__name__)

RESUMABLE_KEYS = (
    "device",
    "threads",
    "log_interval",
    "checkpoint_interval",
    "keep_checkpoints",
    "select",
    "average_epochs",
)
"""Keys of :class:`TrainingConfig` that may change when a run goes on."""


@dataclass
class _Watch:
    """Time since the start of an epoch, and how much of it went by waiting for data."""

    start: float
    waiting: float = 0.0
    count: float = 0.0

    @property
    def seconds(self) -> float:
        return max(time.perf_counter() - self.start, 1e-9)

    def timed(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        while True:
            asked = time.perf_counter()
            try:
                batch = next(batches)
            except StopIteration:
                return
            finally:
                self.waiting += time.perf_counter() - asked
            yield batch


class Trainer:
    """Trains a module and keeps its checkpoints and metrics in one directory.

    Args:
        module: what is trained.
        loss: of ``(outputs, targets)``, as sums.
        config: how.
        directory: receives ``checkpoints/``, ``metrics.jsonl`` and ``tensorboard/``.
        distributed: the processes that train together.
        run_config: everything that the run depends on, for the check before going on; by default nothing.
        resumable_keys: patterns of keys of ``run_config`` that may change between one start and the next.
        unit: what a target is called in logs.
    """

    def __init__(
        self,
        module: nn.Module,
        loss: Loss,
        config: TrainingConfig,
        directory: Path,
        *,
        distributed: DistributedContext | None = None,
        run_config: Mapping[str, Any] | None = None,
        resumable_keys: Sequence[str] = (),
        unit: str = "frames",
    ) -> None:
        self.distributed = distributed or DistributedContext()
        if config.threads:
            torch.set_num_threads(config.threads)
        self._optimization = Optimization(module, loss, config, self.distributed)
        self._config = config
        self._directory = directory
        self._checkpoints = directory / "checkpoints"
        self._unit = unit
        self._resumable_keys = resumable_keys
        self.state = TrainingState(world_size=self.distributed.world_size, config=dict(run_config or {}))

    @property
    def module(self) -> nn.Module:
        """The module, on its device."""
        return self._optimization.module

    def fit(self, train: BatchSource, valid: BatchSource | None = None) -> TrainingState:
        """Train from wherever an earlier call with the same directory stopped; at once done if that was the end.

        Raises:
            ConfigError: the directory holds a run begun with another configuration.
            TrainingError: the loss is not finite; checkpoints are those of before.
        """
        self._resume()
        if self.state.epoch > self._config.epochs:
            self._say(f"training is done: {self._config.epochs} epochs, {self.state.step} steps")
            return self.state
        with MetricsLog(self._directory, self.state.step, self.distributed.is_main) as metrics:
            while self.state.epoch <= self._config.epochs:
                self._train_epoch(train, valid, metrics)
        return self.state

    def _resume(self) -> None:
        path = self._checkpoints / "last.safetensors"
        if not path.exists():
            return
        state = load_checkpoint(path, self.module, self._optimization.optimizer)
        check_unchanged(state.config, self.state.config, self._resumable_keys, self._directory)
        if state.batch and state.world_size != self.distributed.world_size:
            raise ConfigError(
                f"stopped within an epoch of {state.world_size} processes, found {self.distributed.world_size} now",
                path=path,
                fix=f"go on with {state.world_size} processes until the epoch is done",
            )
        state.config = self.state.config
        state.world_size = self.distributed.world_size
        self.state = state
        if state.epoch <= self._config.epochs:
            self._say(f"going on at epoch {state.epoch}, batch {state.batch}, step {state.step} from {path}")

    def _train_epoch(self, train: BatchSource, valid: BatchSource | None, metrics: MetricsLog) -> None:
        state, epochs = self.state, self._config.epochs
        total = train.num_batches(state.epoch)
        rate = learning_rate(self._config, state.epoch, state.batch / max(total, 1))
        watch = _Watch(time.perf_counter())
        batches = watch.timed(iter(train.batches(state.epoch, state.batch)))
        with EpochDisplay(f"epoch {state.epoch}/{epochs}", total, state.batch, self.distributed.is_main) as display:
            for batch in batches:
                rate = learning_rate(self._config, state.epoch, state.batch / total)
                norm = self._train_batch(batch, rate, watch)
                sums, speed = state.sums, watch.count / watch.seconds
                display.advance(
                    f"loss {sums.mean_loss:.3f} accuracy {sums.accuracy:.1%} lr {rate:.2e} {speed:,.0f} {self._unit}/s"
                )
                if state.step % self._config.log_interval == 0:
                    metrics.write(
                        "step",
                        epoch=state.epoch,
                        step=state.step,
                        loss=sums.mean_loss,
                        accuracy=sums.accuracy,
                        learning_rate=rate,
                        gradient_norm=norm,
                        **{f"{self._unit}_per_second": speed, "waiting": watch.waiting / watch.seconds},
                    )
                interval = self._config.checkpoint_interval
                if interval and state.step % interval == 0 and state.batch < total:
                    self.distributed.average_buffers(self.module)
                    self._save_last()
        if state.batch == 0:
            raise TrainingError(f"epoch {state.epoch} has no batch to train on")
        self._finish_epoch(valid, metrics, watch, rate)

    def _train_batch(self, batch: Batch, rate: float, watch: _Watch) -> float:
        state = self.state
        started = time.perf_counter()
        try:
            result = self._optimization.step(batch, rate)
        except TrainingError as error:
            raise TrainingError(
                f"epoch {state.epoch}, step {state.step + 1}: {error.message}",
                path=self._directory,
                fix="look at the data named here, or lower training.learning_rate; the last checkpoint is kept",
            ) from None
        state.sums.add(result.loss, result.correct, result.count)
        watch.count += result.count
        state.step += 1
        state.batch += 1
        state.seconds += time.perf_counter() - started
        return result.gradient_norm

    def _finish_epoch(self, valid: BatchSource | None, metrics: MetricsLog, watch: _Watch, rate: float) -> None:
        state, seconds = self.state, watch.seconds
        sums, speed, waiting = state.sums, watch.count / seconds, watch.waiting / seconds
        self.distributed.average_buffers(self.module)
        held_out = self.evaluate(valid) if valid is not None else None
        metrics.write(
            "epoch",
            epoch=state.epoch,
            step=state.step,
            loss=sums.mean_loss,
            accuracy=sums.accuracy,
            valid_loss=held_out.mean_loss if held_out else None,
            valid_accuracy=held_out.accuracy if held_out else None,
            learning_rate=rate,
            seconds=state.seconds,
            **{f"{self._unit}_per_second": speed, "waiting": waiting},
        )
        shown = f"held-out loss {held_out.mean_loss:.4f} accuracy {held_out.accuracy:.2%}; " if held_out else ""
        self._say(
            f"epoch {state.epoch}/{self._config.epochs}: loss {sums.mean_loss:.4f} accuracy {sums.accuracy:.2%}; "
            f"{shown}lr {rate:.3g}; {speed:,.0f} {self._unit}/s, {waiting:.0%} of {seconds:.0f} s waiting for data"
        )
        state.losses.append((held_out or sums).mean_loss)
        finished = state.epoch
        state.epoch, state.batch, state.sums = finished + 1, 0, Sums()
        if self.distributed.is_main:
            save_weights(
                self.epoch_path(finished),
                self.module.state_dict(),
                {"epoch": str(finished), "loss": repr(state.losses[-1])},
            )
        self._save_last()
        self._prune()

    def _save_last(self) -> None:
        if self.distributed.is_main:
            path = self._checkpoints / "last.safetensors"
            save_checkpoint(path, self.module, self._optimization.optimizer, self.state)
        self.distributed.wait()

    def _prune(self) -> None:
        keep = self._config.keep_checkpoints
        if not self.distributed.is_main or not keep:
            return
        for epoch in range(1, self.state.epoch - keep):
            if epoch != self.state.best_epoch:
                self.epoch_path(epoch).unlink(missing_ok=True)

    def epoch_path(self, epoch: int) -> Path:
        """Where the weights after ``epoch`` (from 1) are."""
        return self._checkpoints / f"epoch{epoch:02d}.safetensors"

    def evaluate(self, source: BatchSource) -> Sums:
        """Loss and accuracy over the first epoch of ``source``, all processes together."""
        own = Sums()
        for batch in source.batches(1):
            own.add(*self._optimization.evaluate(batch))
        total = torch.tensor([own.loss, own.correct, own.count], dtype=torch.float64, device=self.distributed.device)
        return Sums(*self.distributed.sum(total).tolist())

    def final_weights(self) -> tuple[dict[str, Tensor], str]:
        """The weights that ``config.select`` asks for, which are then also the module's, and where they come from."""
        last = self.state.epoch - 1
        if self._config.select == "average":
            first = max(1, last - self._config.average_epochs + 1)
            weights = average_weights([self.epoch_path(epoch) for epoch in range(first, last + 1)])
            origin = f"average of epochs {first} to {last}"
        else:
            epoch = last if self._config.select == "last" else self.state.best_epoch
            weights, origin = load_weights(self.epoch_path(epoch))[0], f"epoch {epoch}"
        load_module(self.module, weights, self._directory)
        return weights, origin

    def _say(self, message: str) -> None:
        if self.distributed.is_main:
            logger.info("%s", message)


def resumable_keys(config: TrainingConfig) -> tuple[str, ...]:
    """The keys of ``config`` that may change when a run goes on; ``epochs`` where no rate depends on it."""
    return RESUMABLE_KEYS if config.schedule.kind in DEPENDS_ON_EPOCHS else (*RESUMABLE_KEYS, "epochs")
