"""Checkpoints: safetensors files with the state of the run as JSON in the header. Nothing is ever pickled.

A checkpoint to resume from has these tensors:

- ``module.*``: parameters and buffers;
- ``optimizer.state.NAME.KEY``: the optimizer's state of the parameter called NAME, such as SGD's ``momentum_buffer`` or
  Adam's ``exp_avg``, ``exp_avg_sq`` and ``step``;
- ``random.cpu`` and perhaps ``random.cuda``: torch's random generators;
- ``extra.*``: the moving average of the weights, and the buffers and random generators of every process, if any.

The header has four entries: ``version`` is that of this layout, ``state`` a :class:`TrainingState`, ``optimizer`` the
optimizer's class, its parameter groups and its state except for tensors, and ``extra`` the state of the loss scaler.
The learning rate is a function of the epoch and the batch (:func:`blasr.training.schedule.learning_rate`), so the
schedule has no state beyond those.

Checkpoints of the first layout have no ``version``, and ``momentum.NAME`` in place of the optimizer's state. They still
load into SGD.

Files with weights only have the ``module`` tensors without a prefix.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from blasr.errors import FormatError, MismatchError
from blasr.io.atomic import atomic_path
from blasr.training.metrics import MetricSums
from blasr.training.optimizer_state import load_momentum, load_optimizer_state, optimizer_state

_LARGEST_HEADER: Final = 100_000_000
"""The longest header that safetensors accepts."""

_LENGTH_BYTES: Final = 8
"""A file begins with the length of its header in so many bytes."""

VERSION: Final = 2
"""The layout of the checkpoints that :func:`save_checkpoint` writes."""


@dataclass
class TrainingState:
    """The progress of a run.

    Args:
        epoch: the current epoch, from 1; one above the last when the run is done.
        batch: batches of that epoch that have been trained on.
        step: optimizer steps so far.
        seconds: seconds of training so far.
        processor_seconds: the same in processor time of this process, which other programs on the machine affect least.
        sums: metrics of the current epoch so far.
        losses: held-out loss (training loss if nothing is held out) of every finished epoch.
        skipped: steps so far that were skipped because the loss or its gradient was not finite.
        world_size: number of processes that wrote the checkpoint.
        config: the configuration that the run depends on.
    """

    epoch: int = 1
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    sums: MetricSums = field(default_factory=MetricSums)
    losses: list[float] = field(default_factory=list)
    skipped: int = 0
    world_size: int = 1
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """The finished epoch with the lowest loss; 0 before the first."""
        return 1 + min(range(len(self.losses)), key=self.losses.__getitem__) if self.losses else 0

    def to_json(self) -> str:
        """Return the state as JSON, floats exact."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TrainingState:
        """Return the state that :meth:`to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "sums": MetricSums(**values["sums"])})


def save_weights(path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write named tensors and string metadata as one safetensors file, atomically.

    Raises:
        DataError: the file cannot be written, for example because the disk is full; an older file stays as it was.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    with atomic_path(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        try:
            save_file(tensors, temporary, metadata=dict(metadata))
            temporary.chmod(mode)  # safetensors lets only the owner read its files, whatever the umask
        except SafetensorError as error:
            raise _as_os_error(error, temporary) from None


def _as_os_error(error: SafetensorError, path: Path) -> OSError:
    """The error of the machine that safetensors only quotes, such as "... (os error 28)"."""
    number = re.search(r"\(os error (\d+)\)", str(error))
    if number is None:
        return OSError(errno.EIO, str(error), str(path))
    return OSError(int(number[1]), os.strerror(int(number[1])), str(path))


def load_weights(path: Path, prefix: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors with names that start with ``prefix`` (which is removed), and the metadata.

    Raises:
        FormatError: the file is absent, truncated or not in the safetensors format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118 - not a dict
            return {name.removeprefix(prefix): file.get_tensor(name) for name in names}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        fix = "copy the file again, or write it again"
        if not path.exists():
            raise FormatError("is missing", path=path, fix=fix) from None
        expected, found = _described_bytes(path)
        if found < expected:
            described = f", and its header describes {expected}" if found >= _LENGTH_BYTES else ""
            raise FormatError(f"is cut short: it has {found} bytes{described}", path=path, fix=fix) from None
        raise FormatError(f"is not a readable safetensors file: {error}", path=path, fix=fix) from None


def _described_bytes(path: Path) -> tuple[int, int]:
    """Return how many bytes the header of a safetensors file describes, 0 if it has none, and how many there are."""
    try:
        with path.open("rb") as file:
            start, found = file.read(_LENGTH_BYTES), path.stat().st_size
            length = int.from_bytes(start, "little")
            if len(start) < _LENGTH_BYTES:
                return _LENGTH_BYTES, found
            if length > _LARGEST_HEADER:
                return 0, found
            if found < _LENGTH_BYTES + length:
                return _LENGTH_BYTES + length, found
            entries = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for entry in entries.values() if "data_offsets" in entry]
        return _LENGTH_BYTES + length + max(ends, default=0), found
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return 0, 0


def load_module(module: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Copy ``weights`` into ``module``.

    Raises:
        MismatchError: names or shapes differ; the message has the first three differences.
    """
    expected = module.state_dict()
    problems = [f"{name} is missing" for name in expected if name not in weights]
    problems += [f"{name} is unknown" for name in weights if name not in expected]
    problems += [
        f"{name} is {tuple(weights[name].shape)} in the file and {tuple(tensor.shape)} in the model"
        for name, tensor in expected.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    if problems:
        raise MismatchError(
            f"contains the weights of another model: {'; '.join(problems[:3])} ({len(problems)} differences)", path=path
        )
    module.load_state_dict(dict(weights))


def save_checkpoint(
    path: Path,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    state: TrainingState,
    extra: tuple[Mapping[str, Tensor], Mapping[str, Any]] = ({}, {}),
) -> None:
    """Write everything that a run needs to resume exactly; ``extra`` is for :func:`load_extra`."""
    tensors = {f"module.{name}": tensor for name, tensor in module.state_dict().items()}
    optimizer_tensors, optimizer_json = optimizer_state(module, optimizer)
    tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer_tensors.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    tensors |= {f"extra.{name}": tensor for name, tensor in extra[0].items()}
    header = {"version": str(VERSION), "state": state.to_json(), "optimizer": optimizer_json}
    save_weights(path, tensors, {**header, "extra": json.dumps(extra[1])})


def load_checkpoint(path: Path, module: nn.Module, optimizer: torch.optim.Optimizer) -> TrainingState:
    """Restore ``module``, ``optimizer`` and torch's random generators, and return the state of the run.

    Raises:
        FormatError: the file is not a checkpoint to resume from, or comes from a newer blasr.
        MismatchError: it belongs to another model or to another kind of optimizer.
    """
    tensors, metadata = load_weights(path)
    state = _parse_state(metadata, path)
    if "random.cpu" not in tensors:
        raise FormatError("is not a checkpoint to resume from", path=path)
    load_module(module, _with_prefix(tensors, "module."), path)
    if "optimizer" in metadata:
        load_optimizer_state(module, optimizer, _with_prefix(tensors, "optimizer."), metadata["optimizer"], path)
    else:
        load_momentum(module, optimizer, _with_prefix(tensors, "momentum."), path)
    torch.set_rng_state(tensors["random.cpu"])
    if torch.cuda.is_available() and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])
    return state


