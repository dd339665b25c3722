"""The curve of a cascade as CSV, as a picture, and as JSON beside the chosen threshold."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from blasr.io.atomic import atomic_open, atomic_path
from blasr.pictures import require_matplotlib
from blasr.pipeline.cascade.curve import CascadeCurve, CurvePoint

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE_CSV: Final = "curve.csv"
CURVE_PNG: Final = "curve.png"
REPORT_FILE: Final = "cascade.json"
"""The file with the chosen point, both models alone, and how the threshold was chosen."""

COLUMNS: Final = (
    "threshold", "share_passed_on", "macs", "share_of_big_macs", "errors", "total", "error_percent",
    "loss_points", "loss_low", "loss_high",
)  # fmt: skip
LINE, LITTLE, BIG, CHOSEN, GRID = "#2b6cb0", "#2f8f6b", "#8e4a9e", "#d2691e", "#e6eaee"


def describe_point(point: CurvePoint, curve: CascadeCurve) -> dict[str, Any]:
    """Return one row of the CSV file: cost, errors, and the difference to the big model with its 95% interval."""
    loss = point.loss(curve.big)
    values = (
        point.threshold,
        round(point.share_passed_on, 6),
        point.usage.macs,
        round(point.macs_share, 6),
        point.total.errors,
        point.total.reference_words,
        round(point.total.wer, 4),
        round(loss.difference, 4),
        round(loss.interval.low, 4),
        round(loss.interval.high, 4),
    )
    return dict(zip(COLUMNS, values, strict=True))


def write_curve(curve: CascadeCurve, chosen: CurvePoint, folder: Path, *, picture: bool = True) -> list[Path]:
    """Write ``curve.csv`` and, if wanted, ``curve.png``; return their paths.

    Raises:
        DependencyError: a picture is wanted, but matplotlib is not installed.
    """
    if picture:
        require_matplotlib()
    written = [folder / CURVE_CSV]
    with atomic_open(written[0], "w") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(describe_point(point, curve) for point in curve.points)
    if picture:
        written.append(folder / CURVE_PNG)
        with atomic_path(written[1]) as temporary:
            draw_curve(curve, chosen).savefig(temporary, format="png")
    return written


def write_report(curve: CascadeCurve, chosen: CurvePoint, folder: Path, values: Mapping[str, Any]) -> None:
    """Write ``cascade.json``: the point of the cascade's threshold, both models alone, and ``values``."""
    report = {
        "measure": curve.measure,
        "chosen": describe_point(chosen, curve),
        "little": describe_point(curve.little, curve),
        "big": describe_point(curve.big, curve),
        **values,
    }
    with atomic_open(folder / REPORT_FILE, "w") as file:
        json.dump(report, file, indent=1)
        file.write("\n")


def draw_curve(curve: CascadeCurve, chosen: CurvePoint) -> Figure:
    """Return a figure of the errors against the MACs.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.6), dpi=110, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    between = [point for point in curve.points if point is not curve.big]
    axes.plot(
        [100 * point.macs_share for point in between],
        [point.total.wer for point in between],
        color=LINE,
        marker=".",
        label="cascade, each threshold",
    )
    for point, name, color in ((curve.little, "little model", LITTLE), (curve.big, "big model", BIG)):
        axes.plot(100 * point.macs_share, point.total.wer, "s", color=color, label=f"{name}: {point.total.wer:.2f}%")
    label = f"chosen, T = {chosen.threshold:.3g}: {chosen.total.wer:.2f}%"
    axes.plot(100 * chosen.macs_share, chosen.total.wer, "o", color=CHOSEN, markersize=9, fillstyle="none", label=label)
    axes.axhline(curve.big.total.wer, color=BIG, linewidth=0.8, linestyle="dotted")
    axes.set_xlabel("MACs, % of the big model's")
    axes.set_ylabel(f"{curve.measure}, %")
    axes.set_xlim(left=0)
    axes.grid(color=GRID)
    axes.legend(frameon=False)
    return figure
