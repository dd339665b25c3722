"""``blasr data plot``: pictures of the audio of a data directory."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.cli.options import add_option, positive_integer
from blasr.cli.parser import Command
from blasr.errors import ConfigError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a Kaldi data directory")
    add_option(parser, "--out", required=True, note="a picture if it ends in .png, a self-contained page if in .html")
    parser.add_argument(
        "--even", type=positive_integer, metavar="N", default=5000, help="at most N utterances, spread evenly, are read"
    )
    add_option(parser, "--max-loss")
    add_option(parser, "--allow-pipes")


def _plot(args: argparse.Namespace) -> None:
    if args.out.suffix.lower() not in (".png", ".html"):
        raise ConfigError(f"found --out {args.out}, expected a name that ends in .png or .html")

    from blasr.data import DataDir, plot_survey, survey_audio
    from blasr.pictures import require_matplotlib

    require_matplotlib()
    data = DataDir.read(args.directory, allow_pipes=args.allow_pipes)
    survey, tally = survey_audio(data, num_utterances=args.even, max_loss=args.max_loss)
    print(tally.summary())
    plot_survey(survey, args.out)
    print(f"written: {args.out}")


PLOT = Command(
    "a picture of durations, speakers, levels, clipping, background and sample rates",
    ("blasr data plot data/train --out train.png", "blasr data plot data/train --even 500 --out train.html"),
    _configure,
    _plot,
)
