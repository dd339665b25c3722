"""Choose the run that makes the fewest errors on the tuning set, from the reports of ``blasr score --json``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blasr.errors import DataError
from recipes.common.command import run_command
from recipes.common.results import read_report, table


def run(args: argparse.Namespace) -> None:
    """Print the best folder's name to stdout, the table to stderr.

    Raises:
        DataError: a report is not there or has no segments scored.
    """
    rows, errors = [], {}
    for folder in args.folders:
        report = read_report(folder / "score.json")
        counts, setting = report.get("all", {}), report.get("setting", {})
        if not counts.get("words"):
            raise DataError("has no words scored", path=folder / "score.json", fix="score it with --stm")
        errors[folder] = sum(counts[key] for key in ("substitutions", "deletions", "insertions"))
        told = [f"{setting[key]:g}" for key in ("lm_weight", "word_insertion_penalty")]
        rows.append([folder.name, f"{counts['wer']:.2f}", *told])
    best = min(args.folders, key=lambda folder: errors[folder])  # of equals the first
    for row, folder in zip(rows, args.folders, strict=True):
        row.append("chosen" if folder == best else "")
    print(table((args.title, "WER %", "LM weight", "penalty", ""), rows), file=sys.stderr)
    print(best.name)


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.choose", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("title", help="what the folders are")
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="with score.json")
    run_command(parser, run)


if __name__ == "__main__":
    main()
