"""``blasr lattice``: determinise and rescore lattices, take best paths, N-best lists and confidences from them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from blasr.errors import ConfigError, DataError
from blasr.graph.grammar import read_language_model
from blasr.hmm.transition_model import read_transition_model
from blasr.io.atomic import atomic_open
from blasr.io.nist.ctm import CtmWord, write_ctm
from blasr.io.symbols import SymbolTable
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.compact_lattice_io import compact_lattice_writer
from blasr.lattices.config import CostScales, DeterminizationConfig
from blasr.lattices.determinization import as_compact, determinize_lattice
from blasr.lattices.lattice import BestPath
from blasr.lattices.lattice_table import read_any_lattices
from blasr.lattices.mbr_ctm import mbr_ctm
from blasr.lattices.nbest import distinct_sentences, n_best
from blasr.lattices.oracle import oracle
from blasr.lattices.rescoring import GrammarCosts, rescore
from blasr.lattices.timed_words import PathFormatter
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.word_pieces import WordJoiner
from blasr.progress import track
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.transcripts import read_transcripts
from blasr.tally import Tally

EPILOG = """\
examples:
  blasr lattice determinize exp/decode/lat.ark exp/decode/lat.det.ark --beam 6 --model exp/tri1/final.mdl
  blasr lattice nbest exp/decode/lat.ark nbest.txt --n 10 --words data/lang/words.txt --lm-weight 12
  blasr lattice rescore exp/decode/lat.ark lat.4g.ark --old lang/G.fst --new 4gram.arpa.gz --words lang/words.txt
  blasr lattice mbr exp/decode/lat.ark hyp.ctm --words data/lang/words.txt --lang data/lang --model exp/tri1/final.mdl
  blasr lattice oracle exp/decode/lat.ark --text data/test/text --words data/lang/words.txt

