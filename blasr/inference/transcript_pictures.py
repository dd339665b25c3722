"""Pictures of transcripts: log-mel spectrograms, with the phones and words of the best path below them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from blasr.features.config import FeatureConfig
from blasr.features.mel import filter_edges, mel_scale
from blasr.inference.transcript import TranscribedPhone, TranscribedSide, TranscribedWord, Transcript
from blasr.io.atomic import atomic_path
from blasr.pictures import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_SECONDS: Final = 4.0
"""The longest time that one row shows: a phone of three frames is then wide enough for its name."""

MIN_FULL_SECONDS: Final = 1.0
"""The shortest time that the whole width shows."""

ROWS: Final = 8
"""The largest number of rows in a picture; a longer file gets several pictures."""

WIDTH: Final = 14.0  # inches, as all lengths below
ROW_HEIGHTS: Final = (2.3, 0.32, 0.62)  # spectrogram, phones, words
ROW_GAP: Final = 0.62
TOP, BOTTOM, LEFT, RIGHT = 0.95, 0.55, 0.75, 0.25
DOTS_PER_INCH: Final = 110
POINTS_PER_INCH: Final = 72
MARKED_HZ: Final = (250, 500, 1000, 2000, 4000, 8000)
CONFIDENCE_COLORS: Final = ((0.9, "#d6e6f5"), (0.5, "#fde7b8"), (0.0, "#f9cfc8"))
NO_CONFIDENCE: Final = "#e8edf2"
LINE: Final = "#5b6570"


@dataclass(frozen=True)
class PictureRow:
    """A part of a side that is shown in one row.

    Attributes:
        side: the side.
        start_seconds, end_seconds: the part, from the beginning of the recording.
        full_seconds: how many seconds a row of the whole width would show.
    """

    side: TranscribedSide
    start_seconds: float
    end_seconds: float
    full_seconds: float = ROW_SECONDS

    @property
    def seconds(self) -> float:
        """The length of the part."""
        return self.end_seconds - self.start_seconds

    @property
    def width(self) -> float:
        """The width of the row in inches."""
        return (WIDTH - LEFT - RIGHT) * self.seconds / self.full_seconds


def row_edges(seconds: float, words: Sequence[TranscribedWord], longest: float = ROW_SECONDS) -> list[float]:
    """Return the times at which the rows of a side begin and end.

    Rows are about equally long. They are cut between words, where there is a gap near an even cut.

    Args:
        seconds: the length of the side.
        words: its words.
        longest: the longest row.
    """
    count = max(1, int(np.ceil(seconds / longest - 1e-6)))
    ends = [0.0, *(word.end_seconds for word in words)]
    gaps = [(end + word.start_seconds) / 2 for end, word in zip(ends, words, strict=False)]
    edges = [0.0]
    for number in range(1, count):
        even = seconds * number / count
        latest = edges[-1] + longest
        earliest = seconds - (count - number) * longest
        possible = [gap for gap in gaps if max(earliest, edges[-1] + longest / 4) <= gap <= latest]
        edges.append(min(possible, key=lambda gap: abs(gap - even), default=min(max(even, earliest), latest)))
    return [*edges, seconds]


def write_pictures(transcript: Transcript, features: FeatureConfig, folder: Path) -> list[Path]:
    """Write ``NAME.png``, or ``NAME.1.png``, ``NAME.2.png``, ... if one picture cannot show the whole file.

    Args:
        transcript: transcribed with :attr:`blasr.inference.config.TranscriptionConfig.pictures`.
        features: the configuration of its log-mel features.
        folder: the folder to write; it is created if absent.

    Returns:
        The paths.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    return write_picture(transcript, features, folder / f"{transcript.name}.png", _subtitle(transcript))


