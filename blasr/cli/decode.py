"""``blasr decode``: log-likelihoods and a graph to lattices, best paths and word times."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from blasr.cli.decode_biglm import configure_biglm, open_biglm
from blasr.decoding.compact_lattice import CompactLattice
from blasr.decoding.decode_table import check_columns, decode_table
from blasr.decoding.determinization import DeterminizationConfig, determinize_lattice
from blasr.decoding.lattice import BestPath, Lattice
from blasr.decoding.lattice_decoder import DecoderConfig, LatticeDecoder
from blasr.decoding.lattice_table import ANY_LATTICE, AnyLattice
from blasr.decoding.minimum_bayes_risk import minimum_bayes_risk
from blasr.decoding.word_arcs import Scales
from blasr.decoding.word_times import AlignLexicon, word_times, word_times_from_arcs
from blasr.errors import ConfigError
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.inference.manifest import check_loglikes
from blasr.io.atomic import atomic_open
from blasr.io.ctm import CtmWord
from blasr.io.fst import read_fst
from blasr.io.symbols import SymbolTable
from blasr.io.table_writer import TableWriter
from blasr.io.tables import read_matrices
from blasr.io.word_pieces import WordJoiner
from blasr.progress import track
from blasr.recipe.preflight import Decoder, check_decode
from blasr.tally import Tally

EPILOG = """\
OUT receives lat.ark (the best path of every word sequence within the lattice beam, as a compact lattice; with
--determinize false all paths, state by state), best_path.txt (utterance-id and words), ctm and decode.log. Where
words.txt is of pieces (blasr subwords), lattices are too, and the others of words put together from them.

example:
  blasr decode --graph exp/tri/graph --model exp/tri/final.mdl --lang data/lang \\
      --loglikes scp:exp/bl_resnet22_a2b3/test/loglikes.scp --nj 4 --out exp/bl_resnet22_a2b3/decode_test