IN is an archive of lattices of either kind, as ark:lat.1.gz too, or a folder with lat.ark. OUT of nbest and 1best is a
text (utterance-id and words), that of mbr a CTM with confidences.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr lattice``."""
    parser.epilog = EPILOG
    subparsers = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, action: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        subparser.add_argument("lattices", metavar="IN", help="lattices of either kind")
        if name != "oracle":
            subparser.add_argument("out", metavar="OUT", type=Path)
        subparser.add_argument("--max-loss", type=float, default=0.05, help="share that may be without a result")
        subparser.add_argument("--beam", type=float, default=6.0, help="of determinisation (default: %(default)s)")
        subparser.add_argument(
            "--acoustic-scale", type=float, default=0.1, help="of determinisation (default: %(default)s)"
        )
        subparser.add_argument("--model", type=Path, help="final.mdl, to determinise by phones first, and for times")
        subparser.set_defaults(action_run=action)
        return subparser

    add("determinize", _determinize, "the best path of every word sequence within the beam, as compact lattices")
    best = add("1best", _one_best, "the words of the best paths")
    nbest = add("nbest", _nbest, "the words of the best paths, each word sequence once, as UTTERANCE-1 and so on")
    nbest.add_argument("--n", type=int, default=10, help="how many (default: %(default)s)")
    nbest.add_argument("--costs", type=Path, metavar="FILE", help="write their graph and acoustic costs there")
    new = add("rescore", _rescore, "replace the costs of one language model by those of another")
    new.add_argument("--old", type=Path, required=True, metavar="G.fst|ARPA", help="the one that they were made with")
    new.add_argument("--new", type=Path, required=True, metavar="G.fst|ARPA", help="the other one")
    new.add_argument("--scale", type=float, default=1.0, help="share to replace (default: %(default)s)")
    mbr = add("mbr", _mbr, "the words with the lowest expected number of errors, their times and confidences")
    mbr.add_argument("--best-path", action="store_true", help="confidences of the best path's words instead")
    mbr.add_argument("--lang", type=Path, help="lang folder; its align_lexicon.int gives the words' times")
    mbr.add_argument("--frame-shift", type=float, default=0.01, help="seconds (default: %(default)s)")
    nearest = add("oracle", _oracle, "the lowest word error rate of any path")
    nearest.add_argument("--text", type=Path, required=True, metavar="REF", help="references: utterance-id and words")
    for subparser in (best, nbest, mbr):
        subparser.add_argument("--lm-weight", type=float, default=10.0, help="(default: %(default)s)")
        subparser.add_argument("--penalty", type=float, default=0.0, help="for each word (default: %(default)s)")
    for subparser in (best, nbest, new, mbr, nearest):
        subparser.add_argument("--words", type=Path, required=True, help="words.txt")


def run(args: argparse.Namespace) -> None:
    """Run the chosen action."""
    args.action_run(args)


def _lattices(args: argparse.Namespace, tally: Tally) -> Iterator[tuple[str, CompactLattice]]:
    """The lattices, determinised where they are state by state; those without a path are told in the tally."""
    config = DeterminizationConfig(args.beam, args.acoustic_scale)
    model = read_transition_model(args.model) if args.model is not None else None
    folder = Path(args.lattices)
    name = folder / "lat.ark" if folder.is_dir() else args.lattices
    for utterance, lattice in track(read_any_lattices(name), "lattices"):
        if args.action == "determinize":
            compact = determinize_lattice(lattice, config, model).lattice
        else:
            compact = as_compact(lattice, config, model)
        if compact.num_states:
            tally.keep()
            yield utterance, compact
        else:
            tally.drop(utterance, "without a path")
    print(tally.summary())
    tally.check()


def _scales(args: argparse.Namespace) -> CostScales:
    if not args.lm_weight > 0:
        raise ConfigError(f"--lm-weight is {args.lm_weight}, expected a number above 0")
    return CostScales(acoustic_scale=1 / args.lm_weight, word_insertion_penalty=args.penalty)


def _determinize(args: argparse.Namespace) -> None:
    with compact_lattice_writer(f"ark:{args.out}") as writer:
        for utterance, lattice in _lattices(args, Tally("lattice determinize", args.max_loss)):
            writer.write(utterance, lattice)


def _one_best(args: argparse.Namespace) -> None:
    words, joiner, scales = SymbolTable.read(args.words), WordJoiner.beside(args.words), _scales(args)
    with atomic_open(args.out, "w") as file:
        for utterance, lattice in _lattices(args, Tally("lattice 1best", args.max_loss)):
            (path,) = n_best(lattice, 1, scales, utterance=utterance)
            file.write(" ".join([utterance, *joiner.join(_spell(words, path))]) + "\n")


def _nbest(args: argparse.Namespace) -> None:
    if args.n < 1:
        raise ConfigError(f"--n is {args.n}, expected 1 or more")
    scales = _scales(args)
    formatter = PathFormatter(words=SymbolTable.read(args.words), joiner=WordJoiner.beside(args.words))
    rows = []
    with atomic_open(args.out, "w") as file:
        for utterance, lattice in _lattices(args, Tally("lattice nbest", args.max_loss)):
            paths = n_best(lattice, args.n, scales, utterance=utterance)
            for rank, (sentence, path) in enumerate(distinct_sentences(paths, formatter.text), start=1):
                file.write(" ".join([f"{utterance}-{rank}", *sentence]) + "\n")
                rows.append(f"{utterance}-{rank} {path.graph_cost:.6g} {path.acoustic_cost:.8g}\n")
    if args.costs is not None:
        with atomic_open(args.costs, "w") as file:
            file.writelines(rows)


def _rescore(args: argparse.Namespace) -> None:
    words = SymbolTable.read(args.words)
    old, new = (GrammarCosts(*read_language_model(path, words)) for path in (args.old, args.new))
    with compact_lattice_writer(f"ark:{args.out}") as writer:
        for utterance, lattice in _lattices(args, Tally("lattice rescore", args.max_loss)):
            writer.write(utterance, rescore(lattice, old, new, args.scale, utterance=utterance))


def _mbr(args: argparse.Namespace) -> None:
    scales = _scales(args)
    lexicon = AlignLexicon.read(args.lang / "phones" / "align_lexicon.int") if args.lang is not None else None
    formatter = PathFormatter(
        words=SymbolTable.read(args.words),
        joiner=WordJoiner.beside(args.words),
        frame_shift=args.frame_shift,
        transition_model=read_transition_model(args.model) if args.model is not None else None,
        lexicon=lexicon,
    )
    rows: list[CtmWord] = []
    risk = 0.0
    for utterance, lattice in _lattices(args, Tally("lattice mbr", args.max_loss)):
        found, errors = mbr_ctm(utterance, lattice, formatter, scales, best_path=args.best_path)
        rows += found
        risk += errors
    joined = formatter.joiner.join_ctm(rows)
    write_ctm(args.out, joined)
    print(f"{len(joined)} words, {risk:.1f} errors expected")


def _oracle(args: argparse.Namespace) -> None:
    if WordJoiner.beside(args.words).whole is not None:
        raise ConfigError(
            f"{args.words} is of pieces of words, which references do not have",
            fix="split the references too (blasr subwords apply), and name a copy of words.txt in a folder of its own",
        )
    words = SymbolTable.read(args.words)
    references = read_transcripts(args.text)
    total = ErrorCounts()
    for utterance, lattice in _lattices(args, Tally("lattice oracle", args.max_loss)):
        if utterance not in references:
            raise DataError("has no reference", path=args.text, utterance=utterance)
        reference = [words.id_of(word) if word in words else -1 for word in references[utterance]]
        total += oracle(lattice, reference, utterance=utterance).counts
    print(
        f"oracle: %WER {total.wer:.2f} [ {total.errors} / {total.reference_words}, {total.insertions} ins, "
        f"{total.deletions} del, {total.substitutions} sub ]"
    )


def _spell(words: SymbolTable, path: BestPath) -> list[str]:
    return [words.symbol_of(word) for word in path.words.tolist()]
