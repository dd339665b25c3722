"""The table that a recipe ends with, and its lines for RESULTS, from the reports of ``blasr score --json``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from recipes.common.command import run_command

Report = Mapping[str, Any]


def read_report(path: Path) -> Report:
    """What ``blasr score --json`` wrote.

    Raises:
        DataError: it is not there.
    """
    try:
        report: Report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"is no report of blasr score: {error}", path=path, fix="run the scoring stage") from None
    return report


def results_line(name: str, report: Report) -> str:
    """As in a Kaldi recipe's RESULTS: ``%WER 0.55 [ 1 / 183, 0 ins, 0 del, 1 sub ] name``, and the setting."""
    insertions, deletions, substitutions = (report[key] for key in ("insertions", "deletions", "substitutions"))
    errors = insertions + deletions + substitutions
    setting = report["setting"]
    return (
        f"%WER {report['wer']:.2f} [ {errors} / {report['words']}, {insertions} ins, {deletions} del, "
        f"{substitutions} sub ] {name} "
        f"(LM weight {setting['lm_weight']:g}, insertion penalty {setting['word_insertion_penalty']:g})"
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column aligned to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for first, *others in (header, *rows):
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def report_results(args: argparse.Namespace) -> None:
    """Print the table, and write the lines into ``args.out``."""
    reports = {name: read_report(Path(path)) for name, _, path in (pair.partition("=") for pair in args.reports)}
    keys = ("insertions", "deletions", "substitutions", "words")
    rows = [[name, f"{report['wer']:.2f}", *(str(report[key]) for key in keys)] for name, report in reports.items()]
    print(table(("", "WER %", "ins", "del", "sub", "words"), rows))
    with atomic_open(args.out, "w") as stream:
        stream.writelines(f"{results_line(name, report)}\n" for name, report in reports.items())
    print(f"written: {args.out}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.common.results", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, metavar="RESULTS", help="the file that receives the lines")
    parser.add_argument("reports", nargs="+", metavar="NAME=SCORE.JSON", help="what to tell, in order")
    run_command(parser, report_results)


if __name__ == "__main__":
    main()
