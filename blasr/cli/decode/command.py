"""``blasr decode``: log-likelihoods, or a data directory and a network, and a graph to lattices and word times."""

from __future__ import annotations

import argparse
import logging
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np

from blasr.cli.decode.biglm import configure_biglm, open_biglm
from blasr.cli.decode.source import configure_source, open_source
from blasr.decoding.config import DecoderConfig
from blasr.decoding.decode_output import DecodeFiles, DecodeOutput
from blasr.decoding.decode_table import decode_table
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import ConfigError
from blasr.hmm.transition_model import read_transition_model
from blasr.io.atomic import atomic_open
from blasr.io.fst import read_fst
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice_table import ANY_LATTICE
from blasr.lattices.timed_words import PathFormatter
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.word_pieces import WordJoiner
from blasr.pipeline.preflight import Decoder, check_decode
from blasr.progress import track
from blasr.tally import Tally

EPILOG = """\
OUT receives lat.ark (the best path of every word sequence within the lattice beam, as a compact lattice; with
--determinize false all paths, state by state), best_path.txt (utterance-id and words), ctm and decode.log. Where
words.txt is of pieces (blasr subwords), lattices are too, and the others of words put together from them.

With --data and --experiment the log-likelihoods are those of blasr dump, but never written to a file.

examples:
  blasr decode --graph exp/tri/graph --model exp/tri/final.mdl --lang data/lang \\
      --loglikes scp:exp/bl_resnet22_a2b3/test/loglikes.scp --nj 4 --out exp/bl_resnet22_a2b3/decode_test
  blasr decode --graph exp/tri/graph --lang data/lang --data data/test --experiment exp/bl_resnet22_a2b3 \\
      --out exp/bl_resnet22_a2b3/decode_test
"""
logger = logging.getLogger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr decode``."""
    defaults = DecoderConfig()
    parser.epilog = EPILOG
    parser.add_argument("--graph", type=Path, required=True, help="HCLG.fst, or the folder that has it")
    parser.add_argument(
        "--model", type=Path, help="final.mdl, whose transition-ids the graph has (with --experiment: its own)"
    )
    parser.add_argument("--words", type=Path, help="words.txt (default: the one in --lang or beside the graph)")
    parser.add_argument("--lang", type=Path, help="lang folder; its align_lexicon.int gives the words' times")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--loglikes", metavar="ark:FILE|scp:FILE|FILE", help="rows are frames")
    source.add_argument("--data", type=Path, help="a Kaldi data directory, with --experiment")
    configure_source(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="a folder, made where absent")
    parser.add_argument("--beam", type=float, default=defaults.beam, help="default: %(default)s")
    parser.add_argument("--lattice-beam", type=float, default=defaults.lattice_beam, help="default: %(default)s")
    parser.add_argument("--acoustic-scale", type=float, default=defaults.acoustic_scale, help="default: %(default)s")
    parser.add_argument("--max-active", type=int, default=defaults.max_active, help="default: %(default)s")
    parser.add_argument("--min-active", type=int, default=defaults.min_active, help="default: %(default)s")
    parser.add_argument(
        "--determinize", choices=("true", "false"), default="true", help="lat.ark's lattices (default: %(default)s)"
    )
    parser.add_argument(
        "--confidences",
        choices=("true", "false"),
        default="false",
        help="how probable each word is, in the ctm (default: %(default)s)",
    )
    parser.add_argument(
        "--frame-shift", type=float, help="seconds from row to row (default: 0.01, or that of the experiment)"
    )
    parser.add_argument("--nj", type=int, default=1, help="threads (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="compare the inputs and stop, before another decoder runs")
    parser.add_argument("--max-loss", type=float, default=0.05, help="share of utterances that may be without a result")
    configure_biglm(parser)


def run(args: argparse.Namespace) -> None:
    """Decode every utterance of the table or the data directory."""
    if args.nj < 1:
        raise ConfigError(f"--nj is {args.nj}, expected 1 or more")
    if args.frame_shift is not None and not args.frame_shift > 0:
        raise ConfigError(f"--frame-shift is {args.frame_shift}, expected seconds above 0")
    config = DecoderConfig(
        beam=args.beam,
        lattice_beam=args.lattice_beam,
        acoustic_scale=args.acoustic_scale,
        max_active=args.max_active,
        min_active=args.min_active,
    )
    source = open_source(args)
    graph_path = args.graph / "HCLG.fst" if args.graph.is_dir() else args.graph
    words_path = args.words or _words_path(graph_path, args.lang)
    words, joiner = SymbolTable.read(words_path), WordJoiner.beside(words_path)
    lexicon, times_from = _lexicon(args.lang)
    transition_model = read_transition_model(source.model)
    graph = read_fst(graph_path)
    check_decode(graph, graph_path, Decoder(source.model, transition_model), words)
    tally = Tally("decode", args.max_loss)
    loglikes = source.loglikes(transition_model, graph, graph_path, tally)
    difference = open_biglm(args, graph, words)
    if args.check:
        logger.info("%s, %s and %s belong together", source.name, source.model, graph_path)
        return
    decoder = LatticeDecoder(graph, transition_model.tid_to_pdf, config, difference)
    started = time.monotonic()
    determinize_lattice(decoder.decode(np.zeros((1, decoder.num_pdfs), np.float32)))
    if (seconds := time.monotonic() - started) > 1:
        logger.info(f"compiled the search in {seconds:.1f} s, this once")
    determinization = DeterminizationConfig(config.lattice_beam, config.acoustic_scale)
    determinize = None
    if "true" in (args.determinize, args.confidences):
        determinize = partial(determinize_lattice, config=determinization, transition_model=transition_model)
    started = time.monotonic()
    with ExitStack() as stack:

        def create(name: str) -> TextIO:
            return stack.enter_context(atomic_open(args.out / name, "w"))

        files = DecodeFiles(
            lattices=stack.enter_context(TableWriter(args.out / "lat.ark", ANY_LATTICE)),
            best_paths=create("best_path.txt"),
            ctm=create("ctm"),
            log=create("decode.log"),
        )
        formatter = PathFormatter(
            words=words,
            joiner=joiner,
            frame_shift=source.frame_shift,
            transition_model=transition_model,
            lexicon=lexicon,
        )
        output = DecodeOutput(
            files=files,
            formatter=formatter,
            determinization=determinization,
            determinized=args.determinize == "true",
            confidences=args.confidences == "true",
        )
        exchanged = f", language model {args.new_lm} in the place of {args.old_lm}" if difference is not None else ""
        files.log.write(f"{config}, graph {graph_path}, model {source.model}, {source.told}{exchanged}\n")
        for decoded in track(decode_table(decoder, loglikes, args.nj, determinize), "decoding"):
            if decoded.lattice is None:
                tally.drop(decoded.utterance, decoded.reason)
            else:
                tally.keep()
            output.write(decoded)
        tally.check()
        lines = output.summary(tally, time.monotonic() - started, args.nj, times_from)
        files.log.writelines(f"{line}\n" for line in lines)
    for line in lines:
        logger.info(line)


def _words_path(graph_path: Path, lang: Path | None) -> Path:
    places = [folder / "words.txt" for folder in (lang, graph_path.parent) if folder is not None]
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(
        f"there is no {' and no '.join(map(str, places))} to spell the words with", fix="name it with --words"
    )


def _lexicon(lang: Path | None) -> tuple[AlignLexicon | None, str]:
    """The lexicon that words are timed with, and what to tell about it."""
    if lang is None:
        return None, "from the arcs with the words' labels (rough: give --lang for the times of their phones)"
    path = lang / "phones" / "align_lexicon.int"
    if not path.is_file():
        return None, f"from the arcs with the words' labels (rough: there is no {path})"
    return AlignLexicon.read(path), f"from the words' phones, by {path}"
