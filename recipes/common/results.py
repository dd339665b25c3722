"""The table that a recipe prints last, and its lines for RESULTS, from the reports of ``blasr score --json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.cli.options import add_option
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from recipes.common.command import run_step, step_parser

Report = Mapping[str, Any]


def read_report(path: Path) -> Report:
    """Return the report that ``blasr score --json`` wrote.

    Raises:
        DataError: there is no such file, or it is not JSON.
    """
    try:
        report: Report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"is not a report of blasr score: {error}"
        raise DataError(message, path=path, fix="run the scoring stage") from None
    return report


def results_line(name: str, report: Report) -> str:
    """Return a line as in RESULTS of a Kaldi recipe, followed by the setting.

    For example ``%WER 0.55 [ 1 / 183, 0 ins, 0 del, 1 sub ] name (LM weight 10, insertion penalty 0)``.
    """
    insertions, deletions, substitutions = (report[key] for key in ("insertions", "deletions", "substitutions"))
    errors = insertions + deletions + substitutions
    setting = report["setting"]
    return (
        f"%WER {report['wer']:.2f} [ {errors} / {report['words']}, {insertions} ins, {deletions} del, "
        f"{substitutions} sub ] {name} "
        f"(LM weight {setting['lm_weight']:g}, insertion penalty {setting['word_insertion_penalty']:g})"
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with the first column aligned to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for first, *others in (header, *rows):
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a table in Markdown; the first ``left`` columns are aligned to the left and the others to the right."""
    rule = [*["---"] * left, *["---:"] * (len(header) - left)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *rows))


def report_results(reports: Sequence[str], out: Path) -> None:
    """Print the table and write the lines of RESULTS.

    Args:
        reports: ``NAME=SCORE.JSON`` for each line, in order.
        out: the file that receives the lines.

    Raises:
        DataError: a report is missing.
    """
    pairs = (pair.partition("=") for pair in reports)
    found = {name: read_report(Path(path)) for name, _, path in pairs}
    keys = ("insertions", "deletions", "substitutions", "words")
    rows = [[name, f"{report['wer']:.2f}", *(str(report[key]) for key in keys)] for name, report in found.items()]
    print(table(("", "WER %", "ins", "del", "sub", "words"), rows))
    with atomic_open(out, "w") as stream:
        stream.writelines(f"{results_line(name, report)}\n" for name, report in found.items())
    print(f"written: {out}")


def main() -> None:
    parser = step_parser("recipes.common.results", __doc__)
    parser.add_argument("reports", nargs="+", metavar="NAME=SCORE.JSON", help="the reports, in the table's order")
    add_option(parser, "--out", required=True, note="the file that receives the lines")
    run_step(parser, report_results)


if __name__ == "__main__":
    main()
