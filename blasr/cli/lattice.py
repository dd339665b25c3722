"""``blasr lattice``: best paths, N-best lists, confidences, oracle error rates, pictures; determinize and rescore."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.options import add_option, add_yes_no, number, positive_integer, positive_number
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.errors import ConfigError, DataError
from blasr.lattices.config import MAX_PICTURED_STATES, DeterminizationConfig, PathWeights
from blasr.tally import Tally

if TYPE_CHECKING:
    from blasr.lattices import CompactLattice, PathFormatter

logger = logging.getLogger(__name__)

EXAMPLES = {
    "determinize": "blasr lattice determinize --lattices exp/decode --beam 6 --model exp/tri1/final.mdl --out det.ark",
    "1best": "blasr lattice 1best --lattices exp/decode --words data/lang/words.txt --lm-weight 12 --out hyp.txt",
    "nbest": "blasr lattice nbest --lattices exp/decode --words data/lang/words.txt --n 10 --out nbest.txt",
    "rescore": "blasr lattice rescore --lattices exp/decode --words data/lang/words.txt \\\n"
    "      --old-lm lm.arpa.gz --new-lm 4gram.arpa.gz --out lat.4g.ark",
    "mbr": "blasr lattice mbr --lattices exp/decode --words data/lang/words.txt \\\n"
    "      --lang data/lang --model exp/tri1/final.mdl --out hyp.ctm",
    "plot": "blasr lattice plot --lattices exp/decode --words data/lang/words.txt --utterance fash-cen1 --prune 4 \\\n"
    "      --out lattice.svg",
    "oracle": "blasr lattice oracle --lattices exp/decode --words data/lang/words.txt --ref data/test/text",
}
EPILOG = (
    examples(*EXAMPLES.values())
    + "\n\nLattices may be compact or state-level, such as those of blasr decode or Kaldi: --lattices lat.1.gz."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr lattice``."""
    parser.epilog = EPILOG
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def _add_lattices(parser: argparse.ArgumentParser, *, out: str | None, words: bool = True) -> None:
    defaults = DeterminizationConfig()
    add_option(parser, "--lattices", required=True)
    if words:
        add_option(parser, "--words", required=True)
    if out is not None:
        add_option(parser, "--out", required=True, note=out)
    add_option(parser, "--model", note="to determinize by phones first, and to time words")
    add_option(parser, "--beam", default=defaults.beam, note="for determinization")
    add_option(parser, "--acoustic-scale", default=defaults.acoustic_scale, note="for determinization")
    add_option(parser, "--max-loss")


