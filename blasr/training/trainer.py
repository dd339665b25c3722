"""The training loop: any module, any loss, any source of batches. It resumes exactly."""

from __future__ import annotations

import logging
import math
import signal
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn

from blasr.errors import ConfigError, StopRequestedError, TrainingError
from blasr.training.batch_norm import recompute_batch_norm
from blasr.training.batches import Batch, BatchSource
from blasr.training.checkpoint import (
    TrainingState,
    average_weights,
    load_checkpoint,
    load_extra,
    load_module,
    load_weights,
    save_checkpoint,
    save_weights,
)
from blasr.training.config import TrainingConfig
from blasr.training.display import EpochDisplay
from blasr.training.distributed import DistributedContext
from blasr.training.epoch_clock import EpochClock
from blasr.training.metrics import MetricsLog, MetricSums
from blasr.training.optimization import Loss, Optimization
from blasr.training.pending_steps import FinishedStep, PendingSteps
from blasr.training.process_states import load_process_states, process_states
from blasr.training.resume import RunIdentity, last_checkpoint
from blasr.training.schedule import DEPENDS_ON_EPOCHS, learning_rate
from blasr.training.stop_signals import StopSignals

logger = logging.getLogger(__name__)

RESUMABLE_KEYS = (
    "device",
    "threads",
    "log_interval",
    "checkpoint_interval",
    "checkpoint_minutes",
    "keep_checkpoints",
    "keep_every",
    "skip_non_finite",
    "compile",
    "select",
    "average_epochs",
    "batch_norm_batches",
)
"""Keys of :class:`TrainingConfig` that may change when a run resumes."""


def resumable_keys(config: TrainingConfig) -> tuple[str, ...]:
    """Return the keys of ``config`` that may change when a run resumes.

    ``epochs`` is one of them if the learning rate does not depend on it.
    """
    return RESUMABLE_KEYS if config.schedule.kind in DEPENDS_ON_EPOCHS else (*RESUMABLE_KEYS, "epochs")


