"""Steps with values that are still on the device. Reading them waits for the device, so it is done for many at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch

from blasr.training.optimization import StepResult

_MOST_NAMES: Final = 8


@dataclass(frozen=True)
class FinishedStep:
    """The values of a step, summed over the batches of all processes.

    Attributes:
        step: its number, from 1.
        loss, correct, count: the sums.
        gradient_norm: the norm of the gradient before clipping.
        skipped: whether the weights were left unchanged because the loss or the gradient is not finite.
        failure: if so, what is not finite, and which items may be the cause.
        requests: the summed requests.
    """

    step: int
    loss: float
    correct: float
    count: float
    gradient_norm: float
    skipped: bool
    failure: str
    requests: tuple[float, ...]


class PendingSteps:
    """Collects the results of steps until they are read."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, StepResult]] = []

    def add(self, step: int, result: StepResult) -> None:
        """Add the result of a step."""
        self._steps.append((step, result))

    def read(self) -> list[FinishedStep]:
        """Return the values of all steps since the last call, in one transfer from the device."""
        steps, self._steps = self._steps, []
        if not steps:
            return []
        rows = torch.stack([result.values for _, result in steps]).tolist()
        finished = []
        for (step, result), (loss, correct, count, norm, skipped, *requests) in zip(steps, rows, strict=True):
            failure = describe_failure(result, loss, norm) if skipped else ""
            finished.append(FinishedStep(step, loss, correct, count, norm, bool(skipped), failure, tuple(requests)))
        return finished


def describe_failure(result: StepResult, loss: float, norm: float) -> str:
    """Return what is not finite, and which items of the batch may be the cause.

    Args:
        result: the step in this process.
        loss: the loss over all processes.
        norm: the norm of the gradient.
    """
    what = f"the loss is {loss}" if not math.isfinite(loss) else f"the norm of the gradient is {norm}"
    finite = torch.isfinite(result.item_sums).tolist()
    bad_inputs = [name for name, is_finite in zip(result.names, finite, strict=False) if not is_finite]
    if bad_inputs:
        return f"{what}: the inputs of {', '.join(dict.fromkeys(bad_inputs))} are not finite"
    if math.isfinite(result.own_loss.item()) is not math.isfinite(loss):  # another process has the cause
        return what
    names = list(dict.fromkeys(result.names))
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{what}; the batch contains {', '.join(names[:_MOST_NAMES])}{rest}"
