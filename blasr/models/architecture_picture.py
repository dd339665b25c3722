"""A picture of an acoustic model: its branches by resolution in frequency, and below, how time shrinks to one frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from blasr.errors import ConfigError
from blasr.io.atomic import atomic_path
from blasr.models.architecture import Architecture, ArchitectureBox
from blasr.pictures import AMBER, BLUE, FRAME, GRAY, GREEN, GRID, INK, ORANGE, require_matplotlib
from blasr.units import WINDOW_FRAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS: Final = (".svg", ".png")

COLUMN: Final = 0.76  # inches, as all lengths below
BOX: Final = 0.6
CIRCLE: Final = 0.19
SMALL: Final = 7.2  # points
STRIDE: Final = "#a63c00"
LANE_GAP: Final = 0.52
LEFT, RIGHT, TOP, BOTTOM = 0.35, 0.35, 1.25, 0.55
TIME_HEIGHT: Final = 1.9
PANEL_GAP: Final = 0.85
DOTS_PER_INCH: Final = 120
FILLS: Final = {
    "input": "#ffffff", "trunk": "#e9edf1", "big": "#cfe3f1", "middle": "#d5efe5", "little": "#fbdcc6",
    "match": "#ffffff", "merge": "#fff3d1", "output": "#e9edf1",
}  # fmt: skip
EDGES: Final = {
    "input": GRAY, "trunk": GRAY, "big": BLUE, "middle": GREEN, "little": ORANGE,
    "match": GRAY, "merge": AMBER, "output": GRAY,
}  # fmt: skip


def write_architecture(architecture: Architecture, path: Path) -> None:
    """Write the picture as SVG or PNG, by the end of the name.

    Raises:
        ConfigError: the name ends in neither.
        DependencyError: matplotlib is not installed.
        DataError: the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ConfigError(f"found {path}, expected a name that ends in .svg or .png")
    require_matplotlib()
    import matplotlib

    metadata = {"Date": None, "Title": alternative_text(architecture)} if kind == ".svg" else None
    with atomic_path(path) as temporary, matplotlib.rc_context():
        matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": architecture.name})
        draw_architecture(architecture).savefig(temporary, format=kind[1:], metadata=metadata)


def alternative_text(architecture: Architecture) -> str:
    """Return the picture in one sentence, for people who do not see it."""
    branched = [box for box in architecture.boxes if box.role == "merge"]
    if not branched:
        return f"Architecture of {architecture.name}: one branch, {WINDOW_FRAMES} frames in, 1 frame out"
    counts = " and ".join(sorted({str(len(box.inputs)) for box in branched}, reverse=True))
    return (
        f"Architecture of {architecture.name}: {len(branched)} stages have {counts} branches, the big one at low, "
        f"the little one at full resolution in frequency; {WINDOW_FRAMES} frames in, 1 frame out"
    )


def draw_architecture(architecture: Architecture) -> Figure:
    """Return the figure.

    The height of a box grows with its bins in frequency. The lower part shows the frames of each output as a bar:
    narrower with every convolution, since nothing is padded in time. What a merge cuts off a shallow branch is hatched.
    """
    from matplotlib.figure import Figure

    layout = _Layout(architecture)
    figure = Figure(figsize=(layout.width, layout.height), dpi=DOTS_PER_INCH, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, layout.width)
    axes.set_ylim(0, layout.height)
    axes.axis("off")
    _draw_titles(axes, architecture, layout)
    _draw_parts(axes, architecture, layout)
    for box in architecture.boxes:
        for name in box.inputs:
            _draw_arrow(axes, architecture.box(name), box, layout)
    for box in architecture.boxes:
        _draw_box(axes, architecture, box, layout)
    _draw_time(axes, architecture, layout)
    return figure


