"""Write training curves as a picture or as a page."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from blasr.io.atomic import atomic_open, atomic_path
from blasr.pictures import require_matplotlib
from blasr.pipeline.runs.curve_page import curve_page
from blasr.pipeline.runs.curve_picture import draw_curves
from blasr.pipeline.runs.curves import Axis, TrainingCurves

logger = logging.getLogger(__name__)


def plot_runs(runs: Sequence[TrainingCurves], path: Path, axis: Axis = "epoch") -> None:
    """Write a PNG picture if the name ends in ``.png``, otherwise a self-contained HTML page.

    Args:
        runs: the runs, in the order of their colors.
        path: the file.
        axis: the horizontal axis. It becomes "step" if a run has not finished an epoch, because the number of steps
            in an epoch is then unknown.

    Raises:
        DependencyError: matplotlib is not installed.
        DataError: the file cannot be written.
        FormatError: a configuration cannot be read.
    """
    require_matplotlib()
    unfinished = [run.name for run in runs if not run.epochs]
    shown: Axis = "step" if unfinished else axis
    notes = list(_notes(runs, unfinished if shown != axis else []))
    for note in notes:
        logger.info("%s", note)
    if path.suffix.lower() == ".png":
        with atomic_path(path) as temporary:
            draw_curves(runs, shown).savefig(temporary, format="png")
    else:
        page = curve_page(runs, shown, notes)
        with atomic_open(path, "w") as file:
            file.write(page)
    logger.info("written: %s", path)


def _notes(runs: Sequence[TrainingCurves], unfinished: Sequence[str]) -> Iterator[str]:
    if unfinished:
        yield f"the horizontal axis is steps: no finished epoch in {', '.join(unfinished)}"
    cut = [run.name for run in runs if run.is_cut]
    if cut:
        yield f"the last line of metrics.jsonl is incomplete and left out: {', '.join(cut)} may still be training"
