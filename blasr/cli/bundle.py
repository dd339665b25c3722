"""``blasr bundle``: everything that ``blasr transcribe`` needs, in one folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_network_options, add_option
from blasr.cli.parser import examples
from blasr.cli.search_options import SEARCH_OPTIONS, add_search_options
from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.lattices.config import PathWeights

OUTPUTS = """\
--out receives bundle.yaml (features, CMVN, network, decoder, LM weight and penalty, version, and a hash of every file),
final.safetensors, priors.*, final.mdl, HCLG.fst, words.txt, phones.txt and align_lexicon.int, and for live recognition
and lists of phrases, if they are there, global_cmvn.stats, tree and lang/. It can be moved and sent.

"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr bundle``."""
    parser.epilog = OUTPUTS + examples(
        "blasr bundle --experiment exp/bl_resnet22_a2b3 --graph exp/tri_ali/graph --model exp/tri_ali/final.mdl \\",
        "    --lang data/lang --setting exp/bl_resnet22_a2b3/setting.json --out exp/bl_resnet22_a2b3/bundle",
    )
    add_option(parser, "--experiment", required=True)
    add_network_options(parser)
    add_option(parser, "--graph", required=True)
    add_option(parser, "--out", required=True, note="a new or empty directory, or a bundle, which is replaced")
    add_option(parser, "--model", note="the graph's (default: the experiment's)")
    add_option(parser, "--lang", note="for the words and their times (default: the graph's directory)")
    parser.add_argument(
        "--global-cmvn",
        type=Path,
        metavar="FILE",
        help="statistics of the training data, for live recognition (default: the experiment's, if it has them)",
    )
    add_option(parser, "--lm-weight", default=None, note="default: that of the setting, or 10")
    add_option(parser, "--word-ins-penalty", default=None, note="default: that of the setting, or 0")
    add_search_options(parser)


def run(args: argparse.Namespace) -> None:
    """Compare the parts and write the bundle.

    Raises:
        ConfigError: the LM weight and penalty are given twice.
        BlasrError: as :func:`blasr.pipeline.bundle.make_bundle`.
    """
    decoder = DecoderConfig(**{name: getattr(args, name) for name in SEARCH_OPTIONS})
    weights = path_weights(args.experiment, args.setting, args.lm_weight, args.word_ins_penalty)
    from blasr.pipeline.bundle import BundleSettings, make_bundle
    from blasr.pipeline.experiment import Experiment
    from blasr.pipeline.tuned_setting import NetworkChoice

    choice = NetworkChoice.resolve(args.experiment, args.checkpoint, args.prior_scale, args.setting)
    make_bundle(
        Experiment.load(args.experiment, choice.checkpoint),
        args.graph,
        args.out,
        model=args.model,
        lang=args.lang,
        global_cmvn=args.global_cmvn,
        settings=BundleSettings(decoder, weights, choice.prior_scale),
    )


def path_weights(
    experiment: Path, setting: Path | None, lm_weight: float | None, word_ins_penalty: float | None
) -> PathWeights:
    """Return what is given; what is not given is that of the setting, by default the experiment's, or else 10 and 0.

    Raises:
        ConfigError: the LM weight and penalty are given twice.
    """
    from blasr.lattices.config import PathWeights
    from blasr.lattices.weights_file import read_path_weights
    from blasr.pipeline.tuned_setting import SETTING_FILE

    if setting is not None and (lm_weight is not None or word_ins_penalty is not None):
        raise ConfigError("--setting has an LM weight and a penalty", fix="give the file or the numbers, not both")
    tuned = setting or experiment / SETTING_FILE
    found = read_path_weights(tuned) if setting is not None or tuned.is_file() else PathWeights(10.0, 0.0)
    return PathWeights(
        found.lm_weight if lm_weight is None else lm_weight,
        found.word_insertion_penalty if word_ins_penalty is None else word_ins_penalty,
    )