class _Layout:
    """Where the boxes are, in inches from the lower left corner."""

    def __init__(self, architecture: Architecture) -> None:
        self.width = max(LEFT + COLUMN * architecture.columns + RIGHT, 10.0)
        heights = [0.0] * architecture.lanes
        for box in architecture.boxes:
            if box.lanes > 1:
                heights[box.lane] = max(heights[box.lane], box_height(box))
        trunk = max(box_height(box) for box in architecture.boxes if box.lanes == 1)
        self.lane_heights = heights
        branches = sum(heights) + LANE_GAP * (len(heights) - 1)
        self.upper = max(branches, trunk) + 0.5
        self.height = TOP + self.upper + PANEL_GAP + TIME_HEIGHT + BOTTOM
        self.middle = self.height - TOP - self.upper / 2
        self.time_middle = BOTTOM + TIME_HEIGHT / 2

    def x(self, box: ArchitectureBox) -> float:
        """The middle of a box from left to right."""
        return LEFT + COLUMN * (box.column + 0.5)

    def y(self, box: ArchitectureBox) -> float:
        """The middle of a box from the bottom."""
        if box.lanes == 1:
            return self.middle
        used = self.lane_heights[: box.lanes]
        top = self.middle + (sum(used) + LANE_GAP * (box.lanes - 1)) / 2
        return top - sum(used[: box.lane]) - LANE_GAP * box.lane - used[box.lane] / 2


def box_height(box: ArchitectureBox) -> float:
    """Return the height of a box in inches: more bins in frequency are higher."""
    return 0.16 + 0.14 * len(_lines(box)) if box.role in ("match", "merge", "output") else 0.36 + 0.021 * box.shape[1]


def _draw_titles(axes: Axes, architecture: Architecture, layout: _Layout) -> None:
    top = layout.height
    axes.text(LEFT, top - 0.42, architecture.name, fontsize=17, fontweight="bold", color=INK, va="baseline")
    width = "" if architecture.width == 1 else f", width {architecture.width:g}"
    axes.text(
        LEFT,
        top - 0.7,
        f"{architecture.params:,} parameters{width}, {architecture.num_pdfs:,} pdfs. In each box: convolutions and "
        "channels; below it: bins in frequency (its height).",
        fontsize=9.5,
        color=GRAY,
        va="baseline",
    )


def _draw_parts(axes: Axes, architecture: Architecture, layout: _Layout) -> None:
    """Shade every other part of the model, and write its name at the top."""
    parts = {"input": (0, 0), **architecture.parts}
    for number, (name, (first, last)) in enumerate(parts.items()):
        left, right = LEFT + COLUMN * first, LEFT + COLUMN * (last + 1)
        if number % 2:
            bottom, top = BOTTOM / layout.height, (layout.height - 0.85) / layout.height
            axes.axvspan(left, right, bottom, top, color="#f6f8fa", zorder=0)
        short = name if last > first else name.replace("transition", "trans. ")
        middle, top = (left + right) / 2, layout.height - 1.05
        axes.text(middle, top, short, fontsize=8.5, fontweight="bold", color=GRAY, ha="center")


def _draw_arrow(axes: Axes, source: ArchitectureBox, target: ArchitectureBox, layout: _Layout) -> None:
    """Draw a line to the right with one step, just after a box that branches or just before one that merges."""
    start = (layout.x(source) + _half(source), layout.y(source))
    end = (layout.x(target) - _half(target), layout.y(target))
    in_branch = target.role in ("big", "middle", "little")
    color = EDGES[target.role if in_branch else source.role]
    step = (COLUMN - BOX) / 2
    turn = start[0] + step if source.lanes == target.lanes else end[0] - step
    axes.plot([start[0], turn, turn], [start[1], start[1], end[1]], color=color, linewidth=1.1, zorder=1)
    look = {"arrowstyle": "-|>", "color": color, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, (turn - 0.01, end[1]), arrowprops=look)


def _half(box: ArchitectureBox) -> float:
    return CIRCLE if _is_sum(box) else BOX / 2


def _is_sum(box: ArchitectureBox) -> bool:
    return box.role == "merge" and box.text == "+"


