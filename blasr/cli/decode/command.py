"""``blasr decode``: log-likelihoods, or a data directory and a network, and a graph to lattices and word times."""

from __future__ import annotations

import argparse

from blasr.cli.decode.sources import NETWORK_OPTIONS, NetworkOptions, archive_source, network_source
from blasr.cli.options import add_network_options, add_option, add_yes_no
from blasr.cli.parser import examples
from blasr.cli.search_options import SEARCH_OPTIONS, add_search_options
from blasr.decoding.config import DecoderConfig

OUTPUTS = """\
--out receives lat.ark (the best path of every word sequence within the lattice beam, as a compact lattice; with
--no-determinize all paths, state by state), best_path.txt (utterance-id and words), ctm and decode.log. Where words.txt
contains pieces (blasr subwords), lattices contain pieces too, and the other files whole words.

With --data and --experiment the log-likelihoods are those of blasr dump, but never written to a file.

"""
BIG_LM = """\
Decode with a language model that would make HCLG too large. HCLG is compiled with a small one, best a unigram. The
search subtracts its costs word by word and adds those of the big one, as Kaldi's latgen-biglm-faster-mapped. It looks
ahead: paths are pruned by the big model's costs of the words that they may become. Lattices have the costs of the big
model.

  blasr lm train --order 1 --text train/text --utterance-ids --vocabulary data/lang/words.txt --out small.arpa.gz
  blasr graph --lang data/lang --arpa small.arpa.gz --model exp/tri/final.mdl --out exp/tri/graph_small
  blasr decode --graph exp/tri/graph_small --model exp/tri/final.mdl --lang data/lang \\
      --old-lm small.arpa.gz --new-lm big.arpa.gz --loglikes scp:test/loglikes.scp --out exp/tri/decode_big
"""


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
    for name in ("--experiment", "--device", "--precision", "--allow-pipes"):
        add_option(parser, name, note="with --data")
    add_network_options(parser, "with --data")
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
        decoder=DecoderConfig(**{name: getattr(args, name) for name in SEARCH_OPTIONS}),
        determinize=args.determinize,
        confidences=args.confidences,
        workers=args.nj,
        max_loss=args.max_loss,
    )
    paths = DecodePaths(args.graph, args.words, args.lang, args.old_lm, args.new_lm)
    network = NetworkOptions(**{name: getattr(args, name) for name in NETWORK_OPTIONS})
    source = (
        archive_source(args.loglikes, args.model, args.frame_shift, network)
        if args.loglikes is not None
        else network_source(args.data, args.model, args.frame_shift, network)
    )
    if args.check:
        check_decoding(source, paths)
    else:
        decode(source, paths, args.out, config)
