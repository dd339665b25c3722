"""``blasr explain``: where the errors of a set are, and what they come from."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blasr.cli.score.report import count_report, table, write_json
from blasr.cli.score.stm import read_reference
from blasr.errors import ConfigError, DataError
from blasr.io.atomic import atomic_open
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice_table import read_state_lattices
from blasr.lattices.nearest_path import lattice_evidence
from blasr.lattices.weights_file import read_path_weights
from blasr.lexicon.word_pieces import WordJoiner
from blasr.progress import track
from blasr.scoring.aligned_utterance import AlignedUtterance, align_transcripts, aligned_segments
from blasr.scoring.causes import MEANING, Cause, LatticeEvidence, causes
from blasr.scoring.confusions import Confusions
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.error_page import error_page
from blasr.scoring.text import wer_line
from blasr.scoring.transcripts import read_speakers, read_transcripts

EPILOG = """\
With lattices the errors of search, acoustic model and language model are told apart: a path that is right but costs
more is a model's error, one that the lattice does not have the search's. Lattices of a search through a graph of the
reference only (--forced) tell whether the models would have preferred it.

examples:
  blasr explain --text data/test/text --hyp exp/bl_resnet22_a2b3/decode_test/best_path.txt --words data/lang/words.txt
  blasr explain --text data/test/text --lattices exp/bl_resnet22_a2b3/decode_test --words data/lang/words.txt \\
      --setting exp/bl_resnet22_a2b3/setting.json --utt2spk data/test/utt2spk --html errors.html
  blasr explain --stm eval2000.stm --glm eval2000.glm --ctm exp/bl_resnet22_a2b3/eval2000.ctm --html errors.html
"""
LISTED = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr explain``."""
    parser.epilog = EPILOG
    reference = parser.add_mutually_exclusive_group(required=True)
    reference.add_argument("--text", type=Path, metavar="REF", help="references: utterance-id and words")
    reference.add_argument("--stm", type=Path, metavar="REF", help="references in NIST's segments and markup")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hyp", type=Path, help="with --text: hypotheses in the same form")
    source.add_argument("--lattices", type=Path, help="with --text: lat.ark, or the folder with it")
    source.add_argument("--ctm", type=Path, help="with --stm: words and their times")
    parser.add_argument("--glm", type=Path, help="with --stm: NIST's rules for spellings, applied to both sides")
    parser.add_argument("--data", type=Path, metavar="DIR", help="with --stm: where the CTM's utterances are")
    parser.add_argument("--words", type=Path, help="words.txt: the vocabulary; --lattices need it")
    setting = parser.add_mutually_exclusive_group()
    setting.add_argument("--setting", type=Path, metavar="FILE", help="the setting that blasr score --freeze wrote")
    setting.add_argument("--lm-weight", type=float, default=10.0, help="default: %(default)s")
    parser.add_argument("--penalty", type=float, default=0.0, help="of each word (default: %(default)s)")
    parser.add_argument("--forced", type=Path, metavar="LATTICES", help="of searches for the reference alone")
    parser.add_argument("--utt2spk", type=Path, help="with --text: the speakers")
    parser.add_argument("--html", type=Path, metavar="OUT", help="write one HTML page with all tables and alignments")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the results as JSON too")
    parser.set_defaults(group=None, drop=None)


@dataclass(slots=True)
class _Explained:
    """The aligned utterances, and what else is known of them."""

    utterances: list[AlignedUtterance] = field(default_factory=list)
    evidence: dict[str, LatticeEvidence] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def run(args: argparse.Namespace) -> None:
    """Align, find causes, print the tables and write the page."""
    _check_options(args)
    words = SymbolTable.read(args.words) if args.words is not None else None
    explained = _from_stm(args) if args.stm is not None else _from_text(args, words)
    in_vocabulary = _vocabulary(words, fold=args.stm is not None)
    found: Counter[Cause] = Counter()
    for utterance in explained.utterances:
        found.update(causes(utterance, in_vocabulary, explained.evidence.get(utterance.name)))
    tables = Confusions.of(explained.utterances)
    total = sum((utterance.counts for utterance in explained.utterances), ErrorCounts())
    print(wer_line(total))
    for note in explained.notes:
        print(note)
    _print_tables(found, tables)
    if args.html is not None:
        title = f"Errors of {args.hyp or args.lattices or args.ctm}"
        with atomic_open(args.html, "w") as file:
            file.write(error_page(title, explained.utterances, found, explained.notes))
    if args.json is not None:
        write_json(args.json, _report(total, found, tables, explained.notes))


def _check_options(args: argparse.Namespace) -> None:
    if (args.stm is not None) != (args.ctm is not None):
        raise ConfigError("--stm goes with --ctm, --text with --hyp or --lattices")
    if args.lattices is None and (args.forced is not None or args.setting is not None):
        raise ConfigError("--forced and --setting go with --lattices", fix="give the lattices of the same utterances")
    if args.lattices is not None and args.words is None:
        raise ConfigError("--lattices hold word-ids", fix="name the symbol table that spells them with --words")
    if args.words is not None and WordJoiner.beside(args.words).whole is not None:
        raise ConfigError(
            f"{args.words} is of pieces of words, which references do not have",
            fix="leave --words out, and give the words that blasr decode put together (--hyp best_path.txt, --ctm ctm)",
        )
    if not args.lm_weight > 0:
        raise ConfigError(f"--lm-weight is {args.lm_weight:g}, expected a number above 0")