def _draw_box(axes: Axes, architecture: Architecture, box: ArchitectureBox, layout: _Layout) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch, Patch

    x, y, height = layout.x(box), layout.y(box), box_height(box)
    shape: Patch
    if _is_sum(box):
        shape, text, size, height = Circle((x, y), CIRCLE), "+", 15.0, 2 * CIRCLE
    else:
        corner = (x - BOX / 2, y - height / 2)
        shape = FancyBboxPatch(corner, BOX, height, boxstyle="round,pad=0,rounding_size=0.05")
        text, size = "\n".join(_lines(box)), 8.0
    shape.set(facecolor=FILLS[box.role], edgecolor=EDGES[box.role], linewidth=1.2, zorder=2)
    axes.add_patch(shape)
    alignment = "center_baseline" if _is_sum(box) else "center"
    axes.text(x, y, text, fontsize=size, color=INK, ha="center", va=alignment, linespacing=1.25, zorder=3)
    if box.role != "output":
        below = y - height / 2 - 0.05
        axes.text(x, below, f"{box.shape[1]} bins", fontsize=SMALL, color=GRAY, ha="center", va="top", zorder=3)
    stride = max((architecture.box(name).shape[1] // box.shape[1] for name in box.inputs), default=1)
    if box.role in ("trunk", "big", "middle", "little") and stride > 1 and box.shape[1] > 1:
        above = y + height / 2 + 0.04
        axes.text(x, above, f"stride {stride}", fontsize=SMALL, color=STRIDE, ha="center", va="bottom", zorder=3)


def _lines(box: ArchitectureBox) -> list[str]:
    if box.role == "input":
        return ["log-mel", "\u0394, \u0394\u0394", f"{box.shape[0]} ch"]
    if box.role == "output":
        return [box.text, f"{box.shape[0]:,}", "pdfs"]
    return [*box.text.split(", "), f"{box.shape[0]} ch"]


def _draw_time(axes: Axes, architecture: Architecture, layout: _Layout) -> None:
    """Draw the frames of every output; the branches of a stage are drawn side by side in their column."""
    title = (
        "Time: frames of each output for one window. Nothing is padded: a 3-wide convolution needs two frames more.\n"
        "Hatched: what the merge cuts off a shallower branch. Below: how many input frames one output frame depends on."
    )
    axes.text(LEFT, BOTTOM + TIME_HEIGHT + 0.25, title, fontsize=9.5, color=GRAY, va="bottom", linespacing=1.4)
    axes.plot([LEFT, layout.width - RIGHT], [layout.time_middle] * 2, color=GRID, linewidth=1, zorder=0.5)
    for column in range(architecture.columns):
        boxes = sorted((box for box in architecture.boxes if box.column == column), key=lambda box: box.lane)
        each = BOX / max(len(boxes), 1)
        for number, box in enumerate(boxes):
            left = layout.x(box) - BOX / 2 + number * each
            _draw_bar(axes, box, layout.time_middle, left, each * 0.92, SMALL if len(boxes) < 3 else 5.5)
    for _, last in architecture.parts.values():
        end = next(box for box in architecture.boxes if box.column == last and box.lanes == 1)
        seen = f"sees {WINDOW_FRAMES - end.shape[2] + 1}"
        axes.text(layout.x(end), BOTTOM - 0.12, seen, fontsize=SMALL, color=GRAY, ha="center", va="top")
    axes.plot([LEFT, layout.width - RIGHT], [BOTTOM, BOTTOM], color=FRAME, linewidth=0.8, zorder=0.5)


def _draw_bar(axes: Axes, box: ArchitectureBox, middle: float, left: float, width: float, size: float) -> None:
    """Draw the frames of one output, with what the merge cuts off."""
    from matplotlib.patches import Rectangle

    scale = TIME_HEIGHT / WINDOW_FRAMES
    is_first, is_last = box.lane == 0, box.lane == box.lanes - 1
    role = box.role if box.role != "match" else "big" if is_first else "little" if is_last else "middle"
    frames = box.shape[2]
    bottom, height = middle - frames * scale / 2, frames * scale
    bar = Rectangle((left, bottom), width, height, facecolor=FILLS[role], edgecolor=EDGES[role], linewidth=0.9)
    bar.set_zorder(2)
    axes.add_patch(bar)
    cut = box.cropped / 2 * scale
    for start in (bottom, bottom + height - cut) if cut else ():
        hatched = Rectangle((left, start), width, cut, facecolor="none", edgecolor=EDGES[role], hatch="/////")
        hatched.set(linewidth=0, zorder=2.5)
        axes.add_patch(hatched)
    is_low = height < 0.15
    place, alignment = (bottom + height + 0.03, "bottom") if is_low else (middle, "center")
    axes.text(left + width / 2, place, str(frames), fontsize=size, color=INK, ha="center", va=alignment, zorder=3)
