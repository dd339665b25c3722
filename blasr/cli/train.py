"""``blasr train``: data and alignments to an experiment directory."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from blasr.cli.options import add_option, add_overrides
from blasr.cli.parser import examples
from blasr.cli.path_roles import GMM, NETWORK, check_experiment_paths
from blasr.config import load_config, write_yaml

EPILOG = """\
The same command again resumes exactly where the training stopped, or reports that it is done.

""" + examples(
    "blasr train conf/bl_resnet22_a2b3.yaml",
    "blasr train conf/bl_resnet22_a2b3.yaml --set data.train=data/swbd --set training.epochs=8 --experiment exp/short",
    "torchrun --nproc-per-node 2 -m blasr.cli train conf/bl_resnet22_a2b3.yaml",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr train``."""
    parser.epilog = EPILOG
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, see conf/")
    add_overrides(parser)
    parser.add_argument("--experiment", type=Path, metavar="DIR", help="the directory that receives everything")
    add_option(parser, "--max-loss", default=None, note="overrides data.max_loss")
    add_option(parser, "--allow-pipes", default=None, note="overrides data.allow_pipes")


def run(args: argparse.Namespace) -> None:
    """Train, or resume training."""
    from blasr.pipeline.config import RunConfig

    overrides = list(args.overrides)
    if args.experiment is not None:
        overrides.append(f"experiment={json.dumps(str(args.experiment))}")  # a quoted string is YAML too
    if args.max_loss is not None:
        overrides.append(f"data.max_loss={args.max_loss}")
    if args.allow_pipes is not None:
        overrides.append(f"data.allow_pipes={str(args.allow_pipes).lower()}")
    config = load_config(RunConfig, args.config, overrides)
    data = config.data
    inputs = {
        "data.train": (data.train, None),
        "data.valid": (data.valid, None),
        "data.alignments": (data.alignments, GMM),
        "data.valid_alignments": (data.valid_alignments, GMM),
        "initialize_from": (config.initialize_from, NETWORK),
    }
    check_experiment_paths(config.experiment, args.config, write_yaml(config), inputs)
    from blasr.pipeline import train  # the slow imports, after the configuration has been checked

    train(config)
