"""``blasr score stm``: words with times against NIST's reference segments, counted by blasr or by NIST's SCTK."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blasr.cli.columns import numbers_table
from blasr.cli.options import add_option, add_yes_no, positive_integer, words
from blasr.cli.score.settings import add_settings, print_choice, setting_grid
from blasr.cli.score.tables import setting_report, write_json
from blasr.errors import ConfigError, DataError
from blasr.lattices.config import PathWeights

if TYPE_CHECKING:
    from blasr.lattices import PathFormatter
    from blasr.scoring import ErrorCounts, Hub5Score, StmScorer
    from blasr.scoring.stm_scorer import Block

EXAMPLES = (
    "blasr score stm --ref eval2000.stm --glm eval2000.glm --hyp exp/bl_resnet22_a2b3/decode_eval2000/ctm \\",
    "    --data data/eval2000 --group SWB=sw_ --group CH=en_ --json exp/bl_resnet22_a2b3/eval2000.json",
    "blasr score stm --ref eval2000.stm --glm eval2000.glm --lattices exp/bl_resnet22_a2b3/decode_eval2000 \\",
    "    --words data/lang/words.txt --lang data/lang --model exp/tri/final.mdl --data data/eval2000 \\",
    "    --drop '[noise],[laughter],<unk>' --setting exp/bl_resnet22_a2b3/rt02.json",
)
HEADER = ("", "segments", "words", "WER", "95%", "correct", "sub", "del", "ins")
SETTING_FOLDER = re.compile(r"score_([0-9.]+)_(-?[0-9.]+)")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr score stm``."""
    add_option(parser, "--ref", required=True, note="an STM file")
    hypotheses = parser.add_mutually_exclusive_group(required=True)
    add_option(
        hypotheses,
        "--hyp",
        nargs="+",
        note="a CTM file, or one for each setting, in directories named score_LMWT_PENALTY",
    )
    add_option(hypotheses, "--lattices", note="needs --words")
    add_option(parser, "--glm")
    parser.add_argument(
        "--scorer", choices=("auto", "own", "sctk"), default="auto", help="sctk is NIST's; auto uses it if installed"
    )
    add_placing(parser)
    parser.add_argument(
        "--group",
        action="append",
        type=group,
        default=[],
        metavar="NAME=PREFIX",
        help="also score the recordings with names that begin with PREFIX; may be repeated",
    )
    add_option(parser, "--words")
    add_option(parser, "--lang", note="times the words of --lattices by their phones; needs --model")
    add_option(parser, "--model", note="needs --lang")
    add_option(parser, "--frame-shift", note="for --lattices")
    add_settings(parser)
    add_yes_no(parser, "--speakers", "also print the error rate of every speaker")
    add_bootstrap(parser)
    add_option(parser, "--json")
    add_option(parser, "--max-loss", note="segments of sides without any hypothesis")


def add_placing(parser: argparse.ArgumentParser) -> None:
    """Add the options that place words in recordings and leave some out."""
    add_option(parser, "--data", note="its segments place the utterances of the hypotheses in recordings")
    parser.add_argument(
        "--drop", type=words, default=(), metavar="LIST", help="hypothesis words that do not count: [noise],<unk>"
    )


def add_bootstrap(parser: argparse.ArgumentParser) -> None:
    """Add the options of the bootstrap."""
    parser.add_argument(
        "--bootstrap", type=positive_integer, default=1000, metavar="N", help="replicates of the bootstrap"
    )
    add_option(parser, "--seed", note="for the bootstrap")


def group(text: str) -> tuple[str, str]:
    """Return the label and the prefix of ``NAME=PREFIX``."""
    name, _, prefix = text.partition("=")
    if not name or not prefix:
        raise argparse.ArgumentTypeError(f"expected NAME=PREFIX, such as SWB=sw_, found {text!r}")
    return name, prefix