def load_extra(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the extra tensors and values of a checkpoint; nothing if an older blasr wrote it.

    Raises:
        FormatError: the file cannot be read.
    """
    tensors, metadata = load_weights(path, prefix="extra.")
    return tensors, json.loads(metadata.get("extra", "{}"))


def read_state(path: Path) -> TrainingState:
    """Return the state in a checkpoint without reading its weights.

    Raises:
        FormatError: the file is not a checkpoint to resume from, or comes from a newer blasr.
    """
    _, metadata = load_weights(path, prefix="random.")
    return _parse_state(metadata, path)


def _parse_state(metadata: Mapping[str, str], path: Path) -> TrainingState:
    if "state" not in metadata:
        raise FormatError("is not a checkpoint to resume from", path=path)
    version = metadata.get("version", "1")
    if version not in ("1", str(VERSION)):
        raise FormatError(
            f"is a checkpoint of version {version}, expected at most {VERSION}",
            path=path,
            fix="resume with the blasr that wrote it, or a newer one",
        )
    return TrainingState.from_json(metadata["state"])


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def average_weights(paths: Iterable[Path]) -> dict[str, Tensor]:
    """Return the mean of the weights in several files of one model; integers (step counts) come from the last file.

    The running means and variances of batch norm are averaged like the weights.
    """
    files = list(paths)
    total: dict[str, Tensor] = {}
    for path in files:
        weights, _ = load_weights(path)
        for name, tensor in weights.items():
            if name in total and tensor.is_floating_point():
                total[name] += tensor.double() / len(files)
            else:
                total[name] = tensor.double() / len(files) if tensor.is_floating_point() else tensor
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in total.items()}