class Trainer:
    """Trains a module and keeps its checkpoints and metrics in one directory.

    Args:
        module: the module to train.
        loss: a function of ``(outputs, targets)`` that returns sums.
        config: the training configuration.
        directory: receives ``checkpoints/``, ``metrics.jsonl`` and ``tensorboard/``.
        distributed: the processes that train together.
        identity: what must stay the same for the run to resume; by default nothing.
        unit: the name of a target in logs.
    """

    def __init__(
        self,
        module: nn.Module,
        loss: Loss,
        config: TrainingConfig,
        directory: Path,
        *,
        distributed: DistributedContext | None = None,
        identity: RunIdentity | None = None,
        unit: str = "frames",
    ) -> None:
        self.distributed = distributed or DistributedContext()
        if config.threads:
            torch.set_num_threads(config.threads)
        self._optimization = Optimization(module, loss, config, self.distributed)
        self._config = config
        self._directory = directory
        self._identity = identity or RunIdentity()
        self._unit = unit
        self._pending = PendingSteps()
        self._signals = StopSignals()
        self._saved_at = time.monotonic()
        self._last_norm = 0.0
        self.state = TrainingState(world_size=self.distributed.world_size, config=dict(self._identity.config))

    @property
    def module(self) -> nn.Module:
        """The module, on its device."""
        return self._optimization.module

    def fit(self, train: BatchSource, valid: BatchSource | None = None) -> TrainingState:
        """Train to the end, from the last checkpoint in the directory if there is one.

        Returns:
            The state at the end. If the run was already done, nothing is changed.

        Raises:
            ConfigError: the directory contains a run with another configuration.
            TrainingError: the loss is not finite; the checkpoints are unchanged.
            StopRequestedError: SIGTERM or SIGUSR1 was received; a checkpoint was written.
        """
        self._resume()
        if self.state.epoch > self._config.epochs:
            self._log_info(f"training is done: {self._config.epochs} epochs, {self.state.step} steps")
            return self.state
        with self._signals, MetricsLog(self._directory, self.state.step, self.distributed.is_main) as metrics:
            while self.state.epoch <= self._config.epochs:
                self._train_epoch(train, valid, metrics)
        return self.state

    def _resume(self) -> None:
        path = last_checkpoint(self._directory)
        if not path.exists():
            return
        state = load_checkpoint(path, self.module, self._optimization.optimizer)
        tensors, values = load_extra(path)
        self._optimization.load_extra_state(tensors, values)
        load_process_states(self.own_buffers(), self.distributed, tensors)
        self._identity.check(state.config, self._directory)
        if state.batch and state.world_size != self.distributed.world_size:
            raise ConfigError(
                f"was written within an epoch by {state.world_size} processes, found {self.distributed.world_size} now",
                path=path,
                fix=f"resume with {state.world_size} processes until the epoch is done",
            )
        state.config = self.state.config
        state.world_size = self.distributed.world_size
        self.state = state
        if state.epoch <= self._config.epochs:
            self._log_info(f"resuming at epoch {state.epoch}, batch {state.batch}, step {state.step} from {path}")

    def _train_epoch(self, train: BatchSource, valid: BatchSource | None, metrics: MetricsLog) -> None:
        state, config = self.state, self._config
        total = train.num_batches(state.epoch)
        rate = learning_rate(config, state.epoch, state.batch / max(total, 1))
        clock = EpochClock(time.perf_counter())
        groups = clock.timed(iter(train.batches(state.epoch, state.batch)), config.accumulate)
        description = f"epoch {state.epoch}/{config.epochs}"
        read_interval = 1 if self.distributed.device.type == "cpu" else config.log_interval
        self._saved_at = time.monotonic()
        with EpochDisplay(description, total, state.batch, self.distributed.is_main) as display:
            for group in groups:
                rate = learning_rate(config, state.epoch, state.batch / total)
                self._train_step(group, rate)
                is_logged = state.step % config.log_interval == 0
                finished = self._read_steps(clock) if is_logged or state.step % read_interval == 0 else []
                sums, speed = state.sums, clock.count / clock.seconds
                display.advance(
                    f"loss {sums.mean_loss:.3f} accuracy {sums.accuracy:.1%} lr {rate:.2e} {speed:,.0f} {self._unit}/s",
                    len(group),
                )
                if is_logged:
                    speed_metrics = clock.metrics(self._unit)
                    norm = self._last_norm
                    self._write_metrics(metrics, "step", learning_rate=rate, gradient_norm=norm, **speed_metrics)
                if state.batch < total:
                    self._save_or_stop(finished, clock)
        if state.batch == 0:
            raise TrainingError(f"epoch {state.epoch} has no batch to train on")
        self._read_steps(clock)
        self._finish_epoch(valid, metrics, clock, rate)

    def _train_step(self, group: list[Batch], rate: float) -> None:
        """Train on a group of batches; the results stay on the device."""
        state = self.state
        started = time.perf_counter(), time.process_time()
        result = self._optimization.step(group, rate, state.step + 1, self._requests())
        state.step += 1
        state.batch += len(group)
        self._pending.add(state.step, result)
        state.seconds += time.perf_counter() - started[0]
        state.processor_seconds += time.process_time() - started[1]

    def _read_steps(self, clock: EpochClock) -> list[FinishedStep]:
        """Wait for the device, count the finished steps, and apply the policy for those that are not finite."""
        started = time.perf_counter()
        finished = self._pending.read()
        self.state.seconds += time.perf_counter() - started
        for item in finished:
            if item.skipped and (not math.isfinite(item.loss) or self._optimization.counts_infinite_gradients):
                self._skip(item)
                continue
            self.state.sums.add(item.loss, item.correct, item.count)
            self._last_norm = item.gradient_norm
            clock.count += item.count
        return finished

    def _skip(self, item: FinishedStep) -> None:
        """Count a step that is not finite.

        Raises:
            TrainingError: there are more than ``config.skip_non_finite``.
        """
        state, limit = self.state, self._config.skip_non_finite
        state.skipped += 1
        message = f"epoch {state.epoch}, step {item.step}: {item.failure}"
        if state.skipped > limit:
            more = f" ({state.skipped} steps that are not finite, expected at most {limit})" if limit else ""
            raise TrainingError(
                message + more,
                path=self._directory,
                fix="check the data named here, or lower training.learning_rate; the last checkpoint is kept",
            )
        self._log_info(f"{message}; skipped, {state.skipped} of at most {limit}")

    def _requests(self) -> tuple[float, ...]:
        """Return whether this process wants to stop, and whether rank 0 wants a checkpoint; nothing if it is alone."""
        if self.distributed.world_size == 1:
            return ()
        return float(self._signals.received > 0), float(self.distributed.is_main and self._is_checkpoint_due())

    def _is_checkpoint_due(self) -> bool:
        minutes = self._config.checkpoint_minutes
        return minutes > 0 and time.monotonic() - self._saved_at >= 60 * minutes

    def _save_or_stop(self, finished: list[FinishedStep], clock: EpochClock) -> None:
        """Write a checkpoint within the epoch if one is due, and stop if a signal asked for it.

        All processes decide the same, because they see the same requests.
        """
        interval = self._config.checkpoint_interval
        if self.distributed.world_size == 1:
            stop, save = self._signals.received > 0, self._is_checkpoint_due()
        else:
            stop, save = (any(item.requests[place] for item in finished) for place in (0, 1))
        if stop or save or (interval and self.state.step % interval == 0):
            self._read_steps(clock)
            self._save_last()
        if stop:
            number = self._signals.received or int(signal.SIGTERM)
            where = f"epoch {self.state.epoch}, step {self.state.step}"
            raise StopRequestedError(
                f"stopped by {signal.Signals(number).name} at {where}; saved in {self._directory}, "
                "the same command resumes",
                number,
            )

    def _finish_epoch(self, valid: BatchSource | None, metrics: MetricsLog, clock: EpochClock, rate: float) -> None:
        """Evaluate, log, and write the weights of the epoch and the checkpoint to resume from."""
        state, finished = self.state, self.state.epoch
        seconds, speed_metrics = clock.seconds, clock.metrics(self._unit)  # without the evaluation
        self.distributed.average(self.own_buffers())
        average = self._optimization.average
        with average.in_place() if average is not None else nullcontext():
            held_out = self.evaluate(valid) if valid is not None else None
            weights = {name: tensor.clone() for name, tensor in self.module.state_dict().items()}
        self._write_metrics(
            metrics,
            "epoch",
            valid_loss=held_out.mean_loss if held_out else None,
            valid_accuracy=held_out.accuracy if held_out else None,
            learning_rate=rate,
            seconds=state.seconds,
            processor_seconds=state.processor_seconds,
            **speed_metrics,
        )
        shown = f"held-out loss {held_out.mean_loss:.4f} accuracy {held_out.accuracy:.2%}; " if held_out else ""
        self._log_info(
            f"epoch {finished}/{self._config.epochs}: loss {state.sums.mean_loss:.4f} "
            f"accuracy {state.sums.accuracy:.2%}; {shown}lr {rate:.3g}; "
            f"{speed_metrics[f'{self._unit}_per_second']:,.0f} {self._unit}/s, "
            f"{speed_metrics['waiting']:.0%} of {seconds:.0f} s waiting for data"
        )
        state.losses.append((held_out or state.sums).mean_loss)
        state.epoch, state.batch, state.sums = finished + 1, 0, MetricSums()
        if self.distributed.is_main:
            save_weights(
                self.epoch_path(finished),
                weights,
                {"epoch": str(finished), "loss": repr(state.losses[-1])},
            )
        self._save_last()
        self._remove_old_epochs()

    def _write_metrics(self, metrics: MetricsLog, kind: str, **values: float | None) -> None:
        state = self.state
        sums = {"loss": state.sums.mean_loss, "accuracy": state.sums.accuracy}
        metrics.write(kind, epoch=state.epoch, step=state.step, **sums, **values)

    def own_buffers(self) -> list[Tensor]:
        """Return the buffers that each process has for itself: the module's, and their moving averages."""
        average = self._optimization.average
        own = [buffer for buffer in self.module.buffers() if buffer.is_floating_point()]
        return own if average is None else own + average.buffers

    def _save_last(self) -> None:
        tensors, values = self._optimization.extra_state()
        extra = {**tensors, **process_states(self.own_buffers(), self.distributed)}, values
        if self.distributed.is_main:
            optimizer = self._optimization.optimizer
            save_checkpoint(last_checkpoint(self._directory), self.module, optimizer, self.state, extra)
        self.distributed.wait()
        self._saved_at = time.monotonic()

    def _remove_old_epochs(self) -> None:
        keep = self._config.keep_checkpoints
        if not self.distributed.is_main or not keep:
            return
        every = self._config.keep_every
        for epoch in range(1, self.state.epoch - keep):
            if epoch != self.state.best_epoch and not (every and epoch % every == 0):
                self.epoch_path(epoch).unlink(missing_ok=True)

    def epoch_path(self, epoch: int) -> Path:
        """Return the path of the weights after ``epoch`` (from 1)."""
        return last_checkpoint(self._directory).with_name(f"epoch{epoch:02d}.safetensors")

    def evaluate(self, source: BatchSource) -> MetricSums:
        """Return loss and accuracy over the first epoch of ``source``, summed over all processes."""
        total = torch.zeros(3, dtype=torch.float64, device=self.distributed.device)
        for batch in source.batches(1):
            total += self._optimization.evaluate(batch)
        return MetricSums(*self.distributed.sum(total).tolist())

    def final_weights(self, train: BatchSource | None = None) -> tuple[dict[str, Tensor], str]:
        """Load the weights that ``config.select`` asks for into the module.

        Args:
            train: the data on which the statistics of batch norm are estimated for averaged weights; without it, the
                statistics of the epochs are averaged.

        Returns:
            The weights, and a text that names their epochs.
        """
        last = self.state.epoch - 1
        if self._config.select == "average":
            first = max(1, last - self._config.average_epochs + 1)
            load_module(self.module, average_weights(map(self.epoch_path, range(first, last + 1))), self._directory)
            origin = f"average of epochs {first} to {last}"
            if train is not None and self._config.batch_norm_batches:
                self._recompute_batch_norm(train)
            return self.module.state_dict(), origin
        epoch = last if self._config.select == "last" else self.state.best_epoch
        weights, origin = load_weights(self.epoch_path(epoch))[0], f"epoch {epoch}"
        load_module(self.module, weights, self._directory)
        return weights, origin

    def _recompute_batch_norm(self, train: BatchSource) -> None:
        limit = self._config.batch_norm_batches
        used = recompute_batch_norm(self.module, train.batches(1), self.distributed.device, limit)
        self.distributed.average(self.own_buffers())
        self._log_info(f"statistics of batch norm estimated on {used} batches")

    def _log_info(self, message: str) -> None:
        if self.distributed.is_main:
            logger.info("%s", message)
