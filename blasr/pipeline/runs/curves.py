"""The curves of training runs, from the ``metrics.jsonl`` of their experiment directories."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from blasr.errors import ConfigError, DataError, FormatError
from blasr.units import FloatArray, IntArray

METRICS_FILE: Final = "metrics.jsonl"
"""The name of the metrics in an experiment directory."""

Axis = Literal["epoch", "step"]


@dataclass(frozen=True)
class MetricPoint:
    """One line of ``metrics.jsonl``.

    Attributes:
        epoch: from 1.
        step: optimizer steps so far.
        values: the metrics. In a line within an epoch, means are over the epoch so far.
    """

    epoch: int
    step: int
    values: dict[str, float]


@dataclass(frozen=True, eq=False)
class CurveSeries:
    """One metric of one run.

    Attributes:
        positions: places on the horizontal axis ``(N,)``.
        values: the metric ``(N,)``.
        epochs: the epoch of each value ``(N,)``, from 1.
    """

    positions: FloatArray
    values: FloatArray
    epochs: IntArray

    def __len__(self) -> int:
        return len(self.values)

    def after(self, epoch: int) -> CurveSeries:
        """Return the part after an epoch."""
        chosen = self.epochs > epoch
        return CurveSeries(self.positions[chosen], self.values[chosen], self.epochs[chosen])

    def broken(self) -> CurveSeries:
        """Return the same with a gap after each epoch, where means over the epoch so far start again."""
        places = np.flatnonzero(np.diff(self.epochs)) + 1
        positions, values = (np.insert(part, places, np.nan) for part in (self.positions, self.values))
        return CurveSeries(positions, values, np.insert(self.epochs, places, self.epochs[places]))


@dataclass(frozen=True)
class TrainingCurves:
    """The metrics of one run.

    Attributes:
        name: a name that no other run on the same page has.
        directory: the experiment directory.
        steps: the lines within epochs.
        epochs: the lines at the ends of epochs.
        is_cut: whether the last line is incomplete, because the training is still writing it or was stopped.
    """

    name: str
    directory: Path
    steps: tuple[MetricPoint, ...]
    epochs: tuple[MetricPoint, ...]
    is_cut: bool = False

    @property
    def unit(self) -> str:
        """What a target is called: "frames", or "images"."""
        names = (name for point in (*self.epochs[:1], *self.steps[:1]) for name in point.values)
        return next((name.removesuffix("_per_second") for name in names if name.endswith("_per_second")), "frames")

    def best_epoch(self) -> MetricPoint | None:
        """Return the epoch with the lowest held-out loss, or None if nothing was held out."""
        held_out = [point for point in self.epochs if point.values.get("valid_loss") is not None]
        return min(held_out, key=lambda point: point.values["valid_loss"], default=None)

    def series(self, kind: Literal["step", "epoch"], metric: str, axis: Axis = "epoch") -> CurveSeries:
        """Return one metric.

        Args:
            kind: the lines within epochs, or those at their ends.
            metric: a name in :attr:`MetricPoint.values`; lines without it are left out.
            axis: "step", or "epoch" for epochs with a fraction.
        """
        points = [point for point in (self.steps if kind == "step" else self.epochs) if metric in point.values]
        return CurveSeries(
            np.asarray([self._epochs_at(point.step) if axis == "epoch" else point.step for point in points], float),
            np.asarray([point.values[metric] for point in points], float),
            np.asarray([point.epoch for point in points], int),
        )

    def _epochs_at(self, step: int) -> float:
        """Return how many epochs, with a fraction, are done after a step; the last epoch's length continues."""
        anchors = [(0, 0), *((point.step, point.epoch) for point in self.epochs)]
        for (first, before), (last, after) in pairwise(anchors):
            if step <= last or (last, after) == anchors[-1]:
                return before + (after - before) * (step - first) / max(last - first, 1)
        raise ValueError(f"{self.name} has no finished epoch, so that steps are not parts of one")


def read_curves(directories: Sequence[Path]) -> list[TrainingCurves]:
    """Read the metrics of several experiments.

    Args:
        directories: experiment directories. Each run is called by the end of its path that no other has.

    Raises:
        ConfigError: a directory is given twice.
        DataError: a directory has no metrics.
        FormatError: a line other than the last is broken.
    """
    return [_read_run(directory, name) for directory, name in zip(directories, run_names(directories), strict=True)]


def run_names(directories: Sequence[Path]) -> list[str]:
    """Return the last parts of paths, as few as make all names different.

    Raises:
        ConfigError: two paths are the same directory.
    """
    whole = [Path(os.path.realpath(directory)) for directory in directories]
    for index, path in enumerate(whole):
        if path in whole[:index]:
            raise ConfigError(f"the experiment {directories[index]} is given twice", fix="name each experiment once")
    parts = [Path(os.path.normpath(Path.cwd() / directory)).parts for directory in directories]
    names = []
    for own in parts:
        others = [other for other in parts if other is not own]
        unique = (n for n in range(1, len(own)) if all(other[-n:] != own[-n:] for other in others))
        names.append("/".join(own[-next(unique, len(own) - 1) :]).lstrip("/") or "/")
    return names


def _read_run(directory: Path, name: str) -> TrainingCurves:
    path = directory / METRICS_FILE
    if not path.is_file():
        raise _no_metrics(directory)
    steps: list[MetricPoint] = []
    epochs: list[MetricPoint] = []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    is_cut = lines[-1] != "" and _parse(lines[-1]) is None
    for number, line in enumerate(lines[:-1] if is_cut else lines, start=1):
        if not line.strip():
            continue
        parsed = _parse(line)
        if parsed is None:
            message = f"found {line[:60]!r}, expected a JSON object with kind, epoch and step"
            raise FormatError(message, path=path, line=number, fix="remove this line")
        kind, point = parsed
        (epochs if kind == "epoch" else steps).append(point)
    if not steps and not epochs:
        raise DataError(
            "has no complete line yet", path=path, fix="wait for the first training.log_interval steps of the training"
        )
    return TrainingCurves(name, directory, tuple(steps), tuple(epochs), is_cut)


def _parse(line: str) -> tuple[str, MetricPoint] | None:
    """Return the kind and the content of a line, or None if it is not one of metrics."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict) or value.get("kind") not in ("step", "epoch"):
        return None
    epoch, step = value.get("epoch"), value.get("step")
    if not isinstance(epoch, int) or not isinstance(step, int):
        return None
    return value["kind"], MetricPoint(epoch, step, dict(_numbers(value)))


def _numbers(value: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for name, number in value.items():
        if name not in ("kind", "epoch", "step") and isinstance(number, int | float):
            yield name, float(number)


def _no_metrics(directory: Path) -> DataError:
    if directory.is_file():
        return DataError("is a file, expected an experiment directory", path=directory, fix=f"name {directory.parent}")
    if not directory.is_dir():
        return DataError("no such folder", path=directory, fix="name the directory of a training run")
    return DataError(
        f"has no {METRICS_FILE}, so that it is not the directory of a training run",
        path=directory,
        fix="name the directory that `blasr train` or `blasr vision train` writes",
    )
