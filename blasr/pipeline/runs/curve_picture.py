"""Pictures of training curves: loss, accuracy, learning rate, gradient norm, speed, and time spent waiting for data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from blasr.pictures import require_matplotlib, svg_element
from blasr.pipeline.runs.curves import Axis, CurveSeries, TrainingCurves
from blasr.pipeline.runs.summary import summary_header, summary_row
from blasr.units import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LineStyle = Literal["solid", "dashed", "dotted"]

COLORS: Final = ("#2b6cb0", "#d2691e", "#2f8f6b", "#8e4a9e", "#b08a1e", "#5b6570")
DASHES: Final[tuple[LineStyle, ...]] = ("solid", "dashed", "dotted")
"""The line style changes when the colors are used up."""

LINE: Final = "#5b6570"
GRID: Final = "#e6eaee"
WIDTH: Final = 15.0  # inches, as all lengths below
PANEL_WIDTH, PANEL_HEIGHT = 3.65, 2.75
PANEL_LEFT, PANEL_GAP = 0.75, 0.85
ROW_GAP, TOP, BOTTOM, LINE_HEIGHT = 0.9, 1.3, 0.6, 0.25
SUMMARY_COLUMNS: Final = (0.0, 3.6, 4.5, 6.0, 7.5, 8.6, 10.4, 11.7, 12.9)
"""Where the columns of the table end, from the left margin; the first one begins there."""
DOTS_PER_INCH: Final = 110
LABEL_LETTERS: Final = 14
SMOOTHED: Final = 100
"""From this many points on, a noisy curve is smoothed."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: what is shown.
        unit: its unit, or a remark.
        metric: the metric of the lines in ``metrics.jsonl``; ``*`` stands for the name of a target.
        held_out: the same on the held-out data, if there is such a metric.
        scale: the factor from the metric to the unit.
        is_noisy: whether single points say little, so that a smooth curve is drawn.
        may_be_logarithmic: whether the axis becomes logarithmic if the values differ by more than a factor of 5.
        from_zero: whether the axis begins at 0.
    """

    title: str
    unit: str
    metric: str
    held_out: str | None = None
    scale: float = 1.0
    is_noisy: bool = False
    may_be_logarithmic: bool = False
    from_zero: bool = False


PANELS: Final = (
    Panel("Loss", "per *", "loss", "valid_loss", may_be_logarithmic=True),
    Panel("Accuracy", "% of the *s", "accuracy", "valid_accuracy", scale=100),
    Panel("Learning rate", "", "learning_rate", from_zero=True),
    Panel("Gradient norm", "before clipping, smoothed", "gradient_norm", is_noisy=True, may_be_logarithmic=True),
    Panel("Speed", "*s per second, mean of each epoch", "*s_per_second", from_zero=True),
    Panel("Waiting for data", "% of the time, mean of each epoch", "waiting", scale=100, from_zero=True),
)


def draw_curves(runs: Sequence[TrainingCurves], axis: Axis = "epoch") -> Figure:
    """Return a figure with a table of the runs and six panels.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    rows = math.ceil(len(PANELS) / 3)
    table = LINE_HEIGHT * (len(runs) + 1)
    height = TOP + table + rows * PANEL_HEIGHT + (rows - 1) * ROW_GAP + BOTTOM
    figure = Figure(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, facecolor="white")
    left = PANEL_LEFT / WIDTH
    figure.text(left, 1 - 0.42 / height, "Training curves", fontsize=16, fontweight="bold", va="baseline")
    _draw_table(figure, runs, height)
    for number, panel in enumerate(PANELS):
        row, column = divmod(number, 3)
        bottom = height - TOP - table - (row + 1) * PANEL_HEIGHT - row * ROW_GAP
        x = PANEL_LEFT + column * (PANEL_WIDTH + 1.1)
        box = (x / WIDTH, bottom / height, PANEL_WIDTH / WIDTH, PANEL_HEIGHT / height)
        draw_panel(figure.add_axes(box), panel, runs, axis)
    return figure


