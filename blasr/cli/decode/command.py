"""``blasr decode``: log-likelihoods, or a data directory and a network, and a graph to lattices and word times."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from blasr.cli.options import add_option, add_yes_no
from blasr.cli.parser import examples
from blasr.cli.search_options import add_search_options, decoder_config
from blasr.errors import ConfigError

if TYPE_CHECKING:
    from blasr.pipeline.loglike_sources import LoglikeSource

OUTPUTS = """\
--out receives lat.ark (the best path of every word sequence within the lattice beam, as a compact lattice; with
--no-determinize all paths, state by state), best_path.txt (utterance-id and words), ctm and decode.log. Where words.txt
contains pieces (blasr subwords), lattices contain pieces too, and the other files whole words.

With --data and --experiment the log-likelihoods are those of blasr dump, but never written to a file.

"""
BIG_LM = """\
Decode with a language model that would make HCLG too large. HCLG is compiled with a small one (a pruned bigram or a
unigram). The search subtracts its costs word by word and adds those of the big one, as Kaldi's
latgen-biglm-faster-mapped. Lattices have the costs of the big model.

  blasr lm prune --threshold 1e-6 big.arpa.gz --out small.arpa.gz
  blasr graph --lang data/lang --arpa small.arpa.gz --model exp/tri/final.mdl --out exp/tri/graph_small
  blasr decode --graph exp/tri/graph_small --model exp/tri/final.mdl --lang data/lang \\
      --old-lm small.arpa.gz --new-lm big.arpa.gz --loglikes scp:test/loglikes.scp --out exp/tri/decode_big
"""
NETWORK_OPTIONS = {
    "experiment": None,
    "checkpoint": "final",
    "prior_scale": 1.0,
    "device": "auto",
    "allow_pipes": False,
}
"""The options of --data, and their defaults."""

FRAME_SHIFT_SECONDS = 0.01


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr decode``."""
    parser.epilog = OUTPUTS + examples(
        "blasr decode --graph exp/tri/graph --model exp/tri/final.mdl --lang data/lang \\",
        "    --loglikes scp:exp/bl_resnet22_a2b3/test/loglikes.scp --nj 4 --out exp/bl_resnet22_a2b3/decode_test",
        "blasr decode --graph exp/tri/graph --lang data/lang --data data/test --experiment exp/bl_resnet22_a2b3 \\",
        "    --out exp/bl_resnet22_a2b3/decode_test",
    )
    add_option(parser, "--graph", required=True)
    add_option(parser, "--model", note="the model that the graph was compiled from (default: the experiment's)")
    add_option(parser, "--words", note="default: the one in --lang or next to the graph")
    add_option(parser, "--lang", note="its align_lexicon.int gives words their times")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--loglikes", metavar="ark:FILE|scp:FILE|FILE", help="log-likelihoods; rows are frames")
    add_option(source, "--data", note="with --experiment")
    for name in NETWORK_OPTIONS:
        add_option(parser, f"--{name.replace('_', '-')}", note="with --data")
    add_option(parser, "--out", required=True, note="a directory, created if absent")
    add_search_options(parser)
    add_yes_no(parser, "--determinize", "write determinized lattices to lat.ark", default=True)
    add_yes_no(parser, "--confidences", "write word confidences to the ctm")
    add_option(parser, "--frame-shift", default=None, note="default: 0.01, or the experiment's")
    add_option(parser, "--nj")
    add_yes_no(parser, "--check", "compare the inputs and stop")
    add_option(parser, "--max-loss")
    group = parser.add_argument_group("big language models", BIG_LM)
    add_option(group, "--old-lm", note="the graph was compiled with it")
    add_option(group, "--new-lm")


def run(args: argparse.Namespace) -> None:
    """Decode every utterance of the table or the data directory.

    Raises:
        BlasrError: options that exclude each other; otherwise as :func:`blasr.pipeline.decode.decode`.
    """
    from blasr.pipeline.decode import DecodeConfig, check_decoding, decode
    from blasr.pipeline.decode_inputs import DecodePaths

    config = DecodeConfig(
        decoder=decoder_config(args),
        determinize=args.determinize,
        confidences=args.confidences,
        workers=args.nj,
        max_loss=args.max_loss,
    )
    paths = DecodePaths(args.graph, args.words, args.lang, args.old_lm, args.new_lm)
    source = _archive_source(args) if args.loglikes is not None else _network_source(args)
    if args.check:
        check_decoding(source, paths)
    else:
        decode(source, paths, args.out, config)


def _archive_source(args: argparse.Namespace) -> LoglikeSource:
    from blasr.pipeline.loglike_sources import ArchiveSource

    for name, default in NETWORK_OPTIONS.items():
        if getattr(args, name) != default:
            raise ConfigError(
                f"--{name.replace('_', '-')} is for a network that computes log-likelihoods, but --loglikes already "
                "contains them",
                fix="give --data instead of --loglikes, or leave it out",
            )
    if args.model is None:
        raise ConfigError("--loglikes needs the final.mdl that defines the pdfs", fix="name it with --model")
    return ArchiveSource(args.loglikes, args.model, args.frame_shift or FRAME_SHIFT_SECONDS)


def _network_source(args: argparse.Namespace) -> LoglikeSource:
    if args.experiment is None:
        raise ConfigError("--data is audio, which needs a network", fix="name a trained one with --experiment")
    from blasr.data.data_dir import DataDir
    from blasr.inference.config import ScoringConfig
    from blasr.pipeline.experiment import Experiment
    from blasr.pipeline.network_source import NetworkSource

    return NetworkSource.read(
        Experiment.load(args.experiment, args.checkpoint),
        DataDir.read(args.data, allow_pipes=args.allow_pipes),
        model=args.model,
        frame_shift=args.frame_shift,
        config=ScoringConfig(args.prior_scale, args.device),
    )
