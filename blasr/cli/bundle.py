"""``blasr bundle``: everything that ``blasr transcribe`` needs, in one folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_option
from blasr.cli.parser import examples
from blasr.cli.search_options import SEARCH_OPTIONS, add_search_options
from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.lattices.config import PathWeights

OUTPUTS = """\
--out receives bundle.yaml (features, CMVN, network, decoder, LM weight and penalty, version, and a hash of every file),
final.safetensors, priors.*, final.mdl, HCLG.fst, words.txt, phones.txt and align_lexicon.int. It can be moved and sent.

"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr bundle``."""
    parser.epilog = OUTPUTS + examples(
        "blasr bundle --experiment exp/bl_resnet22_a2b3 --graph exp/tri_ali/graph --model exp/tri_ali/final.mdl \\",
        "    --lang data/lang --setting exp/bl_resnet22_a2b3/setting.json --out exp/bl_resnet22_a2b3/bundle",
    )
    add_option(parser, "--experiment", required=True)
    add_option(parser, "--checkpoint")
    add_option(parser, "--graph", required=True)
    add_option(parser, "--out", required=True, note="a new or empty directory, or a bundle, which is replaced")
    add_option(parser, "--model", note="the graph's (default: the experiment's)")
    add_option(parser, "--lang", note="for the words and their times (default: the graph's directory)")
    add_option(parser, "--setting")
    add_option(parser, "--lm-weight", default=None, note="default: 10")
    add_option(parser, "--word-ins-penalty", default=None, note="default: 0")
    add_option(parser, "--prior-scale")
    add_search_options(parser)


def run(args: argparse.Namespace) -> None:
    """Compare the parts and write the bundle.

    Raises:
        ConfigError: the LM weight and penalty are given twice.
        BlasrError: as :func:`blasr.pipeline.bundle.make_bundle`.
    """
    decoder = DecoderConfig(**{name: getattr(args, name) for name in SEARCH_OPTIONS})
    weights = _path_weights(args.setting, args.lm_weight, args.word_ins_penalty)
    from blasr.pipeline.bundle import BundleSettings, make_bundle
    from blasr.pipeline.experiment import Experiment

    make_bundle(
        Experiment.load(args.experiment, args.checkpoint),
        args.graph,
        args.out,
        model=args.model,
        lang=args.lang,
        settings=BundleSettings(decoder, weights, args.prior_scale),
    )


def _path_weights(setting: Path | None, lm_weight: float | None, word_ins_penalty: float | None) -> PathWeights:
    from blasr.lattices.config import PathWeights
    from blasr.lattices.weights_file import read_path_weights

    if setting is None:
        return PathWeights(10.0 if lm_weight is None else lm_weight, word_ins_penalty or 0.0)
    if lm_weight is not None or word_ins_penalty is not None:
        raise ConfigError("--setting has an LM weight and a penalty", fix="give the file or the numbers, not both")
    return read_path_weights(setting)
