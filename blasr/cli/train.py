"""``blasr train``: data and alignments to an experiment directory."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.cli.options import add_overrides
from blasr.config import load_config
from blasr.pipeline.config import RunConfig
from blasr.pipeline.train import train

EPILOG = """\
The same command again goes on exactly where it stopped, or says that the training is done.

examples:
  blasr train conf/bl_resnet22_a2b3.yaml
  blasr train conf/bl_resnet22_a2b3.yaml --set data.train=data/swbd --set training.epochs=8 --experiment exp/short
  torchrun --nproc-per-node 2 -m blasr.cli train conf/bl_resnet22_a2b3.yaml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr train``."""
    parser.epilog = EPILOG
    parser.add_argument("config", type=Path, help="a YAML file, see conf/")
    add_overrides(parser)
    parser.add_argument("--experiment", type=Path, help="the directory that receives everything")
    parser.add_argument("--allow-pipes", action="store_true", help="let commands in wav.scp run (data.allow_pipes)")


def run(args: argparse.Namespace) -> None:
    """Train, or go on training."""
    overrides = list(args.overrides)
    if args.experiment is not None:
        overrides.append(f"experiment={args.experiment}")
    if args.allow_pipes:
        overrides.append("data.allow_pipes=true")
    config: RunConfig = load_config(RunConfig, args.config, overrides)
    train(config)
