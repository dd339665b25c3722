"""``blasr bundle``: everything that ``blasr transcribe`` needs, in one folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError
from blasr.lattices.config import PathWeights
from blasr.lattices.weights_file import read_path_weights
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment

EPILOG = """\
OUT is a folder: bundle.yaml (features, CMVN, network, decoder, setting, version, and a hash of every file),
final.safetensors, priors.*, final.mdl, HCLG.fst, words.txt, phones.txt and align_lexicon.int. It can be moved and sent.

example:
  blasr bundle --experiment exp/bl_resnet22_a2b3 --graph exp/tri_ali/graph --model exp/tri_ali/final.mdl \\
      --lang data/lang --setting exp/bl_resnet22_a2b3/setting.json exp/bl_resnet22_a2b3/bundle
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr bundle``."""
    decoder = DecoderConfig()
    parser.epilog = EPILOG
    parser.add_argument("out", type=Path, metavar="OUT", help="a new or empty folder, or a bundle to be replaced")
    parser.add_argument("--experiment", type=Path, required=True, help="a trained experiment directory")
    parser.add_argument("--checkpoint", default="final", help="final, or epochN (default: final)")
    parser.add_argument("--graph", type=Path, required=True, metavar="DIR", help="the folder with HCLG.fst")
    parser.add_argument("--model", type=Path, help="the graph's final.mdl (default: the experiment's)")
    parser.add_argument("--lang", type=Path, help="lang folder, for words and their times (default: the graph's)")
    parser.add_argument("--setting", type=Path, metavar="FILE", help="LM weight and penalty of blasr score --freeze")
    parser.add_argument("--lm-weight", type=float, help="acoustic costs are divided by it (default: 10)")
    parser.add_argument(
        "--word-insertion-penalty", "--word-ins-penalty", type=float, help="what each word costs (default: 0)"
    )
    parser.add_argument("--prior-scale", type=float, default=1.0, help="weight of the log priors (default: 1.0)")
    parser.add_argument("--beam", type=float, default=decoder.beam, help="default: %(default)s")
    parser.add_argument("--lattice-beam", type=float, default=decoder.lattice_beam, help="default: %(default)s")
    parser.add_argument("--acoustic-scale", type=float, default=decoder.acoustic_scale, help="default: %(default)s")
    parser.add_argument("--max-active", type=int, default=decoder.max_active, help="default: %(default)s")
    parser.add_argument("--min-active", type=int, default=decoder.min_active, help="default: %(default)s")


def run(args: argparse.Namespace) -> None:
    """Compare the parts and write the bundle."""
    decoder = DecoderConfig(
        beam=args.beam,
        lattice_beam=args.lattice_beam,
        acoustic_scale=args.acoustic_scale,
        max_active=args.max_active,
        min_active=args.min_active,
    )
    make_bundle(
        Experiment.load(args.experiment, args.checkpoint),
        args.graph,
        args.out,
        model=args.model,
        lang=args.lang,
        decoder=decoder,
        setting=_setting(args),
        prior_scale=args.prior_scale,
    )


def _setting(args: argparse.Namespace) -> PathWeights:
    given = [args.lm_weight, args.word_insertion_penalty]
    if args.setting is None:
        return PathWeights(10.0 if given[0] is None else given[0], 0.0 if given[1] is None else given[1])
    if given != [None, None]:
        raise ConfigError("--setting has an LM weight and a penalty", fix="give the file or the numbers, not both")
    return read_path_weights(args.setting)
