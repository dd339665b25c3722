"""``blasr score --stm``: time-marked words against NIST's reference segments, by our counts or by SCTK's."""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from blasr.cli.score.report import (
    lm_weights,
    numbers_of,
    setting_report,
    table,
    write_json,
)
from blasr.cli.score.words import lattice_words
from blasr.errors import ConfigError
from blasr.lattices.config import PathWeights
from blasr.lattices.sweep import best_setting
from blasr.lattices.weights_file import read_path_weights
from blasr.progress import track
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.group_scores import group_scores
from blasr.scoring.hub5 import Hub5Score, pooled
from blasr.scoring.sctk import find_sctk
from blasr.scoring.stm_scorer import Block, StmScorer
from blasr.scoring.text import Score

HEADER = ("", "segments", "words", "WER", "95%", "correct", "sub", "del", "ins")
SETTING_FOLDER = re.compile(r"score_([0-9.]+)_(-?[0-9.]+)")
logger = logging.getLogger(__name__)


def read_reference(args: argparse.Namespace) -> StmScorer:
    """The reference of --stm, with what --glm, --group, --data and --drop say of it and of the hypothesis."""
    return StmScorer.read(
        args.stm,
        glm=args.glm,
        groups=[_group(text) for text in args.group or ()],
        data_dir=args.data,
        dropped_words=args.drop.split(",") if args.drop else (),
    )


def _group(text: str) -> tuple[str, str]:
    name, _, prefix = text.partition("=")
    if not name or not prefix:
        raise ConfigError(f"--group {text}: expected a label, = and the beginning of recordings' names")
    return name, prefix


def score_stm(args: argparse.Namespace) -> None:
    """Score one CTM file, or choose among those of several settings."""
    reference = read_reference(args)
    with_sctk = args.scorer == "sctk" or (args.scorer in (None, "auto") and find_sctk() is not None)
    report: dict[str, Any] = {}
    if args.lattices is None and len(args.ctm) == 1 and args.setting is None and args.freeze is None:
        source, hypotheses = args.ctm[0], reference.read_hypotheses(args.ctm[0])
    else:
        source, hypotheses, report = _choose(args, reference)
    score = reference.score(hypotheses, with_sctk=with_sctk)
    groups = group_scores(score, reference.label_names, replicates=args.bootstrap, seed=args.seed)
    scorer = "sctk" if with_sctk else "own"
    print(f"{source} against {reference.path}, scorer {scorer}{'' if args.glm else ', no GLM'}")
    rows, reports = [], {}
    for group in groups:
        low, high = group.interval.low, group.interval.high
        rows.append(_row(group.name, group.num_segments, group.counts, f"{low:.2f} to {high:.2f}"))
        reports[group.name] = _report(group.num_segments, group.counts) | {"wer_95": [_number(low), _number(high)]}
    print(table(HEADER, rows))
    speakers, sides = score.by_speaker(), score.by_side()
    if args.speakers:
        print(
            "\n"
            + table(
                ("speaker", *HEADER[1:]),
                [_row(name, len(found), pooled(found), "") for name, found in speakers.items()],
            )
        )
    if args.json is not None:
        about = {
            "stm": str(reference.path),
            "hypothesis": str(source),
            "glm": args.glm and str(args.glm),
            "scorer": scorer,
        }
        about |= {"ignored_segments": score.ignored, "segments_without_hypothesis": len(score.without_hypothesis)}
        by_name = {"speakers": {name: _report(len(found), pooled(found)) for name, found in speakers.items()}}
        by_name["sides"] = {name: _report(len(found), pooled(found)) for name, found in sides.items()}
        write_json(args.json, {**reports, **about, **report, **by_name})
    _tell_missing(score, hypotheses, args.max_loss)


