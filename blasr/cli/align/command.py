"""``blasr align``: a flat start from data and lang, or realignment with a GMM or a network; pictures of alignments."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TypeVar

from blasr.cli.align.show import COMMANDS, EXPORT_EXAMPLES, PLOT_EXAMPLES
from blasr.cli.options import add_network_options, add_option, add_overrides, add_yes_no, check_gmm
from blasr.cli.parser import add_commands, examples, run_command
from blasr.errors import ConfigError

OUTPUTS = """\
Without --gmm and --experiment, GMMs are trained from a flat start: uniform alignments, then monophones, then a triphone
tree. --out receives ali.1.gz, tree, final.mdl, final.occs and phones.txt, as Kaldi's scripts write them.

"""
Config = TypeVar("Config")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr align``."""
    parser.epilog = OUTPUTS + examples(
        "blasr align --data data/train --lang data/lang --nj 0 --out exp/tri",
        "blasr align --data data/train --lang data/lang --set triphone.num_leaves=150 --set triphone.totgauss=1500 \\",
        "    --out exp/tri",
        "blasr align --data data/dev --lang data/lang --gmm exp/tri --out exp/tri_ali_dev",
        "blasr align --data data/train --lang data/lang --experiment exp/bl_resnet22_a2b3 --gmm exp/tri \\",
        "    --out exp/bl_ali",
        *PLOT_EXAMPLES,
        *EXPORT_EXAMPLES,
    )
    add_commands(parser, COMMANDS, metavar="plot | export", required=False)
    add_option(parser, "--data", required=True, note="with transcripts")
    add_option(parser, "--lang", required=True)
    add_option(parser, "--out", required=True, note="a directory, created if absent")
    add_option(parser, "--gmm", note="align with its GMMs, or over its tree with --experiment")
    add_option(parser, "--experiment", note="align with it, over the tree of --gmm (default: its own)")
    add_network_options(parser, "with --experiment")
    add_option(parser, "--device")
    add_yes_no(parser, "--mono-only", "stop the flat start after the monophones")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a YAML file with keys of the flat start or the realignment"
    )
    add_overrides(parser)
    add_option(parser, "--max-loss", default=None, note="default: 0.05")
    add_option(parser, "--nj", default=None, note="default: 1")
    add_option(parser, "--allow-pipes")


def run(args: argparse.Namespace) -> None:
    """Align, or show alignments.

    Raises:
        ConfigError: options that exclude each other, or an unknown key.
        DataError: the data or the lang directory cannot be used, or too many utterances failed.
    """
    if args.command is not None:
        run_command(args)
        return
    check_gmm(args.gmm)
    if args.mono_only and (args.gmm is not None or args.experiment is not None):
        raise ConfigError("--mono-only belongs to the flat start", fix="leave out --gmm and --experiment")
    from blasr.align.config import FlatStartConfig, RealignConfig
    from blasr.align.flat_start import flat_start
    from blasr.align.realign import realign_with_gmm
    from blasr.data.data_dir import DataDir
    from blasr.graph.lang import Lang

    overrides = [*args.overrides]
    overrides += [
        f"{key}={value}" for key, value in (("max_loss", args.max_loss), ("nj", args.nj)) if value is not None
    ]
    flat_start_config = realign_config = None
    if args.gmm is None and args.experiment is None:
        flat_start_config = _read_config(FlatStartConfig, args.config, overrides)
    else:
        realign_config = _read_config(RealignConfig, args.config, overrides)
    lang = Lang.read(args.lang)
    data = DataDir.read(args.data, need_text=True, allow_pipes=args.allow_pipes)
    if flat_start_config is not None:
        flat_start(data, lang, args.out, flat_start_config, monophone_only=args.mono_only)
    elif args.experiment is None:
        realign_with_gmm(data, lang, args.gmm, args.out, realign_config)
    else:
        from blasr.inference.config import ScoringConfig
        from blasr.pipeline.experiment import Experiment
        from blasr.pipeline.realign import realign_with_network
        from blasr.pipeline.tuned_setting import NetworkChoice

        choice = NetworkChoice.resolve(args.experiment, args.checkpoint, args.prior_scale, args.setting)
        realign_with_network(
            Experiment.load(args.experiment, choice.checkpoint),
            data,
            lang,
            args.out,
            gmm=args.gmm,
            config=realign_config,
            scoring=ScoringConfig(choice.prior_scale, args.device),
        )


def _read_config(cls: type[Config], path: Path | None, overrides: list[str]) -> Config:
    """Return the keys of the file, or the defaults, with the overrides in order."""
    from blasr.config import load_config

    if path is not None:
        return load_config(cls, path, overrides)
    try:
        return load_config(cls, Path(os.devnull), overrides)
    except ConfigError as error:
        raise ConfigError(error.message, fix=error.fix) from None
