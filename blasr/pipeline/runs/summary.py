"""The last figures of training runs, as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

from blasr.pipeline.runs.curves import MetricPoint, TrainingCurves

ABSENT = "\N{EN DASH}"
"""What a table shows for a value that a run does not have."""


def summary_header(runs: Sequence[TrainingCurves]) -> tuple[str, ...]:
    """Return the names of the columns of :func:`summary_row`."""
    unit = runs[0].unit
    held_out = ("held-out loss", "lowest", "held-out accuracy")
    return ("run", "epochs", "steps", "training loss", *held_out, f"{unit}/s", "waiting")


def summary_row(run: TrainingCurves) -> tuple[str, ...]:
    """Return name, finished epochs, steps, losses, accuracy, speed and waiting time of one run, as they are last."""
    last = run.epochs[-1] if run.epochs else run.steps[-1]
    best = run.best_epoch()
    return (
        run.name,
        str(run.epochs[-1].epoch if run.epochs else 0),
        f"{max(point.step for point in (*run.epochs[-1:], *run.steps[-1:])):,}",
        number(last, "loss"),
        number(last, "valid_loss"),
        ABSENT if best is None else f"epoch {best.epoch}",
        percent(last, "valid_accuracy"),
        speed(last, run.unit),
        percent(last, "waiting"),
    )


def epoch_header(run: TrainingCurves) -> tuple[str, ...]:
    """Return the names of the columns of :func:`epoch_row`."""
    held_out = ("held-out loss", "held-out accuracy")
    return ("epoch", "step", "loss", "accuracy", *held_out, "learning rate", f"{run.unit}/s", "waiting")


def epoch_row(run: TrainingCurves, point: MetricPoint) -> tuple[str, ...]:
    """Return the metrics of one finished epoch."""
    rate = point.values.get("learning_rate")
    return (
        str(point.epoch),
        f"{point.step:,}",
        number(point, "loss"),
        percent(point, "accuracy"),
        number(point, "valid_loss"),
        percent(point, "valid_accuracy"),
        ABSENT if rate is None else f"{rate:.3g}",
        speed(point, run.unit),
        percent(point, "waiting"),
    )


def number(point: MetricPoint, metric: str) -> str:
    """Return a metric with four decimals."""
    value = point.values.get(metric)
    return ABSENT if value is None else f"{value:.4f}"


def percent(point: MetricPoint, metric: str) -> str:
    """Return a share in percent."""
    value = point.values.get(metric)
    return ABSENT if value is None else f"{100 * value:.2f}%"


def speed(point: MetricPoint, unit: str) -> str:
    """Return targets per second."""
    value = point.values.get(f"{unit}_per_second")
    return ABSENT if value is None else f"{value:,.0f}"
