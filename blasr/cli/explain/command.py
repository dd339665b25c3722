"""``blasr explain``: where the errors of a set are, and what causes them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.explain.report import print_explanation, write_page
from blasr.cli.options import add_option
from blasr.cli.parser import Command, add_commands, examples, run_command
from blasr.errors import ConfigError, DataError
from blasr.lattices.config import PathWeights

if TYPE_CHECKING:
    from blasr.io import SymbolTable
    from blasr.lattices import ErrorEvidence

TEXT_EXAMPLES = (
    "blasr explain text --ref data/test/text --hyp exp/bl_resnet22_a2b3/decode_test/best_path.txt \\",
    "    --words data/lang/words.txt",
    "blasr explain text --ref data/test/text --lattices exp/bl_resnet22_a2b3/decode_test \\",
    "    --words data/lang/words.txt --setting exp/bl_resnet22_a2b3/setting.json --lexicon lexicon.txt \\",
    "    --html errors.html",
)
STM_EXAMPLES = (
    "blasr explain stm --ref eval2000.stm --glm eval2000.glm --hyp exp/bl_resnet22_a2b3/eval2000.ctm \\",
    "    --html errors.html",
)
EPILOG = """\
Lattices distinguish errors of the search, of the acoustic model and of the language model. If the right path is in the
lattice but costs more, a model is wrong; if it is not in the lattice, the search missed it. Lattices of a search
restricted to the reference (--forced) show whether the models would have preferred it.

The page also has a matrix of the words that are confused most, one of the phones with --lexicon, and with lattices or
--confidences a picture of how many words of each confidence are right.

""" + examples(*TEXT_EXAMPLES, *STM_EXAMPLES)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``blasr explain``."""
    parser.epilog = EPILOG
    add_commands(parser, COMMANDS)


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    run_command(args)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with all tables and alignments")
    add_option(parser, "--json")


def _add_lexicon(parser: argparse.ArgumentParser) -> None:
    text = "pronunciations (WORD PHONE ...): the page then also has the confusions of phones"
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help=text)