def panel_svgs(runs: Sequence[TrainingCurves], axis: Axis = "epoch") -> Iterator[str]:
    """Yield every panel as an ``<svg>`` element.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    width, height = PANEL_LEFT + PANEL_WIDTH + PANEL_GAP, PANEL_HEIGHT + 0.95
    for number, panel in enumerate(PANELS):
        figure = Figure(figsize=(width, height))
        box = (PANEL_LEFT / width, 0.5 / height, PANEL_WIDTH / width, PANEL_HEIGHT / height)
        draw_panel(figure.add_axes(box), panel, runs, axis)
        names = ", ".join(run.name for run in runs)
        yield svg_element(figure, f"{panel.title} over {axis}s: {names}", f"panel {number}")


def style_of(number: int) -> tuple[str, LineStyle]:
    """Return the color and the line style of a run, by its number from 0."""
    return COLORS[number % len(COLORS)], DASHES[number // len(COLORS) % len(DASHES)]


def draw_panel(axes: Axes, panel: Panel, runs: Sequence[TrainingCurves], axis: Axis) -> None:
    """Draw one panel with all runs."""
    target = runs[0].unit.removesuffix("s")
    ends: list[tuple[float, str, str]] = []
    for number, run in enumerate(runs):
        drawn = _draw_run(axes, panel, run, style_of(number), axis, is_alone=len(runs) == 1)
        names = drawn if len(runs) == 1 else {_short(run.name): next(iter(drawn.values()))} if drawn else {}
        ends += [(value, name, style_of(number)[0]) for name, value in names.items()]
    is_frames = panel.metric == "accuracy" and target == "frame"
    axes.set_title("Frame accuracy" if is_frames else panel.title, fontsize=12, fontweight="bold", loc="left", pad=19)
    below = panel.unit.replace("*", target)
    if panel.held_out is not None and any(panel.held_out in point.values for run in runs for point in run.epochs):
        below += "; thick: held out, thin: training (mean of the epoch so far)"
    axes.text(0, 1.03, below, transform=axes.transAxes, fontsize=8, color=LINE, va="bottom")
    axes.set_xlabel(axis, fontsize=9, color=LINE, labelpad=2)
    if not axes.lines:
        axes.text(0.5, 0.5, "not in metrics.jsonl", transform=axes.transAxes, ha="center", color=LINE, fontsize=9)
    _set_scales(axes, panel)
    if panel.held_out is not None:
        _write_ends(axes, ends)


def _draw_run(
    axes: Axes, panel: Panel, run: TrainingCurves, style: tuple[str, LineStyle], axis: Axis, *, is_alone: bool
) -> dict[str, float]:
    """Draw one run, and return its last value on the held-out data and in training."""
    color, dashes = style
    metric = panel.metric.replace("*", run.unit.removesuffix("s"))
    within, at_end = (run.series(kind, metric, axis) for kind in ("step", "epoch"))
    ends = {}

    def plot(series: CurveSeries, **look: Any) -> None:
        if len(series):
            axes.plot(series.positions, panel.scale * series.values, color=color, **look)

    thick = {"linestyle": dashes, "linewidth": 2.1, "marker": "o", "markersize": 4, "zorder": 3}
    thin = {"linewidth": 0.9, "alpha": 0.7}
    if panel.held_out is not None:
        held_out = run.series("epoch", panel.held_out, axis)
        plot(held_out, **thick)
        plot(within.broken(), **thin)
        if is_alone or not len(held_out):
            plot(at_end, linewidth=0, marker="o", markersize=3.5, markerfacecolor="white", zorder=2.5)
        if len(held_out):
            ends["held out"] = panel.scale * float(held_out.values[-1])
    elif panel.metric in ("learning_rate", "gradient_norm"):
        if panel.is_noisy and is_alone:
            plot(within, linewidth=0.7, alpha=0.35)
        plot(
            replace(within, values=_smooth(within.values)) if panel.is_noisy else within,
            linestyle=dashes,
            linewidth=1.8,
        )
    else:
        plot(within.broken() if len(at_end) < 2 else within.after(int(at_end.epochs[-1])), **thin)
        plot(at_end, **thick)
    last = at_end if len(at_end) else within
    if len(last):
        ends["training"] = panel.scale * float(last.values[-1])
    return ends


def _smooth(values: FloatArray) -> FloatArray:
    """Return weighted means of each value and its neighbors (a Hann window of a tenth of the curve)."""
    half = len(values) // 20
    if len(values) < SMOOTHED:
        return values
    window = np.hanning(2 * half + 3)[1:-1]
    return np.convolve(np.pad(values, half, mode="reflect"), window / window.sum(), mode="valid")


def _set_scales(axes: Axes, panel: Panel) -> None:
    """Choose a linear or logarithmic axis, with plain numbers, and draw a light grid."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    values = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in axes.lines] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    if panel.may_be_logarithmic and len(values) and values.min() > 0 and values.max() > 5 * values.min():
        axes.set_yscale("log")
        few = values.max() > 100 * values.min()
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if few else (1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        if panel.from_zero and len(values) and values.max() > 0:
            axes.set_ylim(0, 1.06 * values.max())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}")
    )
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlim(left=0)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", labelsize=9, colors=LINE, length=0)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color("#b8c0c8")


