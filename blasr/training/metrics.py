"""Loss and accuracy as exact sums, written to metrics.jsonl and TensorBoard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from blasr.io.atomic import atomic_open


@dataclass
class Sums:
    """Running sums over targets; the means are of all targets, however they were batched."""

    loss: float = 0.0
    correct: float = 0.0
    count: float = 0.0

    def add(self, loss: float, correct: float, count: float) -> None:
        """Add the sums of one more batch."""
        self.loss += loss
        self.correct += correct
        self.count += count

    @property
    def mean_loss(self) -> float:
        """Loss per target; 0 before the first."""
        return self.loss / max(self.count, 1.0)

    @property
    def accuracy(self) -> float:
        """Share of targets whose class had the highest output."""
        return self.correct / max(self.count, 1.0)


class MetricsLog:
    """``metrics.jsonl``, one JSON object per line, and the same figures as TensorBoard curves.

    Args:
        directory: receives ``metrics.jsonl`` and ``tensorboard/``.
        step: the step to go on from; lines of later steps, left by a run that was cut off, are removed.
        enabled: whether this process writes.
    """

    def __init__(self, directory: Path, step: int = 0, enabled: bool = True) -> None:
        self._path = directory / "metrics.jsonl"
        self._writer: Any = None
        if not enabled:
            return
        directory.mkdir(parents=True, exist_ok=True)
        self._forget_after(step)
        from torch.utils.tensorboard import SummaryWriter  # a slow import that no inference needs

        self._writer = SummaryWriter(str(directory / "tensorboard"), purge_step=step + 1 if step else None)

    def _forget_after(self, step: int) -> None:
        lines = []
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] <= step:
                        lines.append(line)
                except (ValueError, KeyError, TypeError):
                    continue  # the torn last line of a run that was cut off
        with atomic_open(self._path, "w") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def write(self, kind: str, *, epoch: int, step: int, **values: float | None) -> None:
        """Append one line; ``kind`` is "step" or "epoch", and heads the TensorBoard tags."""
        if self._writer is None:
            return
        known = {name: value for name, value in values.items() if value is not None}
        line = json.dumps({"kind": kind, "epoch": epoch, "step": step, **known})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        for name, value in known.items():
            self._writer.add_scalar(f"{kind}/{name}", value, step)

    def __enter__(self) -> MetricsLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
