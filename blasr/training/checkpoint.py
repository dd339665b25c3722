"""Checkpoints: safetensors files whose header carries the state of the run as JSON; never pickle.

A checkpoint that a run goes on from holds ``module.*``, ``momentum.*`` and ``random.*`` tensors; one that is only
to be used holds the ``module.*`` tensors. Each is one file, written under a temporary name and then renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from blasr.errors import FormatError, MismatchError
from blasr.io.atomic import atomic_path
from blasr.training.metrics import Sums


@dataclass
class TrainingState:
    """How far a run has come.

    Args:
        epoch: the epoch under way, from 1; one above the last when done.
        batch: batches of that epoch already trained on.
        step: optimization steps taken in all.
        seconds: time spent training in all.
        sums: of the batches of the epoch under way.
        losses: held-out loss (training loss where nothing is held out) of every finished epoch.
        world_size: number of processes that wrote it.
        config: the configuration that the run depends on.
    """

    epoch: int = 1
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    sums: Sums = field(default_factory=Sums)
    losses: list[float] = field(default_factory=list)
    world_size: int = 1
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """The finished epoch of the lowest loss; 0 before the first."""
        return 1 + min(range(len(self.losses)), key=self.losses.__getitem__) if self.losses else 0

    def to_json(self) -> str:
        """As JSON, floats exact."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TrainingState:
        """The inverse of :meth:`to_json`."""
        values = json.loads(text)
        return cls(**{**values, "sums": Sums(**values["sums"])})


def save_weights(path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write named tensors and string metadata as one safetensors file, atomically."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata=dict(metadata))


def load_weights(path: Path, prefix: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors whose names begin with ``prefix`` (stripped) and the metadata.

    Raises:
        FormatError: the file is absent, truncated or not of this format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118 - not a dict
            return {name.removeprefix(prefix): file.get_tensor(name) for name in names}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise FormatError(f"is no readable safetensors file: {error}", path=path) from None


def load_module(module: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Copy ``weights`` into ``module``.

    Raises:
        MismatchError: names or shapes differ, told with the first of each kind.
    """
    own = module.state_dict()
    problems = [f"{name} is missing" for name in own if name not in weights]
    problems += [f"{name} is unknown" for name in weights if name not in own]
    problems += [
        f"{name} is {tuple(weights[name].shape)} in the file and {tuple(tensor.shape)} in the model"
        for name, tensor in own.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    if problems:
        raise MismatchError(
            f"holds the weights of another model: {'; '.join(problems[:3])} ({len(problems)} differences)", path=path
        )
    module.load_state_dict(dict(weights))


def save_checkpoint(path: Path, module: nn.Module, optimizer: torch.optim.Optimizer, state: TrainingState) -> None:
    """Write everything that going on exactly needs."""
    tensors = {f"module.{name}": tensor for name, tensor in module.state_dict().items()}
    for name, parameter in module.named_parameters():
        momentum = optimizer.state[parameter].get("momentum_buffer")
        if momentum is not None:
            tensors[f"momentum.{name}"] = momentum
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    save_weights(path, tensors, {"state": state.to_json()})


def load_checkpoint(path: Path, module: nn.Module, optimizer: torch.optim.Optimizer) -> TrainingState:
    """Put ``module``, ``optimizer`` and the random generators where :func:`save_checkpoint` found them.

    Raises:
        FormatError: the file is not a checkpoint to go on from.
        MismatchError: it is another model's.
    """
    tensors, metadata = load_weights(path)
    if "state" not in metadata or "random.cpu" not in tensors:
        raise FormatError("is no checkpoint to go on from", path=path)
    load_module(module, _with_prefix(tensors, "module."), path)
    momentum = _with_prefix(tensors, "momentum.")
    for name, parameter in module.named_parameters():
        if name in momentum:
            optimizer.state[parameter]["momentum_buffer"] = torch.empty_like(parameter).copy_(momentum[name])
    torch.set_rng_state(tensors["random.cpu"])
    if torch.cuda.is_available() and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])
    return TrainingState.from_json(metadata["state"])


def read_state(path: Path) -> TrainingState:
    """The state in a checkpoint, without its tensors.

    Raises:
        FormatError: the file is not a checkpoint to go on from.
    """
    _, metadata = load_weights(path, prefix="random.")
    if "state" not in metadata:
        raise FormatError("is no checkpoint to go on from", path=path)
    return TrainingState.from_json(metadata["state"])


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def average_weights(paths: Iterable[Path]) -> dict[str, Tensor]:
    """The mean of the weights in several files of one model; integers, such as step counts, of the last.

    Batch norm's running means and variances are averaged like the weights.
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