def _configure_text(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--ref", required=True, note="utterance-id and words")
    hypotheses = parser.add_mutually_exclusive_group(required=True)
    add_option(hypotheses, "--hyp", note="utterance-id and words")
    add_option(hypotheses, "--lattices", note="needs --words")
    add_option(parser, "--words", note="also the vocabulary")
    setting = parser.add_mutually_exclusive_group()
    add_option(setting, "--setting")
    add_option(setting, "--lm-weight")
    add_option(parser, "--word-ins-penalty")
    parser.add_argument("--forced", type=Path, metavar="PATH", help="lattices of searches restricted to the reference")
    parser.add_argument("--utt2spk", type=Path, metavar="FILE", help="the speakers of the utterances")
    ctm = "with --hyp: a CTM file of the same words with confidences, by utterance-id (blasr lattice mbr --best-path)"
    parser.add_argument("--confidences", type=Path, metavar="CTM", help=ctm)
    _add_lexicon(parser)
    _add_outputs(parser)


def _explain_text(args: argparse.Namespace) -> None:
    if args.lattices is not None and args.words is None:
        raise ConfigError("--lattices contain word-ids", fix="name the words.txt of the word-ids with --words")
    if args.lattices is None and (args.forced is not None or args.setting is not None):
        raise ConfigError("--forced and --setting go with --lattices", fix="give the lattices of the same utterances")

    if args.confidences is not None and args.hyp is None:
        raise ConfigError("--confidences go with --hyp", fix="leave them out: lattices have their own")

    from blasr.lattices import read_path_weights
    from blasr.scoring import align_transcripts, read_speakers, read_transcripts

    words = _read_words(args.words)
    references = read_transcripts(args.ref)
    speakers = None if args.utt2spk is None else read_speakers(args.utt2spk)
    notes, evidence, confidences = [], {}, None
    if args.lattices is None:
        hypotheses = read_transcripts(args.hyp)
        if args.confidences is not None:
            confidences = _read_confidences(args.confidences)
    else:
        assert words is not None
        weights = PathWeights(args.lm_weight, args.word_ins_penalty)
        if args.setting is not None:
            weights = read_path_weights(args.setting)
        found = _evidence(args.lattices, words, references, weights, args.forced, confidences=args.html is not None)
        hypotheses, evidence, confidences = found.hypotheses, found.evidence, found.confidences or None
        notes.append(f"best paths at {weights}")
        if found.reference_words:
            rate = 100 * found.oracle_errors / found.reference_words
            errors = f"{found.oracle_errors} errors in {found.reference_words} words"
            notes.append(f"oracle of the lattices: {errors}, {rate:.2f}%")
    if missing := [utterance for utterance in references if utterance not in hypotheses]:
        number = f"{len(missing)} of {len(references)} references"
        notes.append(f"{number} have no hypothesis, counted as deleted, first {missing[0]}")
    utterances = align_transcripts(references, hypotheses, speakers)
    vocabulary = None if words is None else words.__contains__
    explanation = print_explanation(
        utterances,
        vocabulary,
        evidence,
        notes,
        json_path=args.json,
        pronunciations=_read_pronunciations(args.lexicon),
        confidences=confidences,
    )
    write_page(args.html, f"Errors of {args.hyp or args.lattices}", explanation)


def _read_pronunciations(lexicon: Path | None) -> dict[str, tuple[str, ...]] | None:
    """Return the first pronunciation of each word, also in lower case, as the words of an STM file are."""
    if lexicon is None:
        return None
    from blasr.lexicon import read_lexicon

    found: dict[str, tuple[str, ...]] = {}
    for entry in read_lexicon(lexicon):
        found.setdefault(entry.word, entry.phones)
    return {**{word.lower(): phones for word, phones in found.items()}, **found}


def _read_confidences(path: Path) -> dict[str, list[float]]:
    """Return the confidences of a CTM file by its first column, in the order of time."""
    from blasr.io.nist import read_ctm

    found: dict[str, list[float]] = {}
    for row in sorted(read_ctm(path), key=lambda row: (row.recording, row.start_seconds)):
        if row.confidence is None:
            raise DataError(f"the word {row.word} has no confidence", path=path, fix="compute them: blasr lattice mbr")
        found.setdefault(row.recording, []).append(row.confidence)
    return found


def _read_words(path: Path | None) -> SymbolTable | None:
    from blasr.io import SymbolTable
    from blasr.lexicon import WordJoiner

    if path is None:
        return None
    if WordJoiner.beside(path).whole is not None:
        raise ConfigError(
            f"{path} contains pieces of words, which the references do not have",
            fix="leave --words out, and give the joined words that blasr decode wrote (--hyp best_path.txt or ctm)",
        )
    return SymbolTable.read(path)


def _evidence(
    lattices: Path,
    words: SymbolTable,
    references: dict[str, list[str]],
    weights: PathWeights,
    forced: Path | None,
    *,
    confidences: bool,
) -> ErrorEvidence:
    from blasr.lattices import collect_evidence, read_state_lattices
    from blasr.progress import track

    tracked = track(read_state_lattices(lattices), "explaining", len(references))
    try:
        forced_lattices = () if forced is None else read_state_lattices(forced)
        return collect_evidence(tracked, words, references, weights, forced_lattices, confidences=confidences)
    except DataError as error:
        raise error.at(path=forced or lattices) from None


def _configure_stm(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "--ref", required=True, note="an STM file")
    add_option(parser, "--hyp", required=True, note="a CTM file")
    add_option(parser, "--glm")
    add_option(parser, "--data", note="its segments place the utterances of the hypotheses in recordings")
    add_option(parser, "--words", note="the vocabulary")
    _add_lexicon(parser)
    _add_outputs(parser)


def _explain_stm(args: argparse.Namespace) -> None:
    from blasr.scoring import StmScorer, aligned_segments

    words = _read_words(args.words)
    scorer = StmScorer.read(args.ref, glm=args.glm, data_dir=args.data)
    utterances = aligned_segments(scorer.score(scorer.read_hypotheses(args.hyp)))
    notes: Sequence[str] = ()
    pronunciations = _read_pronunciations(args.lexicon)
    explanation = print_explanation(
        utterances, _case_insensitive(words), {}, notes, json_path=args.json, pronunciations=pronunciations
    )
    write_page(args.html, f"Errors of {args.hyp}", explanation)


def _case_insensitive(words: SymbolTable | None) -> Callable[[str], bool] | None:
    """Return the test whether a word, optional or not, is in the vocabulary, ignoring case."""
    if words is None:
        return None
    known = {symbol.lower() for symbol, _ in words.items()}
    return lambda word: word.strip("()").lower() in known


COMMANDS = {
    "text": Command(
        "errors of hypotheses or lattices against the words of every utterance",
        TEXT_EXAMPLES,
        _configure_text,
        _explain_text,
    ),
    "stm": Command(
        "errors of words with times against NIST's reference segments", STM_EXAMPLES, _configure_stm, _explain_stm
    ),
}