def write_picture(transcript: Transcript, features: FeatureConfig, path: Path, subtitle: str) -> list[Path]:
    """Write a picture, or several with a number before ``.png`` if one cannot show the whole file.

    Args:
        transcript: a transcript with features.
        features: the configuration of its log-mel features.
        path: the picture; it ends in ``.png``.
        subtitle: the line below the name.

    Returns:
        The paths.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    require_matplotlib()
    rows = _rows(transcript, features.frame_shift_ms / 1000)
    pages = [rows[first : first + ROWS] for first in range(0, len(rows), ROWS)]
    paths = []
    for number, page in enumerate(pages, start=1):
        suffix = f".{number}.png" if len(pages) > 1 else ".png"
        title = transcript.name + (f" ({number} of {len(pages)})" if len(pages) > 1 else "")
        figure = draw_picture(title, subtitle, page, features)
        paths.append(path.with_name(f"{path.name.removesuffix(path.suffix)}{suffix}"))
        with atomic_path(paths[-1]) as temporary:
            figure.savefig(temporary, format="png")
    return paths


def _rows(transcript: Transcript, frame_shift: float) -> list[PictureRow]:
    """Return the rows of all sides, in the same scale of time."""
    parts = []
    for side in transcript.sides:
        if side.log_mel is None:
            raise ValueError("the transcript has no features: transcribe with TranscriptionConfig(pictures=True)")
        parts += [(side, *edges) for edges in pairwise(row_edges(len(side.log_mel) * frame_shift, side.words))]
    full = max(MIN_FULL_SECONDS, *(end - start for _, start, end in parts))
    return [PictureRow(*part, full) for part in parts]


def _subtitle(transcript: Transcript) -> str:
    confident = any(word.confidence is not None for side in transcript.sides for word in side.words)
    numbers = "; under each word: its times in seconds" + (", and how probable it is" if confident else "")
    return f"{transcript.seconds:.2f} s; log-mel spectrogram, phones and words of the best path{numbers}"


def draw_picture(title: str, subtitle: str, rows: Sequence[PictureRow], features: FeatureConfig) -> Figure:
    """Return a figure with one row below the other, all in the same scale of time."""
    from matplotlib.figure import Figure

    row_height = sum(ROW_HEIGHTS) + ROW_GAP
    height = TOP + BOTTOM + row_height * len(rows) - ROW_GAP
    figure = Figure(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, facecolor="white")
    figure.text(LEFT / WIDTH, 1 - 0.36 / height, title, fontsize=15, fontweight="bold", va="baseline")
    figure.text(LEFT / WIDTH, 1 - 0.62 / height, subtitle, fontsize=9.5, color=LINE, va="baseline")
    several = len({row.side.label for row in rows}) > 1
    for number, row in enumerate(rows):
        top = height - TOP - number * row_height
        axes = []
        for part in ROW_HEIGHTS:
            top -= part
            box = (LEFT / WIDTH, top / height, row.width / WIDTH, part / height)
            axes.append(figure.add_axes(box))
        _draw_spectrogram(axes[0], row, features)
        _draw_phones(axes[1], row)
        _draw_words(axes[2], row)
        if number == len(rows) - 1:
            axes[2].set_xlabel("seconds", fontsize=9, color=LINE, labelpad=1)
        if several:
            axes[0].set_title(f"side {row.side.label}", fontsize=10, loc="left", pad=3)
    return figure


def _draw_spectrogram(axes: Axes, row: PictureRow, features: FeatureConfig) -> None:
    """Draw the features of one row; the colors are the same in all rows of a side."""
    log_mel = row.side.log_mel
    assert log_mel is not None
    shift = features.frame_shift_ms / 1000
    first, last = round(row.start_seconds / shift), round(row.end_seconds / shift)
    low, high = np.percentile(log_mel, [3, 99.8])
    axes.imshow(
        log_mel[first : max(last, first + 1)].T,
        extent=(row.start_seconds, row.end_seconds, 0, features.num_mel_bins),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        vmin=float(low),
        vmax=max(float(high), float(low) + 1e-3),
    )
    centers = filter_edges(features)[:, 1]
    marked = np.array([hertz for hertz in MARKED_HZ if features.low_freq < hertz < features.top_freq])
    heights = np.interp(mel_scale(marked), centers, np.arange(len(centers)) + 0.5)
    axes.set_yticks(heights.tolist(), [f"{hertz}" for hertz in marked])
    axes.set_ylabel("Hz", fontsize=9, color=LINE, labelpad=2)
    axes.set_xticks([])
    axes.tick_params(labelsize=8, colors=LINE, length=3)
    for word in _visible(row.side.words, row):
        for edge in (word.start_seconds, word.end_seconds):
            axes.axvline(edge, color="white", linewidth=0.8, alpha=0.75)
    axes.set_xlim(row.start_seconds, row.end_seconds)


def _draw_phones(axes: Axes, row: PictureRow) -> None:
    """Draw a box with its name for each phone; phones outside words, such as silence, are gray."""
    _prepare_boxes(axes, row, "phones")
    spans = [(word.start_seconds, word.end_seconds) for word in row.side.words]
    for phone in _visible(row.side.phones, row):
        middle = (phone.start_seconds + phone.end_seconds) / 2
        inside = any(start <= middle < end for start, end in spans)
        _draw_box(axes, row, phone, "#ffffff" if inside else "#ececec")
        name = re.sub(r"_[BIES]$", "", phone.name)
        _write(axes, row, phone, 0.5, name, 9.5, color="#1d2733" if inside else "#8a929a", turn=True)
    axes.set_xticks([])


def _draw_words(axes: Axes, row: PictureRow) -> None:
    """Draw a box for each word with the word, its times and its confidence, and the axis of time."""
    from matplotlib.ticker import MultipleLocator

    _prepare_boxes(axes, row, "words")
    for word in _visible(row.side.words, row):
        color = NO_CONFIDENCE
        if word.confidence is not None:
            color = next(color for least, color in CONFIDENCE_COLORS if word.confidence >= least)
        _draw_box(axes, row, word, color)
        numbers = f"{word.start_seconds:.2f}\N{EN DASH}{word.end_seconds:.2f}"
        longer = numbers if word.confidence is None else f"{numbers}  p {word.confidence:.2f}"
        fits = _fitting_size(row, word, longer, 8) >= 6.5
        _write(axes, row, word, 0.66, word.text, 12, weight="bold")
        _write(axes, row, word, 0.22, longer if fits else numbers, 8, color=LINE, least=5)
    step = 0.5 if row.full_seconds > 1.5 else 0.1
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_minor_locator(MultipleLocator(step / 5))
    axes.tick_params(axis="x", which="both", labelsize=9, colors=LINE)


def _prepare_boxes(axes: Axes, row: PictureRow, name: str) -> None:
    axes.set_xlim(row.start_seconds, row.end_seconds)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_ylabel(name, fontsize=9, color=LINE, rotation=0, ha="right", va="center", labelpad=6)
    for spine in axes.spines.values():
        spine.set_color("#b8c0c8")


Shown = TranscribedWord | TranscribedPhone
ShownT = TypeVar("ShownT", TranscribedWord, TranscribedPhone)


def _visible(items: Sequence[ShownT], row: PictureRow) -> Iterator[ShownT]:
    """Yield the items of which a part is in the row."""
    return (item for item in items if item.end_seconds > row.start_seconds and item.start_seconds < row.end_seconds)


def _span(row: PictureRow, item: Shown) -> tuple[float, float]:
    """Return the part of an item that the row shows."""
    return max(item.start_seconds, row.start_seconds), min(item.end_seconds, row.end_seconds)


def _draw_box(axes: Axes, row: PictureRow, item: Shown, color: str) -> None:
    start, end = _span(row, item)
    axes.axvspan(start, end, facecolor=color, edgecolor=LINE, linewidth=0.7)


def _points(row: PictureRow, item: Shown) -> float:
    """Return the width of an item's box in points."""
    start, end = _span(row, item)
    return (end - start) / row.seconds * row.width * POINTS_PER_INCH


def _fitting_size(row: PictureRow, item: Shown, text: str, size: float) -> float:
    """Return the largest font size up to ``size`` with which the text fits; a letter is about 0.68 of it wide."""
    return min(size, (_points(row, item) - 2) / (0.68 * max(len(text), 1)))


def _write(
    axes: Axes,
    row: PictureRow,
    item: Shown,
    height: float,
    text: str,
    size: float,
    *,
    color: str = "#10202e",
    weight: str = "normal",
    least: float = 6.0,
    turn: bool = False,
) -> None:
    """Write a text in the middle of an item's box: smaller if it does not fit, or turned; else not at all."""
    start, end = _span(row, item)
    fitting = _fitting_size(row, item, text, size)
    rotation = 0
    if fitting < least:
        if not turn or _points(row, item) < 0.9 * least:
            return
        fitting, rotation = min(size, max(least, 0.9 * _points(row, item))), 90
    axes.text(
        (start + end) / 2,
        height,
        text,
        fontsize=fitting,
        color=color,
        fontweight=weight,
        ha="center",
        va="center",
        rotation=rotation,
        clip_on=True,
    )
