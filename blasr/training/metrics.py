"""Loss and accuracy as exact sums, and the log of them: metrics.jsonl and TensorBoard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from blasr.io.atomic import atomic_open, writing


@dataclass
class MetricSums:
    """Running sums over targets. The means are over all targets, whatever the sizes of the batches."""

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
        """Share of the targets with the highest output in the right class; 0 before the first."""
        return self.correct / max(self.count, 1.0)


class MetricsLog:
    """``metrics.jsonl``, with one JSON object per line, and the same values as TensorBoard curves.

    Args:
        directory: receives ``metrics.jsonl`` and ``tensorboard/``.
        step: the step to continue after. Lines of later steps, which an interrupted run left, are removed.
        enabled: whether this process writes.
    """

    def __init__(self, directory: Path, step: int = 0, enabled: bool = True) -> None:
        self._path = directory / "metrics.jsonl"
        self._writer: Any = None
        if not enabled:
            return
        directory.mkdir(parents=True, exist_ok=True)
        self._remove_after(step)
        from torch.utils.tensorboard import SummaryWriter  # a slow import that inference does not need

        self._writer = SummaryWriter(str(directory / "tensorboard"), purge_step=step + 1 if step else None)

    def _remove_after(self, step: int) -> None:
        lines = []
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] <= step:
                        lines.append(line)
                except (ValueError, KeyError, TypeError):
                    continue  # the incomplete last line of an interrupted run
        with atomic_open(self._path, "w") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def write(self, kind: str, *, epoch: int, step: int, **values: float | None) -> None:
        """Append one line without the values that are None.

        Args:
            kind: "step" or "epoch"; also the first part of the TensorBoard tags.
            epoch: from 1.
            step: optimizer steps so far.
            values: the metrics.
        """
        if self._writer is None:
            return
        known = {name: value for name, value in values.items() if value is not None}
        line = json.dumps({"kind": kind, "epoch": epoch, "step": step, **known})
        with writing(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        with writing(self._path.with_name("tensorboard")):
            for name, value in known.items():
                self._writer.add_scalar(f"{kind}/{name}", value, step)

    def __enter__(self) -> MetricsLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            with writing(self._path.with_name("tensorboard")):
                self._writer.close()
