"""The Hub5'00 table: word error rates of the variants on SWB, CH and all, beside those of the paper's Table 3."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.models.paper import TABLE3
from recipes.common.command import run_command
from recipes.common.results import read_report, table

GROUPS = ("SWB", "CH", "all")
HEADER = (
    *("", "SWB", "CH", "all", "95% of all", "best possible", "paper SWB", "paper CH", "paper mean"),
    *("words", "epoch", "prior scale"),
)


def row(name: str, report: Mapping[str, Any], chosen: str) -> list[str]:
    """A variant's line; ``chosen`` is what RT-02 chose, such as ``epoch15_prior0.8``.

    Raises:
        DataError: the report lacks SWB, CH or all.
    """
    missing = [group for group in GROUPS if not report.get(group, {}).get("words")]
    if missing:
        raise DataError(f"the score of {name} has no words of {', '.join(missing)}", fix="score with --group")
    low, high = report["all"]["wer_95"]
    rates = [f"{report[group]['wer']:.2f}" for group in GROUPS]
    paper = TABLE3.get(name)
    published = (
        [f"{rate:.2f}" for rate in (paper.wer_swb, paper.wer_ch, paper.wer_avg)] if paper is not None else ["-"] * 3
    )
    oracle = report["oracle"]["wer"]
    told = [str(report["all"]["words"]), *chosen.removeprefix("epoch").split("_prior")]
    return [name, *rates, f"{low:.2f}-{high:.2f}", f"{oracle:.2f}", *published, *told]


def run(args: argparse.Namespace) -> None:
    """Print the table and write it to ``args.out``.

    Raises:
        DataError: a report is missing or incomplete.
    """
    rows = []
    for pair in args.experiments:
        name, _, folder = pair.partition("=")
        chosen = Path(folder, "rt02", "chosen").resolve()
        if not chosen.is_dir():
            raise DataError("is not there", path=chosen, fix="run the stage that chooses on RT-02")
        rows.append(row(name, read_report(Path(folder, "hub5", "score.json")), chosen.name))
    told = table(HEADER, rows)
    notes = (
        "Word error rates in %. Epoch, prior scale, LM weight and insertion penalty are chosen on RT-02 and frozen;\n"
        "'best possible' takes LM weight and penalty on Hub5'00 itself. 'all' pools the words of SWB and CH; the\n"
        "paper's mean is that of its two rates."
    )
    print(f"{told}\n{notes}")
    with atomic_open(args.out, "w") as stream:
        stream.write(f"{told}\n{notes}\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.hub5_table", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="the file that receives the table")
    parser.add_argument("experiments", nargs="+", metavar="NAME=DIR", help="experiments with hub5/score.json")
    run_command(parser, run)


if __name__ == "__main__":
    main()
