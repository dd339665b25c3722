"""A self-contained HTML page of training curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from blasr.pipeline.runs.curve_picture import panel_svgs, style_of
from blasr.pipeline.runs.curves import Axis, TrainingCurves
from blasr.pipeline.runs.facts import differing, read_config
from blasr.pipeline.runs.summary import ABSENT, epoch_header, epoch_row, summary_header, summary_row

STYLE: Final = """\
body { font: 15px/1.45 system-ui, sans-serif; max-width: 92em; margin: 2em auto; padding: 0 1.5em; color: #1b1f24; }
h2 { margin: 2em 0 .6em; font-size: 1.2em; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .9em; text-align: right; white-space: nowrap; }
th { border-bottom: 1px solid #999; font-weight: 600; } th:first-child, td:first-child, td.text { text-align: left; }
tr:nth-child(even) { background: #f4f6f8; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(24em, 1fr)); gap: 1.6em 1em; margin-top: 2em; }
.panels svg { width: 100%; height: auto; }
.run { font-weight: 600; } .run i { display: inline-block; width: 2em; margin-right: .6em; vertical-align: middle; }
details { margin: .6em 0; } summary { cursor: pointer; } .note { color: #5b6570; }
"""


def curve_page(runs: Sequence[TrainingCurves], axis: Axis = "epoch", notes: Iterable[str] = ()) -> str:
    """Return a page with the last figures, six panels, what differs between the configurations, and all epochs.

    Args:
        runs: the runs, in the order of their colors.
        axis: the horizontal axis of the panels.
        notes: sentences below the table.

    Raises:
        DependencyError: matplotlib is not installed.
        FormatError: a configuration cannot be read.
    """
    names = ", ".join(run.name for run in runs)
    title = f"Training curves: {names}" if len(runs) <= 4 else f"Training curves of {len(runs)} runs"
    rows = [[_run_cell(run, number), *map(_cell, summary_row(run)[1:])] for number, run in enumerate(runs)]
    parts = ["<h1>Training curves</h1>", _table(summary_header(runs), rows)]
    parts += [f'<p class="note">{escape(note)}</p>' for note in notes]
    parts += ['<div class="panels">', *(f"<div>{svg}</div>" for svg in panel_svgs(runs, axis)), "</div>"]
    if len(runs) > 1:
        parts += ["<h2>Configurations: what differs</h2>", _configurations(runs)]
    parts += ["<h2>Epochs</h2>", *_epochs(runs)]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>\n{STYLE}</style>'
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _run_cell(run: TrainingCurves, number: int) -> str:
    color, dashes = style_of(number)
    line = f"border-top: 4px {dashes} {color}"
    return f'<td class="run" style="color: {color}"><i style="{line}"></i>{escape(run.name)}</td>'


def _configurations(runs: Sequence[TrainingCurves]) -> str:
    configs: list[Mapping[str, Any]] = [read_config(run.directory) for run in runs]
    keys = differing(configs)
    if not keys:
        return "<p>Nothing: all keys are equal.</p>"
    rows = [[_cell(key), *(_cell(str(config[key]) if key in config else ABSENT) for config in configs)] for key in keys]
    return _table(("key", *(run.name for run in runs)), rows)


def _epochs(runs: Sequence[TrainingCurves]) -> Iterator[str]:
    for run in runs:
        rows = [list(map(_cell, epoch_row(run, point))) for point in run.epochs]
        opened = " open" if len(runs) == 1 else ""
        yield f"<details{opened}><summary>{escape(run.name)}</summary>{_table(epoch_header(run), rows)}</details>"


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{lines}</table></div>'
