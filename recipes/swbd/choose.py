"""Choose the run with the fewest errors on the tuning set, from the reports of ``blasr score --json``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from blasr.errors import DataError
from recipes.common.command import run_step, step_parser
from recipes.common.results import read_report, table


def choose(title: str, folders: Sequence[Path]) -> None:
    """Print the name of the best folder to stdout and the table to stderr.

    Args:
        title: the table's first heading.
        folders: folders with ``score.json``; if several are equally good, the first is chosen.

    Raises:
        DataError: a report is missing or has no scored words.
    """
    rows, errors = [], {}
    for folder in folders:
        report = read_report(folder / "score.json")
        counts, setting = report.get("all", {}), report.get("setting", {})
        if not counts.get("words"):
            raise DataError("has no scored words", path=folder / "score.json", fix="write it with blasr score stm")
        errors[folder] = sum(counts[key] for key in ("substitutions", "deletions", "insertions"))
        cells = [f"{setting[key]:g}" for key in ("lm_weight", "word_insertion_penalty")]
        rows.append([folder.name, f"{counts['wer']:.2f}", *cells])
    best = min(folders, key=lambda folder: errors[folder])  # ties go to the first
    for row, folder in zip(rows, folders, strict=True):
        row.append("chosen" if folder == best else "")
    print(table((title, "WER %", "LM weight", "penalty", ""), rows), file=sys.stderr)
    print(best.name)


def main() -> None:
    parser = step_parser("recipes.swbd.choose", __doc__)
    parser.add_argument("title", help="the heading of the table's first column")
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="a folder with score.json")
    run_step(parser, choose)


if __name__ == "__main__":
    main()