def _vocabulary(words: SymbolTable | None, *, fold: bool) -> Callable[[str], bool] | None:
    """Whether a word is in ``words.txt``; whatever its letters' case where both sides were made alike."""
    if words is None:
        return None
    if not fold:
        return lambda word: word in words
    known = {symbol.lower() for symbol, _ in words.items()}
    return lambda word: word.strip("()").lower() in known


def _from_stm(args: argparse.Namespace) -> _Explained:
    reference = read_reference(args)
    return _Explained(aligned_segments(reference.score(reference.read_hypotheses(args.ctm))))


def _from_text(args: argparse.Namespace, words: SymbolTable | None) -> _Explained:
    references = read_transcripts(args.text)
    speakers = read_speakers(args.utt2spk) if args.utt2spk is not None else None
    explained = _Explained()
    if args.lattices is not None:
        assert words is not None
        hypotheses = _from_lattices(args, words, references, explained)
    else:
        hypotheses = read_transcripts(args.hyp)
    missing = [utterance for utterance in references if utterance not in hypotheses]
    if missing:
        explained.notes.append(
            f"{len(missing)} of {len(references)} references have no hypothesis, counted as deleted, first {missing[0]}"
        )
    explained.utterances = align_transcripts(references, hypotheses, speakers)
    return explained


def _from_lattices(
    args: argparse.Namespace, words: SymbolTable, references: Mapping[str, Sequence[str]], explained: _Explained
) -> dict[str, list[str]]:
    """The best paths' words; what the lattices tell goes into ``explained``."""
    setting = read_path_weights(args.setting) if args.setting is not None else PathWeights(args.lm_weight, args.penalty)
    explained.notes.append(f"best paths at {setting}")
    forced = {}
    if args.forced is not None:
        forced = {
            utterance: lattice.best_path(setting.scales) for utterance, lattice in read_state_lattices(args.forced)
        }
    hypotheses: dict[str, list[str]] = {}
    oracle = reference_words = 0
    for utterance, lattice in track(read_state_lattices(args.lattices), "explaining", len(references)):
        path = lattice.best_path(setting.scales)
        hypotheses[utterance] = [words.symbol_of(word) for word in path.words.tolist()]
        if utterance not in references:
            continue
        wanted = [words.id_of(word) if word in words else -1 for word in references[utterance]]
        alone = forced.get(utterance)
        if alone is not None and alone.words.tolist() != wanted:
            raise DataError("its forced path is not its reference", path=args.forced, utterance=utterance)
        evidence = lattice_evidence(lattice, path, wanted, setting.lm_weight, alone)
        if evidence is not None:
            explained.evidence[utterance] = evidence
            oracle += evidence.oracle_errors
            reference_words += len(wanted)
    if reference_words:
        rate = 100 * oracle / reference_words
        explained.notes.append(f"oracle of the lattices: {oracle} errors in {reference_words} words, {rate:.2f}%")
    return hypotheses


def _print_tables(found: Mapping[Cause, int], tables: Confusions) -> None:
    total = max(Counter(found).total(), 1)
    rows = [
        [cause.value, str(found[cause]), f"{100 * found[cause] / total:.1f}%"] for cause in Cause if found.get(cause)
    ]
    print("\n" + table(("cause", "errors", "share"), rows))
    for cause in Cause:
        if found.get(cause):
            print(f"  {cause}: {MEANING[cause]}")
    worst = sorted(tables.speakers.items(), key=lambda entry: (-entry[1].errors, entry[0]))[:LISTED]
    speakers = [[name, f"{counts.wer:.2f}", str(counts.errors), str(counts.reference_words)] for name, counts in worst]
    print("\n" + table(("speaker", "WER", "errors", "words"), speakers))
    words = [
        [word, *map(str, (errors.substituted, errors.deleted, errors.inserted, errors.correct))]
        for word, errors in tables.worst_words(LISTED)
    ]
    if words:
        print("\n" + table(("word", "substituted", "deleted", "inserted", "correct"), words))
    pairs = [[f"{reference} -> {said}", str(count)] for (reference, said), count in tables.worst_pairs(LISTED)]
    if pairs:
        print("\n" + table(("substitution", "times"), pairs))


def _report(total: ErrorCounts, found: Mapping[Cause, int], tables: Confusions, notes: Sequence[str]) -> dict[str, Any]:
    return {
        **count_report(total),
        "causes": {cause.value: found[cause] for cause in Cause if found.get(cause)},
        "notes": list(notes),
        "speakers": {name: count_report(counts) for name, counts in tables.speakers.items()},
        "words": {
            word: {"correct": seen.correct, "sub": seen.substituted, "del": seen.deleted, "ins": seen.inserted}
            for word, seen in sorted(tables.words.items())
        },
        "substitutions": [[*pair, count] for pair, count in tables.worst_pairs(len(tables.substitutions))],
    }