def run(args: argparse.Namespace) -> None:
    """Score one CTM file, or choose the best of several settings."""
    if args.lattices is not None and args.words is None:
        raise ConfigError("--lattices contain word-ids", fix="name the words.txt of the word-ids with --words")
    if (args.lang is None) != (args.model is None):
        raise ConfigError("--lang and --model go together", fix="give both to time words by their phones")

    from blasr.lattices import read_path_weights
    from blasr.scoring import StmScorer, find_sctk, group_scores

    with_sctk = args.scorer == "sctk" or (args.scorer == "auto" and find_sctk() is not None)
    scorer = StmScorer.read(args.ref, glm=args.glm, groups=args.group, data_dir=args.data, dropped_words=args.drop)
    choice: dict[str, Any] = {}
    if args.lattices is None and len(args.hyp) == 1 and args.setting is None and args.freeze is None:
        chosen = Candidate(args.hyp[0], lambda: scorer.read_hypotheses(args.hyp[0]))
    else:
        frozen = None if args.setting is None else read_path_weights(args.setting)
        if args.lattices is None:
            candidates = _ctm_candidates(scorer, args.hyp)
        else:
            settings = [*setting_grid(args.lm_weights, args.word_ins_penalties), *([] if frozen is None else [frozen])]
            formatter = _formatter(args.words, args.lang, args.model, args.frame_shift)
            candidates = _lattice_candidates(scorer, args.lattices, formatter, list(dict.fromkeys(settings)))
        chosen, choice = _choose(scorer, candidates, frozen, args.setting, args.freeze)
    hypotheses = chosen.read()
    score = scorer.score(hypotheses, with_sctk=with_sctk)
    counted_by = "sctk" if with_sctk else "own"
    print(f"{chosen.source} against {args.ref}, scorer {counted_by}{'' if args.glm else ', no GLM'}")
    rows, report = [], {}
    for found in group_scores(score, scorer.label_names, replicates=args.bootstrap, seed=args.seed):
        low, high = found.interval.low, found.interval.high
        rows.append(_row(found.name, found.num_segments, found.counts, f"{low:.2f} to {high:.2f}"))
        report[found.name] = _report(found.num_segments, found.counts) | {"wer_95": [_number(low), _number(high)]}
    print(numbers_table(HEADER, rows))
    if args.speakers:
        print("\n" + _speaker_table(score))
    if args.json is not None:
        glm = None if args.glm is None else str(args.glm)
        about = {"stm": str(args.ref), "hypothesis": str(chosen.source), "glm": glm, "scorer": counted_by}
        write_json(args.json, report | about | _missing_report(score) | choice | _side_reports(score))
    _print_missing(score, hypotheses, args.max_loss)


@dataclass(frozen=True)
class Candidate:
    """The words at one setting.

    Attributes:
        source: the file or directory that they come from.
        read: returns them; only the words of one setting are in memory at a time.
    """

    source: Path
    read: Callable[[], list[Block]]


def _ctm_candidates(scorer: StmScorer, paths: Sequence[Path]) -> dict[PathWeights, Candidate]:
    """Return the CTM file of each setting."""

    def candidate(path: Path) -> Candidate:
        return Candidate(path, lambda: scorer.read_hypotheses(path))

    candidates = {_setting_of(path): candidate(path) for path in paths}
    if len(candidates) < len(paths):
        raise ConfigError("two CTM files have the same setting")
    return candidates


def _setting_of(path: Path) -> PathWeights:
    match = SETTING_FOLDER.fullmatch(path.parent.name)
    if match is None:
        message = f"{path}: the name of its directory does not give the setting"
        raise ConfigError(message, fix="keep the CTM file of each setting in a directory named score_LMWT_PENALTY")
    return PathWeights(float(match[1]), float(match[2]))


def _formatter(words_path: Path, lang: Path | None, model: Path | None, frame_shift: float) -> PathFormatter:
    from blasr.hmm import read_transition_model
    from blasr.io import SymbolTable
    from blasr.lattices import AlignLexicon, PathFormatter
    from blasr.lexicon import WordJoiner

    return PathFormatter(
        words=SymbolTable.read(words_path),
        joiner=WordJoiner.beside(words_path),
        frame_shift=frame_shift,
        transition_model=None if model is None else read_transition_model(model),
        lexicon=None if lang is None else AlignLexicon.read(lang / "phones" / "align_lexicon.int"),
    )


def _lattice_candidates(
    scorer: StmScorer, lattices: Path, formatter: PathFormatter, settings: Sequence[PathWeights]
) -> dict[PathWeights, Candidate]:
    """Return the words of the best paths at each setting; the lattices are read once."""
    from blasr.lattices import read_state_lattices, sweep_ctm
    from blasr.progress import track

    try:
        rows = sweep_ctm(track(read_state_lattices(lattices), "reading lattices"), formatter, settings)
    except DataError as error:
        raise error.at(path=lattices) from None

    def candidate(setting: PathWeights) -> Candidate:
        return Candidate(lattices, lambda: scorer.hypotheses(rows[setting], source=lattices))

    return {setting: candidate(setting) for setting in settings}


