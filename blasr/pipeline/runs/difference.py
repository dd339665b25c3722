"""What differs between two training runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from blasr.pipeline.runs.curves import METRICS_FILE, TrainingCurves, read_curves, run_names
from blasr.pipeline.runs.facts import RunFacts, differing
from blasr.pipeline.runs.summary import ABSENT

CURVE_ROWS: Final = (
    ("training loss", "loss", 1.0, 4),
    ("training accuracy %", "accuracy", 100.0, 2),
    ("held-out loss", "valid_loss", 1.0, 4),
    ("held-out accuracy %", "valid_accuracy", 100.0, 2),
    ("targets per second", "*_per_second", 1.0, 0),
    ("waiting for data %", "waiting", 100.0, 2),
    ("seconds in steps", "seconds", 1.0, 0),
)
"""Name, metric, factor and decimals of the rows that compare the last finished epochs."""

SHOWN_DIGITS: Final = 16
"""How much of a fingerprint is shown."""

COMPARED: Final = ("loss", "accuracy", "valid_loss", "valid_accuracy", "learning_rate")
"""The metrics that are equal to the last digit if two runs do the same."""


@dataclass(frozen=True)
class DifferenceSection:
    """One part of a comparison.

    Attributes:
        title: its subject.
        summary: how much differs.
        rows: name, value in the first run, value in the second run, and how much the second is greater.
        is_numeric: whether most values are numbers.
        remarks: the keys that only one run has.
    """

    title: str
    summary: str
    rows: tuple[tuple[str, str, str, str], ...]
    is_numeric: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunDifference:
    """What differs between two runs.

    Attributes:
        names: a different name for each run.
        sections: configuration, inputs, environment, curves and results.
        warnings: why figures are not comparable.
    """

    names: tuple[str, str]
    sections: tuple[DifferenceSection, ...]
    warnings: tuple[str, ...]


def compare_runs(first: Path, second: Path) -> RunDifference:
    """Compare two experiment directories.

    Raises:
        ConfigError: both are the same directory.
        DataError: one is not the directory of a training run.
        FormatError: one of their files cannot be read.
    """
    one, two = run_names([first, second])
    facts = RunFacts.read(first), RunFacts.read(second)
    sections = [
        _section("configuration", facts[0].config, facts[1].config),
        _section("data and labels", facts[0].inputs, facts[1].inputs),
        _section("versions and machine", facts[0].environment, facts[1].environment),
        _curve_section([first, second]),
        _section("results", facts[0].results, facts[1].results, show_all=True),
    ]
    return RunDifference((one, two), tuple(sections), tuple(_warnings(facts[0].inputs, facts[1].inputs)))


def _section(
    title: str, first: Mapping[str, Any], second: Mapping[str, Any], *, show_all: bool = False
) -> DifferenceSection:
    """Compare two flat mappings.

    Args:
        title: the subject.
        first, second: the mappings.
        show_all: whether to show equal values too, and those that only one run has.
    """
    keys = differing([first, second])
    every = list(dict.fromkeys([*first, *second]))
    missing = [name for name, mapping in (("A", first), ("B", second)) if not mapping]
    if len(missing) == 2:
        return DifferenceSection(title, "neither run has any", ())
    shown = every if show_all else [key for key in keys if key in first and key in second]
    rows = tuple(
        (key, _text(first, key), _text(second, key), _change(first.get(key), second.get(key))) for key in shown
    )
    if missing:
        return DifferenceSection(title, f"{missing[0]} has none", rows, show_all)
    alone = () if show_all else tuple(_only_in("A", first, second)) + tuple(_only_in("B", second, first))
    summary = f"{len(keys)} of {len(every)} differ" if keys else f"all {len(every)} equal"
    return DifferenceSection(title, summary, rows, show_all, alone)


def _only_in(name: str, own: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys that only one run has, as when it comes from a newer blasr, in one line."""
    keys = [key for key in own if key not in other]
    if keys:
        yield f"only in {name}: " + ", ".join(f"{key} {_text(own, key)}" for key in keys)


def _text(values: Mapping[str, Any], key: str) -> str:
    if key not in values:
        return ABSENT
    value = values[key]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "[]"
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{17,}", value):
        return value[:SHOWN_DIGITS]
    return "null" if value is None else str(value)


def _change(first: Any, second: Any, decimals: int | None = None) -> str:
    """Return how much greater the second number is; nothing if they are equal or not numbers."""
    for value in (first, second):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
    if first == second:
        return ""
    if isinstance(first, int) and isinstance(second, int):
        return f"{second - first:+d}"
    return f"{second - first:+.{decimals}f}" if decimals is not None else f"{second - first:+.4g}"


def _curve_section(directories: list[Path]) -> DifferenceSection:
    have = [(directory / METRICS_FILE).is_file() for directory in directories]
    if not all(have):
        return DifferenceSection("curves", f"{'A' if not have[0] else 'B'} has no {METRICS_FILE}", ())
    first, second = read_curves(directories)
    if not first.epochs or not second.epochs:
        return DifferenceSection("curves", f"{'A' if not first.epochs else 'B'} has not finished an epoch", ())
    return DifferenceSection("curves", _first_difference(first, second), tuple(_curve_rows(first, second)), True)


def _first_difference(first: TrainingCurves, second: TrainingCurves) -> str:
    """Return up to which epoch the metrics are equal to the last digit."""
    pairs = list(zip(first.epochs, second.epochs, strict=False))
    equal = 0
    for one, two in pairs:
        if (one.epoch, one.step) != (two.epoch, two.step):
            break
        if any(one.values.get(metric) != two.values.get(metric) for metric in COMPARED):
            break
        equal += 1
    if equal == len(pairs):
        return f"equal to the last digit in all {equal} epochs that both have"
    return f"equal to the last digit up to epoch {equal}" if equal else "different from the first epoch on"


def _curve_rows(first: TrainingCurves, second: TrainingCurves) -> Iterator[tuple[str, str, str, str]]:
    last = first.epochs[-1], second.epochs[-1]
    for name, one, two in (("epochs", last[0].epoch, last[1].epoch), ("steps", last[0].step, last[1].step)):
        yield name, str(one), str(two), _change(one, two)
    for name, metric, scale, decimals in CURVE_ROWS:
        values = [
            point.values.get(metric.replace("*", run.unit)) for run, point in zip((first, second), last, strict=True)
        ]
        if values == [None, None]:
            continue
        scaled = [None if value is None else scale * value for value in values]
        texts = [ABSENT if value is None else f"{value:.{decimals}f}" for value in scaled]
        yield name, texts[0], texts[1], _change(scaled[0], scaled[1], decimals)
        if metric == "valid_loss":
            yield _lowest_row(first, second)


def _lowest_row(first: TrainingCurves, second: TrainingCurves) -> tuple[str, str, str, str]:
    best = first.best_epoch(), second.best_epoch()
    losses = [None if point is None else point.values["valid_loss"] for point in best]
    texts = [ABSENT if point is None else f"{point.values['valid_loss']:.4f} (epoch {point.epoch})" for point in best]
    return "lowest held-out loss", texts[0], texts[1], _change(losses[0], losses[1], 4)


def _warnings(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    """Yield why losses and accuracies are not comparable."""
    for key, part, what in (
        ("train.labels.fingerprint", "", "training labels"),
        ("valid.labels.fingerprint", "held-out ", "held-out labels"),
        ("valid.fingerprint", "held-out ", "held-out utterances or their labels"),
    ):
        if key in first and key in second and first[key] != second[key]:
            yield f"the {what} differ, so that {part}losses and accuracies are not comparable"
