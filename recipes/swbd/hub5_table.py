"""Print the Hub5'00 table: word error rates of the variants on SWB, CH and all, next to Table 3 of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.cli.options import add_option
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.models.paper import TABLE3
from blasr.pipeline.tuned_setting import SETTING_FILE, TunedSetting
from recipes.common.command import run_step, step_parser
from recipes.common.results import read_report, table

GROUPS = ("SWB", "CH", "all")
HEADER = (
    *("", "SWB", "CH", "all", "95% of all", "best possible", "paper SWB", "paper CH", "paper mean"),
    *("words", "epoch", "prior scale"),
)


def row(name: str, report: Mapping[str, Any], setting: TunedSetting) -> list[str]:
    """Return the row of a variant.

    Args:
        name: the variant.
        report: its report on Hub5'00.
        setting: the setting that was tuned on RT-02.

    Raises:
        DataError: the report lacks SWB, CH or all.
    """
    missing = [group for group in GROUPS if not report.get(group, {}).get("words")]
    if missing:
        raise DataError(
            f"the score of {name} has no words of {', '.join(missing)}", fix="run blasr score stm with --group"
        )
    low, high = report["all"]["wer_95"]
    rates = [f"{report[group]['wer']:.2f}" for group in GROUPS]
    paper = TABLE3.get(name)
    published = (
        [f"{rate:.2f}" for rate in (paper.wer_swb, paper.wer_ch, paper.wer_avg)] if paper is not None else ["-"] * 3
    )
    oracle = report["oracle"]["wer"]
    checkpoint = str(setting.checkpoint).removeprefix("epoch")
    last = [str(report["all"]["words"]), checkpoint, f"{setting.prior_scale:g}"]
    return [name, *rates, f"{low:.2f}-{high:.2f}", f"{oracle:.2f}", *published, *last]


def print_table(experiments: Sequence[str], out: Path) -> None:
    """Print the table of the experiments, each given as ``NAME=DIR``, and write it to ``out``.

    Raises:
        DataError: a report is missing or incomplete.
    """
    rows = []
    for pair in experiments:
        name, _, folder = pair.partition("=")
        setting = Path(folder, SETTING_FILE)
        if not setting.is_file():
            raise DataError("no such file", path=setting, fix="run the stage that tunes on RT-02")
        rows.append(row(name, read_report(Path(folder, "hub5", "score.json")), TunedSetting.read(setting)))
    lines = table(HEADER, rows)
    notes = (
        "Word error rates in %. Epoch, prior scale, LM weight and insertion penalty are chosen on RT-02 and frozen;\n"
        "'best possible' chooses LM weight and penalty on Hub5'00 itself. 'all' pools the words of SWB and CH; the\n"
        "paper's mean is the mean of its two rates."
    )
    print(f"{lines}\n{notes}")
    with atomic_open(out, "w") as stream:
        stream.write(f"{lines}\n{notes}\n")


def main() -> None:
    parser = step_parser("recipes.swbd.hub5_table", __doc__)
    parser.add_argument(
        "experiments", nargs="+", metavar="NAME=DIR", help="a variant's experiment, with hub5/score.json"
    )
    add_option(parser, "--out", required=True, note="the file that receives the table")
    run_step(parser, print_table)


if __name__ == "__main__":
    main()
