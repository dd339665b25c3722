"""``blasr align``: a flat start from data and lang, or realignment with a GMM or a trained network."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TypeVar

from blasr.align.config import FlatStartConfig, RealignConfig
from blasr.align.flat_start import flat_start
from blasr.align.realign import LogLikelihoods, realign, realign_with_gmm
from blasr.cli.options import add_overrides
from blasr.config import load_config
from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import ConfigError
from blasr.graph.lang import Lang
from blasr.units import FloatArray

EPILOG = """\
Without --model or --experiment, GMMs are trained from nothing: uniform, then monophones, then a triphone tree.
OUT receives ali.1.gz, tree, final.mdl, final.occs and phones.txt, as Kaldi's scripts write them.

examples:
  blasr align --data data/train --lang data/lang exp/tri
  blasr align --data data/train --lang data/lang --set triphone.num_leaves=150 --set triphone.totgauss=1500 exp/tri
  blasr align --data data/dev --lang data/lang --model exp/tri exp/tri_ali_dev
  blasr align --data data/train --lang data/lang --experiment exp/bl_resnet22_a2b3 --model exp/tri exp/bl_ali
"""

Config = TypeVar("Config")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr align``."""
    parser.epilog = EPILOG
    parser.add_argument("out", type=Path, metavar="OUT", help="a folder, made where absent")
    parser.add_argument("--data", type=Path, required=True, help="a Kaldi data directory with transcripts")
    parser.add_argument("--lang", type=Path, required=True, help="a lang directory, see blasr lang")
    parser.add_argument("--model", type=Path, metavar="GMM_DIR", help="align with its GMMs instead of training some")
    parser.add_argument("--experiment", type=Path, help="align with this trained network, over the tree of --model")
    parser.add_argument("--checkpoint", default="final", help="of the experiment: final, or epochN (default: final)")
    parser.add_argument("--prior-scale", type=float, default=1.0, help="of the experiment's priors (default: 1.0)")
    parser.add_argument("--device", default="auto", help="for the network: auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--mono-only", action="store_true", help="stop the flat start after the monophones")
    parser.add_argument("--config", type=Path, help="a YAML file of the flat start's or the realignment's keys")
    add_overrides(parser)
    parser.add_argument("--max-loss", type=float, help="share of utterances that may fail to align (default: 0.05)")
    parser.add_argument("--nj", type=int, metavar="N", help="number of workers; 0 for all cores (default: 1)")
    parser.add_argument("--allow-pipes", action="store_true", help="let commands in wav.scp run")


def run(args: argparse.Namespace) -> None:
    """Align.

    Raises:
        ConfigError: options that exclude each other, or an unknown key.
        DataError: the data or the lang directory cannot be used, or too many utterances failed.
    """
    realigns = args.model is not None or args.experiment is not None
    if args.mono_only and realigns:
        raise ConfigError("--mono-only belongs to the flat start", fix="leave out --model and --experiment")
    lang = Lang.read(args.lang)
    data = DataDir.read(args.data, need_text=True, allow_pipes=args.allow_pipes)
    if not realigns:
        flat_start(data, lang, args.out, _config(args, FlatStartConfig), monophone_only=args.mono_only)
    elif args.experiment is None:
        realign_with_gmm(data, lang, args.model, args.out, _config(args, RealignConfig))
    else:
        config = _config(args, RealignConfig, "nj=1")
        realign(data, lang, args.model or args.experiment, _network(args, data), args.out, config)


def _config(args: argparse.Namespace, cls: type[Config], *defaults: str) -> Config:
    """The file's keys, then ``defaults``, then ``--set``, then the options that have a name of their own."""
    overrides = [*defaults, *args.overrides]
    overrides += [f"{key}={value}" for key in ("max_loss", "nj") if (value := getattr(args, key)) is not None]
    if args.config is not None:
        return load_config(cls, args.config, overrides)
    try:
        return load_config(cls, Path(os.devnull), overrides)
    except ConfigError as error:
        raise ConfigError(error.message, fix=error.fix) from None


def _network(args: argparse.Namespace, data: DataDir) -> LogLikelihoods:
    """Log-likelihoods of a trained experiment."""
    from blasr.features.extraction import FeatureExtractor
    from blasr.features.speaker_stats import collect_speaker_stats
    from blasr.inference import LogLikelihoods as Scaled
    from blasr.inference import PosteriorComputer
    from blasr.pipeline.experiment import Experiment
    from blasr.training.distributed import choose_device

    if args.model is None and not (args.experiment / "tree").exists():
        raise ConfigError(
            f"{args.experiment} has no tree",
            fix="give the alignment directory that it was trained on with --model",
        )
    experiment = Experiment.load(args.experiment, args.checkpoint)
    features = experiment.description.features
    extractor = FeatureExtractor(features, data, collect_speaker_stats(features, data))
    posteriors = PosteriorComputer(experiment.model, choose_device(args.device))
    scaled = Scaled(experiment.priors.log, args.prior_scale)

    def log_likelihoods(utterance: Utterance) -> FloatArray:
        planes = extractor.network_input(utterance)
        return scaled(posteriors.log_posteriors(planes, in_context=True))

    return log_likelihoods
