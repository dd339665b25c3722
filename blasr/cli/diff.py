"""``blasr diff``: what differs between two training runs."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.columns import columns
from blasr.cli.parser import examples

if TYPE_CHECKING:
    from blasr.pipeline.runs import RunDifference

EPILOG = """\
Keys and versions are shown if they differ, curves and results always. Results are the tuned setting, the reports of
blasr score --json and Kaldi's wer_* files in the directories and the folders in them.

""" + examples("blasr diff exp/resnet22 exp/bl_resnet22_a2b3")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr diff``."""
    parser.epilog = EPILOG
    parser.add_argument("first", type=Path, metavar="EXP1", help="the directory of a training run, A")
    parser.add_argument("second", type=Path, metavar="EXP2", help="the directory of a training run, B")


def run(args: argparse.Namespace) -> None:
    """Print what differs."""
    from blasr.pipeline.runs import compare_runs

    print(difference_text(compare_runs(args.first, args.second)))


def difference_text(difference: RunDifference) -> str:
    """Return a comparison as text."""
    blocks = ["\n".join(f"{letter}: {name}" for letter, name in zip("AB", difference.names, strict=True))]
    for section in difference.sections:
        lines = f"{section.title}: {section.summary}"
        if section.rows:
            right = [False, *([section.is_numeric] * 2), True]
            lines += "\n" + columns(("", "A", "B", "B - A"), section.rows, right=right)
        lines += "".join(f"\n{textwrap.fill(remark, 120, subsequent_indent='  ')}" for remark in section.remarks)
        blocks.append(lines)
    blocks += [f"note: {warning}" for warning in difference.warnings]
    return "\n\n".join(blocks)
