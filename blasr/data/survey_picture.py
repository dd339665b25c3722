"""Pictures of the audio of a data directory, as one PNG or as panels of a self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from blasr.data.survey import AudioSurvey
from blasr.errors import ConfigError
from blasr.io.atomic import atomic_open, atomic_path
from blasr.pictures import BLUE, FRAME, GRAY, GRID, INK, ORANGE, require_matplotlib, svg_element
from blasr.units import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 14.5, 8.6  # inches
DOTS_PER_INCH: Final = 110
NUM_BINS: Final = 40
NAMED_SPEAKERS: Final = 25
LISTED: Final = 8
STYLE: Final = """\
body { font: 15px/1.45 system-ui, sans-serif; max-width: 92em; margin: 2em auto; padding: 0 1.5em; color: #1b1f24; }
h2 { margin: 1.6em 0 .4em; font-size: 1.15em; } .note { color: #5b6570; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(24em, 1fr)); gap: 1.6em 1em; }
.panels svg { width: 100%; height: auto; } .lists { display: flex; flex-wrap: wrap; gap: 0 3em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2em .8em; text-align: right; } th { border-bottom: 1px solid #999; }
th:first-child, td:first-child { text-align: left; } tr:nth-child(even) { background: #f4f6f8; }
"""


@dataclass(frozen=True)
class SurveyPanel:
    """One pair of axes.

    Attributes:
        title: what is shown.
        draw: draws it, and returns a sentence with the main numbers.
    """

    title: str
    draw: Callable[[Axes, AudioSurvey], str]


def plot_survey(survey: AudioSurvey, path: Path) -> None:
    """Write a PNG picture or a self-contained HTML page, by the end of the name.

    Raises:
        ConfigError: the name ends in neither.
        DependencyError: matplotlib is not installed.
        DataError: the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in (".png", ".html"):
        raise ConfigError(f"found {path}, expected a name that ends in .png or .html")
    require_matplotlib()
    if kind == ".png":
        with atomic_path(path) as temporary:
            draw_survey(survey).savefig(temporary, format="png")
    else:
        page = survey_page(survey)
        with atomic_open(path, "w") as file:
            file.write(page)


def draw_survey(survey: AudioSurvey) -> Figure:
    """Return a figure with six panels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DOTS_PER_INCH, facecolor="white")
    figure.text(0.045, 0.955, str(survey.path), fontsize=16, fontweight="bold", color=INK, va="baseline")
    figure.text(0.045, 0.925, headline(survey), fontsize=10, color=GRAY, va="baseline")
    grid = figure.add_gridspec(2, 3, left=0.06, right=0.985, top=0.83, bottom=0.07, wspace=0.24, hspace=0.5)
    for number, panel in enumerate(PANELS):
        draw_panel(figure.add_subplot(grid[number // 3, number % 3]), panel, survey)
    return figure


def draw_panel(axes: Axes, panel: SurveyPanel, survey: AudioSurvey) -> str:
    """Draw one panel; return the sentence below its title."""
    caption = panel.draw(axes, survey)
    axes.set_title(panel.title, fontsize=12, fontweight="bold", color=INK, loc="left", pad=20)
    axes.text(0, 1.03, caption, transform=axes.transAxes, fontsize=8.5, color=GRAY, va="bottom")
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9, colors=GRAY, length=0)
    axes.xaxis.label.set(fontsize=9, color=GRAY)
    axes.yaxis.label.set(fontsize=9, color=GRAY)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(FRAME)
    return caption


def headline(survey: AudioSurvey) -> str:
    """Return the number of utterances, speakers and hours in one line."""
    hours = float(survey.seconds.sum()) / 3600
    part = "" if len(survey) == survey.total else f" of {survey.total:,}, spread evenly"
    return f"{len(survey):,} utterances{part}; {len(set(survey.speakers)):,} speakers; {hours:.3g} hours of audio read"


def _histogram(axes: Axes, values: FloatArray, label: str, *, marked: FloatArray | None = None) -> None:
    """Draw a histogram; values beyond the 0.1 and 99.9 percentiles are counted in the outermost bars."""
    from matplotlib.ticker import MaxNLocator

    low, high = (float(bound) for bound in np.percentile(values, [0.1, 99.9])) if len(values) else (0.0, 1.0)
    edges = np.linspace(low, max(high, low + 1e-3), NUM_BINS + 1)
    series = [np.clip(values, low, high)] if marked is None else [np.clip(part, low, high) for part in (values, marked)]
    for part, color in zip(series, (BLUE, ORANGE), strict=False):
        axes.hist(part, bins=edges.tolist(), color=color, edgecolor="white", linewidth=0.4)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel(label)
    axes.set_ylabel("utterances")


def _durations(axes: Axes, survey: AudioSurvey) -> str:
    _histogram(axes, survey.seconds, "seconds")
    median, longest = np.median(survey.seconds), survey.seconds.max()
    return f"median {median:.2f} s, shortest {survey.seconds.min():.2f} s, longest {longest:.2f} s"


def _speakers(axes: Axes, survey: AudioSurvey) -> str:
    seconds = survey.seconds_by_speaker()
    minutes = np.array(list(seconds.values())) / 60
    axes.bar(np.arange(len(minutes)), minutes, width=0.85 if len(minutes) <= 100 else 1.0, color=BLUE)
    axes.set_ylabel("minutes")
    axes.set_xlabel("speakers, by minutes")
    few = len(seconds) <= NAMED_SPEAKERS
    axes.set_xticks(range(len(seconds)) if few else [], list(seconds) if few else [], rotation=60, ha="right")
    if few:
        axes.set_xlabel("")
    return f"{len(seconds):,} speakers, {minutes.min():.2g} to {minutes.max():.3g} minutes each"


def _levels(axes: Axes, survey: AudioSurvey) -> str:
    _histogram(axes, survey.level_db, "level, dB relative to full scale")
    low, high = np.percentile(survey.level_db, [5, 95])
    return f"median {np.median(survey.level_db):.1f} dB; nine of ten from {low:.1f} to {high:.1f} dB"


def _peaks(axes: Axes, survey: AudioSurvey) -> str:
    clipped = survey.clipped > 0
    _histogram(axes, survey.peak_db, "peak, dB relative to full scale", marked=survey.peak_db[clipped])
    share = 100 * float(clipped.mean())
    return f"orange: {int(clipped.sum()):,} clipped utterances ({share:.1f}%), 3 samples or more at the limit"


def _background(axes: Axes, survey: AudioSurvey) -> str:
    distance = survey.level_db - survey.background_db
    _histogram(axes, distance, "level above the background, dB")
    return f"median {np.median(distance):.1f} dB above the quietest tenth of the frames"


def _formats(axes: Axes, survey: AudioSurvey) -> str:
    ordered = sorted(survey.formats.items())
    names = [f"{rate:,} Hz\n{channels} channel{'s' if channels > 1 else ''}" for (rate, channels), _ in ordered]
    usual = max(survey.formats, key=lambda kind: survey.formats[kind])
    colors = [BLUE if kind == usual else ORANGE for kind, _ in ordered]
    bars = axes.bar(names, [count for _, count in ordered], width=0.5, color=colors)
    axes.bar_label(bars, [f"{count:,}" for _, count in ordered], fontsize=9, color=INK, padding=2)
    axes.set_ylabel("recordings")
    axes.set_xlim(-0.8, max(len(ordered) - 0.2, 1.8))
    axes.margins(y=0.15)
    if len(ordered) == 1:
        return "all recordings are alike"
    return f"orange: {survey.formats.total() - survey.formats[usual]:,} recordings differ from most"


PANELS: Final = (
    SurveyPanel("Durations", _durations),
    SurveyPanel("Speakers", _speakers),
    SurveyPanel("Levels", _levels),
    SurveyPanel("Peaks and clipping", _peaks),
    SurveyPanel("Background", _background),
    SurveyPanel("Sample rates and channels", _formats),
)


def survey_page(survey: AudioSurvey) -> str:
    """Return a self-contained page with the panels, and with the utterances at the ends of each scale."""
    from matplotlib.figure import Figure

    panels = []
    for number, panel in enumerate(PANELS):
        figure = Figure(figsize=(5.2, 3.7))
        caption = draw_panel(figure.add_axes((0.13, 0.2, 0.85, 0.62)), panel, survey)
        panels.append(f"<div>{svg_element(figure, f'{panel.title}: {caption}', f'survey {number}')}</div>")
    title = f"Audio of {survey.path}"
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>\n{STYLE}</style>'
    body = "\n".join([
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">{escape(headline(survey))}</p>',
        '<div class="panels">', *panels, "</div>",
        "<h2>Listen to these first</h2>", '<div class="lists">', *_lists(survey), "</div>",
    ])  # fmt: skip
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _lists(survey: AudioSurvey) -> Iterator[str]:
    """Yield tables of the utterances at the ends of the scales."""
    yield _list("Longest", "seconds", survey, survey.seconds, "{:.2f}", highest=True)
    yield _list("Shortest", "seconds", survey, survey.seconds, "{:.2f}", highest=False)
    yield _list("Loudest", "dB", survey, survey.level_db, "{:.1f}", highest=True)
    yield _list("Quietest", "dB", survey, survey.level_db, "{:.1f}", highest=False)
    if survey.clipped.any():
        yield _list("Most clipped", "samples", survey, survey.clipped.astype(np.float32), "{:.0f}", highest=True)
    if survey.num_words is not None:
        rates = (survey.num_words / np.maximum(survey.seconds, 1e-3)).astype(np.float32)
        yield _list("Fastest transcripts", "words/s", survey, rates, "{:.2f}", highest=True)
        yield _list("Slowest transcripts", "words/s", survey, rates, "{:.2f}", highest=False)


def _list(title: str, unit: str, survey: AudioSurvey, values: FloatArray, form: str, *, highest: bool) -> str:
    order: Sequence[int] = np.argsort(-values if highest else values, kind="stable")[:LISTED].tolist()
    rows = "".join(f"<tr><td>{escape(survey.names[n])}</td><td>{form.format(values[n])}</td></tr>" for n in order)
    return f"<div><h2>{title}</h2><table><tr><th>utterance</th><th>{unit}</th></tr>{rows}</table></div>"
