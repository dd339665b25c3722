"""``blasr plot``: the curves of training runs as a picture or a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.cli.options import add_option
from blasr.cli.parser import examples
from blasr.errors import ConfigError

EPILOG = """\
Loss, frame accuracy, learning rate, gradient norm, frames per second and the share of time spent waiting for data, of
one or several runs, finished or not. A page also has a table of every epoch, and the keys of the configurations that
differ. It needs matplotlib: pip install 'blasr[pictures]'.

""" + examples(
    "blasr plot exp/bl_resnet22_a2b3 --out curves.html",
    "blasr plot exp/resnet22 exp/bl_resnet22_a2b3 exp/bl_resnet22_a4b1 --out curves.png",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr plot``."""
    parser.epilog = EPILOG
    parser.add_argument("experiments", nargs="+", type=Path, metavar="EXP", help="directories of training runs")
    add_option(parser, "--out", required=True, note="a picture if it ends in .png, a self-contained page if in .html")
    parser.add_argument("--x-axis", choices=("epoch", "step"), default="epoch", help="horizontal axis")


def run(args: argparse.Namespace) -> None:
    """Draw the curves.

    Raises:
        ConfigError: the output is neither a picture nor a page.
    """
    kind = args.out.suffix.lower()
    if kind not in (".png", ".html"):
        raise ConfigError(f"found --out {args.out}, expected a name that ends in .png or .html")
    from blasr.pipeline.runs import plot_runs, read_curves

    plot_runs(read_curves(args.experiments), args.out, args.x_axis)