"""
logger = logging.getLogger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr decode``."""
    defaults = DecoderConfig()
    parser.epilog = EPILOG
    parser.add_argument("--graph", type=Path, required=True, help="HCLG.fst, or the folder that has it")
    parser.add_argument("--model", type=Path, required=True, help="final.mdl, whose transition-ids the graph has")
    parser.add_argument("--words", type=Path, help="words.txt (default: the one in --lang or beside the graph)")
    parser.add_argument("--lang", type=Path, help="lang folder; its align_lexicon.int gives the words' times")
    parser.add_argument("--loglikes", required=True, metavar="ark:FILE|scp:FILE|FILE", help="rows are frames")
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
        "--frame-shift", type=float, default=0.01, help="seconds from row to row (default: %(default)s)"
    )
    parser.add_argument("--nj", type=int, default=1, help="threads (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="compare the inputs and stop, before another decoder runs")
    parser.add_argument("--max-loss", type=float, default=0.05, help="share of utterances that may be without a result")
    configure_biglm(parser)


@dataclass
class _Output:
    """Writes what was decoded, and counts."""

    words: SymbolTable
    joiner: WordJoiner
    transition_model: TransitionModel
    lexicon: AlignLexicon | None
    determinization: DeterminizationConfig
    frame_shift: float
    determinize: bool
    confidences: bool
    lattices: TableWriter[AnyLattice]
    best_paths: TextIO
    ctm: TextIO
    log: TextIO
    frames: int = 0
    cost: float = 0.0
    partial: list[str] = field(default_factory=list)
    timed_by_arcs: list[str] = field(default_factory=list)
    narrowed: list[str] = field(default_factory=list)

    def write(self, utterance: str, lattice: Lattice) -> None:
        """Append one utterance to all outputs."""
        scale = self.determinization.acoustic_scale
        path = lattice.best_path(acoustic_scale=scale)
        words = [self.words.symbol_of(word) for word in path.words.tolist()]
        cost = path.graph_cost + scale * path.acoustic_cost
        compact = None
        if self.determinize or self.confidences:
            compact, beam = determinize_lattice(lattice, self.determinization, self.transition_model)
            if beam < self.determinization.beam:
                self.narrowed.append(utterance)
        self.lattices.write(utterance, lattice if compact is None or not self.determinize else compact)
        self.best_paths.write(" ".join([utterance, *self.joiner.join(words)]) + "\n")
        rows = list(self._ctm_words(utterance, path, not lattice.reached_final))
        if self.confidences and compact is not None:
            rows = self._with_confidences(rows, path, compact)
        self.ctm.writelines(f"{row}\n" for row in self.joiner.join_ctm(rows))
        self.log.write(
            f"Log-like per frame for utterance {utterance} is {-cost / lattice.num_frames:.6g} over "
            f"{lattice.num_frames} frames.{'' if lattice.reached_final else ' Partial: no final state was reached.'}\n"
        )
        self.frames += lattice.num_frames
        self.cost += cost
        if not lattice.reached_final:
            self.partial.append(utterance)

    def _with_confidences(self, rows: list[CtmWord], path: BestPath, lattice: CompactLattice) -> list[CtmWord]:
        """The words of a best path with their posteriors; those that the lexicon spells otherwise stay without."""
        scales = Scales(acoustic_scale=self.determinization.acoustic_scale)
        found = minimum_bayes_risk(lattice, scales, words=path.words.tolist()).words
        if len(found) != len(rows):
            return rows
        return [replace(row, confidence=word.confidence) for row, word in zip(rows, found, strict=True)]

    def _ctm_words(self, utterance: str, path: BestPath, partial: bool) -> Iterator[CtmWord]:
        times = None
        if self.lexicon is not None:
            times = word_times(path, self.transition_model, self.lexicon, partial=partial)
        if times is None:
            times = word_times_from_arcs(path)
            self.timed_by_arcs.append(utterance)
        for time_ in times:
            start, duration = time_.start_frame * self.frame_shift, time_.num_frames * self.frame_shift
            yield CtmWord(utterance, "1", start, duration, self.words.symbol_of(time_.word))


def run(args: argparse.Namespace) -> None:
    """Decode every utterance of the table."""
    if args.nj < 1:
        raise ConfigError(f"--nj is {args.nj}, expected 1 or more")
    if not args.frame_shift > 0:
        raise ConfigError(f"--frame-shift is {args.frame_shift}, expected seconds above 0")
    config = DecoderConfig(
        beam=args.beam,
        lattice_beam=args.lattice_beam,
        acoustic_scale=args.acoustic_scale,
        max_active=args.max_active,
        min_active=args.min_active,
    )
    graph_path = args.graph / "HCLG.fst" if args.graph.is_dir() else args.graph
    words_path = args.words or _words_path(graph_path, args.lang)
    words, joiner = SymbolTable.read(words_path), WordJoiner.beside(words_path)
    lexicon, times_from = _lexicon(args.lang)
    transition_model = read_transition_model(args.model)
    graph = read_fst(graph_path)
    check_decode(graph, graph_path, Decoder(args.model, transition_model), words)
    manifest = check_loglikes(args.loglikes, args.model.parent / "tree")
    loglikes = check_columns(
        read_matrices(args.loglikes), args.loglikes, transition_model, args.model, graph, graph_path
    )
    difference = open_biglm(args, graph, words)
    if args.check:
        logger.info("%s, %s and %s belong together", args.loglikes, args.model, graph_path)
        return
    if manifest is not None:
        loglikes = manifest.all_read(loglikes)
    decoder = LatticeDecoder(graph, transition_model.tid_to_pdf, config, difference)
    started = time.monotonic()
    determinize_lattice(decoder.decode(np.zeros((1, decoder.num_pdfs), np.float32)))
    if (seconds := time.monotonic() - started) > 1:
        logger.info(f"compiled the search in {seconds:.1f} s, this once")
    tally = Tally("decode", args.max_loss)
    started = time.monotonic()
    with ExitStack() as stack:

        def create(name: str) -> TextIO:
            return stack.enter_context(atomic_open(args.out / name, "w"))

        output = _Output(
            words,
            joiner,
            transition_model,
            lexicon,
            DeterminizationConfig(config.lattice_beam, config.acoustic_scale),
            args.frame_shift,
            args.determinize == "true",
            args.confidences == "true",
            lattices=stack.enter_context(TableWriter(args.out / "lat.ark", ANY_LATTICE)),
            best_paths=create("best_path.txt"),
            ctm=create("ctm"),
            log=create("decode.log"),
        )
        output.log.write(f"{config}, graph {graph_path}, model {args.model}, log-likelihoods {args.loglikes}\n")
        for decoded in track(decode_table(decoder, loglikes, args.nj), "decoding"):
            if decoded.lattice is None:
                tally.drop(decoded.utterance, decoded.reason)
            else:
                tally.keep()
                output.write(decoded.utterance, decoded.lattice)
        tally.check()
        lines = _summary(output, tally, time.monotonic() - started, args.nj, times_from)
        output.log.writelines(f"{line}\n" for line in lines)
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


def _summary(output: _Output, tally: Tally, seconds: float, threads: int, times_from: str) -> list[str]:
    lines = [f"{tally.summary()}, {len(output.partial)} partial"]
    if output.partial:
        lines[0] += f" (no final state was reached, first {output.partial[0]})"
    if output.narrowed:
        lines.append(
            f"{len(output.narrowed)} lattices are of a narrower beam, since their determinisation took "
            f"{output.determinization.max_memory / 1e6:g} MB, first {output.narrowed[0]}"
        )
    lines.append(f"word times: {times_from}")
    if output.lexicon is not None and output.timed_by_arcs:
        lines.append(
            f"word times: of {len(output.timed_by_arcs)} utterances from the arcs, since the lexicon does not explain "
            f"their phones, first {output.timed_by_arcs[0]}"
        )
    audio = output.frames * output.frame_shift
    lines.append(f"Overall log-likelihood per frame is {-output.cost / output.frames:.6g} over {output.frames} frames.")
    lines.append(
        f"{seconds:.1f} s for {audio:.1f} s of audio with {threads} thread(s): {output.frames / seconds:.0f} frames/s, "
        f"real-time factor {seconds / audio:.4f}"
    )
    return lines