def _add_weights(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--lm-weight")
    add_option(parser, "--word-ins-penalty")


def _read_lattices(
    path: Path, config: DeterminizationConfig, model: Path | None, tally: Tally, *, again: bool = False
) -> Iterator[tuple[str, CompactLattice]]:
    """Yield the lattices, determinized if they are state-level or ``again`` is set; print the tally at the end."""
    from blasr.hmm import read_transition_model
    from blasr.lattices import CompactLattice, describe_narrowed, determinize_lattice, lattice_files, read_any_lattices
    from blasr.progress import track

    transitions = None if model is None else read_transition_model(model)
    narrowed: dict[str, float] = {}
    for file in lattice_files(path):
        for utterance, lattice in track(read_any_lattices(str(file)), "lattices"):
            if isinstance(lattice, CompactLattice) and not again:
                compact = lattice
            else:
                compact, beam = determinize_lattice(lattice, config, transitions)
                if beam < config.beam:
                    narrowed[utterance] = beam
            if compact.num_states:
                tally.keep()
                yield utterance, compact
            else:
                tally.drop(utterance, "without a path")
    if (warning := describe_narrowed(narrowed, config)) is not None:
        logger.warning("%s", warning)
    print(tally.summary())
    tally.check()


def _formatter(words: Path) -> PathFormatter:
    from blasr.io import SymbolTable
    from blasr.lattices import PathFormatter
    from blasr.lexicon import WordJoiner

    return PathFormatter(words=SymbolTable.read(words), joiner=WordJoiner.beside(words))


def _configure_determinize(parser: argparse.ArgumentParser) -> None:
    _add_lattices(parser, out="an archive of compact lattices", words=False)


def _determinize(args: argparse.Namespace) -> None:
    from blasr.lattices import compact_lattice_writer

    config = DeterminizationConfig(args.beam, args.acoustic_scale)
    tally = Tally("lattice determinize", args.max_loss)
    with compact_lattice_writer(f"ark:{args.out}") as writer:
        for utterance, lattice in _read_lattices(args.lattices, config, args.model, tally, again=True):
            writer.write(utterance, lattice)


def _configure_one_best(parser: argparse.ArgumentParser) -> None:
    _add_lattices(parser, out="a text (utterance-id and words)")
    _add_weights(parser)


def _one_best(args: argparse.Namespace) -> None:
    from blasr.io import atomic_open
    from blasr.lattices import n_best

    weights = PathWeights(args.lm_weight, args.word_ins_penalty)
    config = DeterminizationConfig(args.beam, args.acoustic_scale)
    formatter, tally = _formatter(args.words), Tally("lattice 1best", args.max_loss)
    with atomic_open(args.out, "w") as file:
        for utterance, lattice in _read_lattices(args.lattices, config, args.model, tally):
            (path,) = n_best(lattice, 1, weights.scales, utterance=utterance)
            file.write(" ".join([utterance, *formatter.text(path.words.tolist())]) + "\n")


def _configure_nbest(parser: argparse.ArgumentParser) -> None:
    _add_lattices(parser, out="a text (UTTERANCE-RANK and words)")
    _add_weights(parser)
    parser.add_argument("--n", type=positive_integer, default=10, metavar="N", help="length of the lists")
    parser.add_argument("--costs", type=Path, metavar="FILE", help="also write the graph and acoustic costs")


def _nbest(args: argparse.Namespace) -> None:
    from blasr.io import atomic_open
    from blasr.lattices import distinct_sentences, n_best

    weights = PathWeights(args.lm_weight, args.word_ins_penalty)
    config = DeterminizationConfig(args.beam, args.acoustic_scale)
    formatter, tally = _formatter(args.words), Tally("lattice nbest", args.max_loss)
    costs = []
    with atomic_open(args.out, "w") as file:
        for utterance, lattice in _read_lattices(args.lattices, config, args.model, tally):
            paths = n_best(lattice, args.n, weights.scales, utterance=utterance)
            for rank, (sentence, path) in enumerate(distinct_sentences(paths, formatter.text), start=1):
                file.write(" ".join([f"{utterance}-{rank}", *sentence]) + "\n")
                costs.append(f"{utterance}-{rank} {path.graph_cost:.6g} {path.acoustic_cost:.8g}\n")
    if args.costs is not None:
        with atomic_open(args.costs, "w") as file:
            file.writelines(costs)


def _configure_rescore(parser: argparse.ArgumentParser) -> None:
    _add_lattices(parser, out="an archive of compact lattices")
    add_option(parser, "--old-lm", required=True)
    add_option(parser, "--new-lm", required=True)
    parser.add_argument("--scale", type=number, default=1.0, metavar="X", help="share of the costs to replace")


def _rescore(args: argparse.Namespace) -> None:
    from blasr.graph import read_language_model
    from blasr.io import SymbolTable
    from blasr.lattices import GrammarCosts, compact_lattice_writer, rescore

    config, tally = DeterminizationConfig(args.beam, args.acoustic_scale), Tally("lattice rescore", args.max_loss)
    words = SymbolTable.read(args.words)
    old, new = (GrammarCosts(*read_language_model(path, words)) for path in (args.old_lm, args.new_lm))
    with compact_lattice_writer(f"ark:{args.out}") as writer:
        for utterance, lattice in _read_lattices(args.lattices, config, args.model, tally):
            writer.write(utterance, rescore(lattice, old, new, args.scale, utterance=utterance))


def _configure_mbr(parser: argparse.ArgumentParser) -> None:
    _add_lattices(parser, out="a CTM file with confidences")
    _add_weights(parser)
    add_option(parser, "--lang", note="its align_lexicon.int gives the words' times; needs --model")
    add_option(parser, "--frame-shift")
    add_yes_no(parser, "--best-path", "keep the words of the best path and compute only their confidences")


def _mbr(args: argparse.Namespace) -> None:
    if args.lang is not None and args.model is None:
        raise ConfigError("--lang times words by the phones of transition-ids", fix="also give --model final.mdl")

    from blasr.hmm import read_transition_model
    from blasr.io import SymbolTable
    from blasr.io.nist import write_ctm
    from blasr.lattices import AlignLexicon, PathFormatter, mbr_ctm
    from blasr.lexicon import WordJoiner

    weights = PathWeights(args.lm_weight, args.word_ins_penalty)
    config, tally = DeterminizationConfig(args.beam, args.acoustic_scale), Tally("lattice mbr", args.max_loss)
    formatter = PathFormatter(
        words=SymbolTable.read(args.words),
        joiner=WordJoiner.beside(args.words),
        frame_shift=args.frame_shift,
        transition_model=None if args.model is None else read_transition_model(args.model),
        lexicon=None if args.lang is None else AlignLexicon.read(args.lang / "phones" / "align_lexicon.int"),
    )
    rows, expected_errors = [], 0.0
    for utterance, lattice in _read_lattices(args.lattices, config, args.model, tally):
        found, risk = mbr_ctm(utterance, lattice, formatter, weights.scales, best_path=args.best_path)
        rows += found
        expected_errors += risk
    joined = formatter.joiner.join_ctm(rows)
    write_ctm(args.out, joined)
    print(f"{len(joined)} words, {expected_errors:.1f} errors expected")


def _configure_oracle(parser: argparse.ArgumentParser) -> None:
    _add_lattices(parser, out=None)
    add_option(parser, "--ref", required=True, note="utterance-id and words")


def _oracle(args: argparse.Namespace) -> None:
    from blasr.io import SymbolTable
    from blasr.lattices import oracle
    from blasr.lexicon import WordJoiner
    from blasr.scoring import ErrorCounts, read_transcripts, wer_line

    if WordJoiner.beside(args.words).whole is not None:
        raise ConfigError(
            f"{args.words} contains pieces of words, which the references do not have",
            fix="split the references too (blasr subwords apply), and name a copy of words.txt in a separate directory",
        )
    config, tally = DeterminizationConfig(args.beam, args.acoustic_scale), Tally("lattice oracle", args.max_loss)
    words, references = SymbolTable.read(args.words), read_transcripts(args.ref)
    total = ErrorCounts()
    for utterance, lattice in _read_lattices(args.lattices, config, args.model, tally):
        if utterance not in references:
            raise DataError("has no reference", path=args.ref, utterance=utterance)
        reference = [words.id_of(word) if word in words else -1 for word in references[utterance]]
        total += oracle(lattice, reference, utterance=utterance).counts
    print(f"oracle: {wer_line(total)}")


def _configure_plot(parser: argparse.ArgumentParser) -> None:
    _add_lattices(parser, out="an SVG file")
    _add_weights(parser)
    add_option(parser, "--frame-shift")
    parser.add_argument("--utterance", metavar="ID", required=True, help="the utterance to draw")
    parser.add_argument(
        "--prune",
        type=positive_number,
        metavar="X",
        help="leave out what costs more than the best path by more than this",
    )
    most = "largest number of states to draw"
    default = MAX_PICTURED_STATES
    parser.add_argument("--max-states", type=positive_integer, default=default, metavar="N", help=most)


def _plot(args: argparse.Namespace) -> None:
    if args.out.suffix.lower() != ".svg":
        raise ConfigError(f"found --out {args.out}, expected a name that ends in .svg")

    from blasr.hmm import read_transition_model
    from blasr.io import SymbolTable, atomic_open
    from blasr.lattices import CompactLattice, determinize_lattice, find_lattice, lattice_svg, picture_of

    words = SymbolTable.read(args.words)
    lattice = find_lattice(args.lattices, args.utterance)
    if not isinstance(lattice, CompactLattice):
        transitions = None if args.model is None else read_transition_model(args.model)
        config = DeterminizationConfig(args.beam, args.acoustic_scale)
        lattice, _ = determinize_lattice(lattice, config, transitions)
    picture = picture_of(
        args.utterance,
        lattice,
        words.symbol_of,
        PathWeights(args.lm_weight, args.word_ins_penalty).scales,
        frame_shift=args.frame_shift,
        prune=args.prune,
        max_states=args.max_states,
    )
    with atomic_open(args.out, "w") as file:
        file.write(lattice_svg(picture))
    print(f"{args.out}: {len(picture.seconds)} states, {len(picture.arcs)} arcs, best path: {picture.best_words}")


COMMANDS = {
    name: Command(summary, (EXAMPLES[name],), configure_command, run_one)
    for name, summary, configure_command, run_one in (
        (
            "determinize",
            "the best path of every word sequence within the beam, as compact lattices",
            _configure_determinize,
            _determinize,
        ),
        ("1best", "the words of the best paths", _configure_one_best, _one_best),
        (
            "nbest",
            "the words of the best paths, each word sequence once, as UTTERANCE-1, UTTERANCE-2, ...",
            _configure_nbest,
            _nbest,
        ),
        ("rescore", "replace the costs of one language model with those of another", _configure_rescore, _rescore),
        (
            "mbr",
            "the words with the lowest expected number of errors, their times and confidences",
            _configure_mbr,
            _mbr,
        ),
        ("oracle", "the lowest word error rate of any path", _configure_oracle, _oracle),
        ("plot", "a picture of the lattice of one utterance, as SVG", _configure_plot, _plot),
    )
}