def _choose(args: argparse.Namespace, reference: StmScorer) -> tuple[Path, list[Block], dict[str, Any]]:
    """The file and the words of the frozen or else the best setting; prints the sweep."""
    frozen = read_path_weights(args.setting) if args.setting is not None else None
    paths, read = _settings(args, reference, frozen)
    if frozen is not None and frozen not in paths:
        there = "; ".join(map(str, paths))
        raise ConfigError(f"there is no CTM of the frozen setting ({frozen}), but {there}")
    reports = {}
    totals = {}
    for setting in track(paths, "scoring"):
        score = reference.score(read(setting))
        reports[setting] = _report(len(score.segments), score.total)
        totals[setting] = Score({"all": score.total}, ())
    best = best_setting(totals)
    notes = {best: "best"} | ({frozen: "frozen"} if frozen is not None else {})
    rows = [
        [f"{setting.lm_weight:g}", f"{setting.word_insertion_penalty:g}", f"{score.wer:.2f}", notes.get(setting, "")]
        for setting, score in sorted(totals.items())
    ]
    print(table(("LM weight", "penalty", "WER", ""), rows))
    if frozen is not None:
        print(f"frozen: {frozen}, from {args.setting}: WER {totals[frozen].wer:.2f}")
        print(f"oracle: {best}, the best on this very set: WER {totals[best].wer:.2f}")
    else:
        print(f"best: {best}: WER {totals[best].wer:.2f} (tuned on this very set)")
    if args.freeze is not None:
        write_json(args.freeze, setting_report(best) | {"tuned_on": {"stm": str(reference.path), **reports[best]}})
    chosen = frozen or best
    oracle = reports[best] | {"setting": setting_report(best)}
    return paths[chosen], read(chosen), {"setting": setting_report(chosen), "oracle": oracle}


def _settings(
    args: argparse.Namespace, reference: StmScorer, frozen: PathWeights | None
) -> tuple[dict[PathWeights, Path], Callable[[PathWeights], list[Block]]]:
    """The file of each setting, and what gives the words of one; only one setting's are held at a time."""
    if args.lattices is not None:
        grid = product(lm_weights(args.lm_weights), numbers_of(args.penalties, "--penalties"))
        settings = [*(PathWeights(*pair) for pair in grid), *([frozen] if frozen is not None else [])]
        words = lattice_words(args, list(dict.fromkeys(settings)))
        return dict.fromkeys(words, args.lattices), lambda setting: reference.hypotheses(
            words[setting], source=args.lattices
        )
    paths = {_setting_of(path): path for path in args.ctm}
    if len(paths) < len(args.ctm):
        raise ConfigError("two CTM files are of the same setting")
    return paths, lambda setting: reference.read_hypotheses(paths[setting])


def _setting_of(path: Path) -> PathWeights:
    match = SETTING_FOLDER.fullmatch(path.parent.name)
    if match is None:
        message = f"{path}: its folder does not say the setting"
        raise ConfigError(message, fix="keep the CTM of each setting in a folder named score_LMWT_PENALTY")
    return PathWeights(float(match[1]), float(match[2]))


def _row(name: str, num_segments: int, counts: ErrorCounts, interval: str) -> list[str]:
    numbers = (counts.correct, counts.substitutions, counts.deletions, counts.insertions)
    return [name, str(num_segments), str(counts.reference_words), f"{counts.wer:.2f}", interval, *map(str, numbers)]


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


def _tell_missing(score: Hub5Score, hypotheses: Sequence[Block], max_loss: float) -> None:
    """Say what was ignored and what had no hypothesis; fail where sides without one have too many segments."""
    silent = score.without_hypothesis
    if silent:
        segment = silent[0].segment
        first = f"{segment.recording} {segment.channel} {segment.start_seconds:g}"
        print(f"{len(silent)} segments without hypothesis, their words counted as deleted, first {first}")
    if score.ignored:
        print(f"{score.ignored} segments ignored, with the hypothesis there, as the STM asks")
    tally = score.coverage(hypotheses, max_loss)
    print(tally.summary())
    tally.check()