def _choose(
    scorer: StmScorer,
    candidates: Mapping[PathWeights, Candidate],
    frozen: PathWeights | None,
    frozen_path: Path | None,
    freeze_path: Path | None,
) -> tuple[Candidate, dict[str, Any]]:
    """Return the words at the frozen setting, or else at the best one, and the choice for JSON; print the table."""
    from blasr.lattices import best_setting
    from blasr.progress import track
    from blasr.scoring import Score

    if frozen is not None and frozen not in candidates:
        known = "; ".join(map(str, candidates))
        raise ConfigError(f"found CTM files of {known}, but none of the frozen setting ({frozen})")
    reports, totals = {}, {}
    for setting in track(candidates, "scoring"):
        score = scorer.score(candidates[setting].read())
        reports[setting] = _report(len(score.segments), score.total)
        totals[setting] = Score({"all": score.total}, ())
    best = best_setting(totals)
    notes = {best: "best"} | ({frozen: "frozen"} if frozen is not None else {})
    rows = [
        [f"{setting.lm_weight:g}", f"{setting.word_insertion_penalty:g}", f"{total.wer:.2f}", notes.get(setting, "")]
        for setting, total in sorted(totals.items())
    ]
    print(numbers_table(("LM weight", "penalty", "WER", ""), rows))
    print_choice(
        (best, totals[best].wer), None if frozen is None else (frozen, totals[frozen].wer), frozen_path, totals
    )
    if freeze_path is not None:
        tuned_on = {"tuned_on": {"stm": str(scorer.path), **reports[best]}}
        write_json(freeze_path, setting_report(best) | tuned_on)
    chosen = frozen or best
    oracle = reports[best] | {"setting": setting_report(best)}
    return candidates[chosen], {"setting": setting_report(chosen), "oracle": oracle}


def _row(name: str, num_segments: int, counts: ErrorCounts, interval: str) -> list[str]:
    numbers = (counts.correct, counts.substitutions, counts.deletions, counts.insertions)
    return [name, str(num_segments), str(counts.reference_words), f"{counts.wer:.2f}", interval, *map(str, numbers)]


def _speaker_table(score: Hub5Score) -> str:
    from blasr.scoring import pooled

    rows = [_row(name, len(found), pooled(found), "") for name, found in score.by_speaker().items()]
    return numbers_table(("speaker", *HEADER[1:]), rows)


def _report(num_segments: int, counts: ErrorCounts) -> dict[str, Any]:
    return {
        "segments": num_segments,
        "words": counts.reference_words,
        "correct": counts.correct,
        "substitutions": counts.substitutions,
        "deletions": counts.deletions,
        "insertions": counts.insertions,
        "wer": _number(counts.wer),
    }


def _number(value: float) -> float | None:
    return round(value, 4) if value == value else None  # JSON has no not-a-number


def _missing_report(score: Hub5Score) -> dict[str, Any]:
    return {"ignored_segments": score.ignored, "segments_without_hypothesis": len(score.without_hypothesis)}


def _side_reports(score: Hub5Score) -> dict[str, Any]:
    from blasr.scoring import pooled

    return {
        key: {name: _report(len(found), pooled(found)) for name, found in parts.items()}
        for key, parts in (("speakers", score.by_speaker()), ("sides", score.by_side()))
    }


def _print_missing(score: Hub5Score, hypotheses: Sequence[Block], max_loss: float) -> None:
    """Print what was ignored and what had no hypothesis; fail if too many segments are on sides with no hypothesis."""
    if score.without_hypothesis:
        segment = score.without_hypothesis[0].segment
        first = f"{segment.recording} {segment.channel} {segment.start_seconds:g}"
        number = len(score.without_hypothesis)
        print(f"{number} segments without hypothesis, their words counted as deleted, first {first}")
    if score.ignored:
        print(f"{score.ignored} segments ignored, with the hypotheses there, as the STM file asks")
    tally = score.coverage(hypotheses, max_loss)
    print(tally.summary())
    tally.check()
