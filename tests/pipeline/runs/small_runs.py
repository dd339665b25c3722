"""Small experiment folders made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_run(
    directory: Path,
    *,
    epochs: int = 2,
    loss: float = 1.0,
    config: Mapping[str, Any] | None = None,
    unfinished_steps: int = 0,
    unit: str = "frames",
    held_out: bool = True,
) -> Path:
    """Write metrics with a line every 10 steps, 40 steps in an epoch, and a configuration."""
    directory.mkdir(parents=True)
    lines = []
    for step in range(10, 40 * epochs + 10 * unfinished_steps + 1, 10):
        epoch = (step - 1) // 40 + 1
        shared = {"loss": loss / step**0.5, "accuracy": 0.5 + step / 1000, "learning_rate": 0.1 / epoch}
        speed = {f"{unit}_per_second": 1000.0 + step, "waiting": 0.05}
        lines.append({"kind": "step", "epoch": epoch, "step": step, **shared, "gradient_norm": 2.0, **speed})
        if step % 40 == 0:
            valid = {"valid_loss": 1.2 * loss / step**0.5, "valid_accuracy": 0.4} if held_out else {}
            lines.append({"kind": "epoch", "epoch": epoch, "step": step, **shared, **valid, "seconds": 9.0, **speed})
    (directory / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    values = {"experiment": str(directory), **(config or {"training": {"seed": 0, "epochs": epochs}})}
    (directory / "config.yaml").write_text(json.dumps(values))  # JSON is YAML
    return directory