def _write_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write the names of the lines at their right ends, moved apart where they would overlap."""

    shown = [end for end in ends if math.isfinite(end[0])]
    if not shown:
        return
    low, high = (axes.transData.transform((0, bound))[1] for bound in axes.get_ylim())
    heights = [float((axes.transData.transform((0, value))[1] - low) / (high - low)) for value, _, _ in shown]
    for height, (_, name, color) in zip(spread(heights, 0.065), shown, strict=True):
        axes.text(1.02, height, name, transform=axes.transAxes, fontsize=8.5, color=color, va="center", clip_on=False)


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return heights in the same order, at least ``gap`` apart; those that touch are centered on their mean."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    groups: list[tuple[float, int]] = []  # the center and the size of labels that touch
    for index in order:
        center, size = heights[index], 1
        while groups and center - gap * size / 2 < groups[-1][0] + gap * groups[-1][1] / 2:
            other, count = groups.pop()
            center, size = (center * size + other * count) / (size + count), size + count
        groups.append((center, size))
    placed = [center + gap * (place - (size - 1) / 2) for center, size in groups for place in range(size)]
    moved = dict(zip(order, placed, strict=True))
    return [moved[index] for index in range(len(heights))]


def _short(name: str) -> str:
    return name if len(name) <= LABEL_LETTERS else "\N{HORIZONTAL ELLIPSIS}" + name[1 - LABEL_LETTERS :]


def _draw_table(figure: Figure, runs: Sequence[TrainingCurves], height: float) -> None:
    """Draw the key of the colors: a table with one row for each run."""
    from matplotlib.lines import Line2D

    rows = [summary_header(runs), *(summary_row(run) for run in runs)]
    for number, row in enumerate(rows):
        y = height - 0.78 - number * LINE_HEIGHT
        color, dashes = style_of(number - 1) if number else (LINE, DASHES[0])
        for column, (text, end) in enumerate(zip(row, SUMMARY_COLUMNS, strict=True)):
            is_name = column == 0
            x = PANEL_LEFT + (0.42 if is_name else end)
            weight = "bold" if is_name and number else "normal"
            shade = color if is_name or not number else "#1d2733"
            figure.text(
                x / WIDTH,
                y / height,
                text,
                fontsize=9.5,
                color=shade,
                fontweight=weight,
                ha="left" if is_name else "right",
            )
        if number:
            ends = [(PANEL_LEFT + part) / WIDTH for part in (0.0, 0.32)]
            middle = (y + 0.045) / height
            figure.add_artist(Line2D(ends, [middle, middle], color=color, linestyle=dashes, linewidth=2.6))
