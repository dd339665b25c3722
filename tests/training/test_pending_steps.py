"""Results of steps are read together, and a failure names the items of its batch."""

from __future__ import annotations

import torch

from blasr.training.optimization import StepResult
from blasr.training.pending_steps import PendingSteps, describe_failure

NAMES = tuple(f"u{number}" for number in range(10))
NAN = float("nan")


def result(loss: float = 1.0, *, skipped: float = 0.0, items: list[float] | None = None) -> StepResult:
    values = torch.tensor([loss, 3.0, 4.0, 0.5, skipped, 1.0, 0.0], dtype=torch.float64)
    return StepResult(values, torch.tensor(loss), torch.tensor(items or [1.0] * 10), NAMES)


def test_steps_are_read_in_order_and_once() -> None:
    pending = PendingSteps()
    assert pending.read() == []
    for step, loss in ((7, 1.0), (8, 2.0)):
        pending.add(step, result(loss))
    first, second = pending.read()
    assert (first.step, first.loss, first.correct, first.count, first.gradient_norm) == (7, 1.0, 3.0, 4.0, 0.5)
    assert (second.step, second.loss, second.requests) == (8, 2.0, (1.0, 0.0))
    assert not first.skipped and first.failure == "" and pending.read() == []


def test_a_failure_names_the_inputs_that_are_not_finite() -> None:
    pending = PendingSteps()
    pending.add(1, result(NAN, skipped=1.0, items=[1.0, NAN, 1.0, float("inf")]))
    assert pending.read()[0].failure == "the loss is nan: the inputs of u1, u3 are not finite"


def test_a_failure_names_the_items_of_the_batch() -> None:
    expected = "the loss is nan; the batch contains u0, u1, u2, u3, u4, u5, u6, u7 and 2 more"
    assert describe_failure(result(NAN), NAN, 1.0) == expected
    assert describe_failure(result(1.0), NAN, 1.0) == "the loss is nan"  # another process has the cause
    assert describe_failure(result(1.0), 1.0, NAN).startswith("the norm of the gradient is nan; the batch contains u0")
