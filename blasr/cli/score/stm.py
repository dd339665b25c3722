"""``blasr score --stm``: time-marked words against NIST's reference segments, by our counts or by SCTK's."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

from blasr.cli.score.report import (
    lm_weights,
    numbers_of,
    read_text,
    setting_report,
    table,
    write_json,
)
from blasr.cli.score.words import lattice_words
from blasr.errors import ConfigError, FormatError
from blasr.io.nist.ctm import CtmAlternatives, CtmWord, read_ctm_items
from blasr.io.nist.glm import read_glm
from blasr.io.nist.stm import Stm, markup_problem, read_stm
from blasr.lattices.config import PathWeights
from blasr.lattices.sweep import best_setting
from blasr.lattices.weights_file import read_path_weights
from blasr.progress import track
from blasr.scoring.bootstrap import wer_interval
from blasr.scoring.hub5 import Hub5Score, ScoredSegment, pooled, score_segments
from blasr.scoring.hypothesis import Normalize
from blasr.scoring.normalization import Normalizer
from blasr.scoring.sctk import find_sctk, score_with_sctk
from blasr.scoring.segments import side_of
from blasr.scoring.text import Score
from blasr.tally import Tally

HEADER = ("", "segments", "words", "WER", "95%", "correct", "sub", "del", "ins")
SETTING_FOLDER = re.compile(r"score_([0-9.]+)_(-?[0-9.]+)")
Block = tuple[tuple[CtmWord, ...], ...]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reference:
    """The segments, and what makes both sides' spellings comparable."""

    path: Path
    stm: Stm
    glm: Path | None
    normalize_reference: Normalize
    normalize_hypothesis: Normalize

    @classmethod
    def read(cls, args: argparse.Namespace) -> Reference:
        """From --stm, --glm and --group."""
        stm = _with_groups(read_stm(args.stm), args.group or ())
        if args.glm is None:
            return cls(args.stm, stm, None, str, str)
        return cls(args.stm, stm, args.glm, _normalizer(args.glm, "stm", "ref"), _normalizer(args.glm, "ctm", "hyp"))

    def score(self, hypotheses: Sequence[Block]) -> Hub5Score:
        """By our own counts."""
        return score_segments(self.stm.segments, hypotheses, self.normalize_reference, self.normalize_hypothesis)

    def score_with_sctk(self, hypotheses: Sequence[Block]) -> Hub5Score:
        """By NIST's programs."""
        return score_with_sctk(self.stm.segments, hypotheses, self.glm, self.normalize_hypothesis)

    def hypotheses(self, path: Path, args: argparse.Namespace) -> list[Block]:
        """The words of a CTM file, as :meth:`placed` returns them."""
        return self.placed(read_ctm_items(path), path, args)

    def placed(self, items: Iterable[CtmWord | CtmAlternatives], path: Path, args: argparse.Namespace) -> list[Block]:
        """Words where --data puts them, without those of --drop; their recordings and channels must be the reference's.

        Raises:
            FormatError: with file and line, where they are not, or a word's brackets do not pair.
        """
        known = {side_of(segment.recording, segment.channel) for segment in self.stm.segments}
        dropped = set(args.drop.lower().split(",")) if args.drop else set()
        blocks: list[Block] = []
        for item in items if args.data is None else _in_recordings(items, path, args.data):
            if side_of(item.recording, item.channel) not in known:
                raise self._unknown(item, path)
            block = item.options if isinstance(item, CtmAlternatives) else ((item,),)
            block = tuple(tuple(word for word in row if word.word.lower() not in dropped) for row in block)
            for word in (word for row in block for word in row):
                problem = markup_problem(word.word)
                if problem:
                    raise FormatError(f"the word {word.word} {problem}", path=path, line=word.line or None)
            if any(block):
                blocks.append(block)
        return blocks

    def _unknown(self, item: CtmWord | CtmAlternatives, path: Path) -> FormatError:
        same = [segment for segment in self.stm.segments if segment.recording.lower() == item.recording.lower()]
        message = f"recording {item.recording}, channel {item.channel} is in no segment of {self.path}"
        fix = "give the words of the very set that is scored, or say with --data where utterances are"
        if same:
            fix = f"the channels there are {', '.join(sorted({segment.channel for segment in same}))}"
        return FormatError(message, path=path, line=item.line or None, fix=fix)


def score_stm(args: argparse.Namespace) -> None:
    """Score one CTM file, or choose among those of several settings."""
    reference = Reference.read(args)
    with_sctk = args.scorer == "sctk" or (args.scorer in (None, "auto") and find_sctk() is not None)
    report: dict[str, Any] = {}
    if args.lattices is None and len(args.ctm) == 1 and args.setting is None and args.freeze is None:
        source, hypotheses = args.ctm[0], reference.hypotheses(args.ctm[0], args)
    else:
        source, hypotheses, report = _choose(args, reference)
    score = reference.score_with_sctk(hypotheses) if with_sctk else reference.score(hypotheses)
    names = [label.id for label in reference.stm.labels]
    groups = {**score.by_label([*names, *_group_names(args.group or ())]), "all": list(score.segments)}
    interval = partial(wer_interval, replicates=args.bootstrap, seed=args.seed)
    scorer = "sctk" if with_sctk else "own"
    print(f"{source} against {reference.path}, scorer {scorer}{'' if args.glm else ', no GLM'}")
    rows, reports = [], {}
    for name, segments in groups.items():
        found = interval([scored.counts for scored in segments])
        rows.append(_row(name, segments, f"{found.low:.2f} to {found.high:.2f}"))
        reports[name] = _report(segments) | {"wer_95": [_number(found.low), _number(found.high)]}
    print(table(HEADER, rows))
    speakers = score.by(lambda segment: segment.speaker)
    sides = score.by(lambda segment: f"{segment.recording} {segment.channel}")
    if args.speakers:
        print("\n" + table(("speaker", *HEADER[1:]), [_row(name, found, "") for name, found in speakers.items()]))
    if args.json is not None:
        about = {
            "stm": str(reference.path),
            "hypothesis": str(source),
            "glm": args.glm and str(args.glm),
            "scorer": scorer,
        }
        about |= {"ignored_segments": score.ignored, "segments_without_hypothesis": len(score.without_hypothesis)}
        by_name = {"speakers": {name: _report(found) for name, found in speakers.items()}}
        by_name["sides"] = {name: _report(found) for name, found in sides.items()}
        write_json(args.json, {**reports, **about, **report, **by_name})
    _tell_missing(score, hypotheses, args.max_loss)


def _choose(args: argparse.Namespace, reference: Reference) -> tuple[Path, list[Block], dict[str, Any]]:
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
        reports[setting] = _report(score.segments)
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
    args: argparse.Namespace, reference: Reference, frozen: PathWeights | None
) -> tuple[dict[PathWeights, Path], Callable[[PathWeights], list[Block]]]:
    """The file of each setting, and what gives the words of one; only one setting's are held at a time."""
    if args.lattices is not None:
        grid = product(lm_weights(args.lm_weights), numbers_of(args.penalties, "--penalties"))
        settings = [*(PathWeights(*pair) for pair in grid), *([frozen] if frozen is not None else [])]
        words = lattice_words(args, list(dict.fromkeys(settings)))
        return dict.fromkeys(words, args.lattices), lambda setting: reference.placed(
            words[setting], args.lattices, args
        )
    paths = {_setting_of(path): path for path in args.ctm}
    if len(paths) < len(args.ctm):
        raise ConfigError("two CTM files are of the same setting")
    return paths, lambda setting: reference.hypotheses(paths[setting], args)


def _setting_of(path: Path) -> PathWeights:
    match = SETTING_FOLDER.fullmatch(path.parent.name)
    if match is None:
        message = f"{path}: its folder does not say the setting"
        raise ConfigError(message, fix="keep the CTM of each setting in a folder named score_LMWT_PENALTY")
    return PathWeights(float(match[1]), float(match[2]))


def _normalizer(path: Path, kind: str, purpose: str) -> Normalize:
    glm = read_glm(path, kind, purpose)
    return Normalizer(glm.rules, case_sensitive=glm.case_sensitive, copy_unmatched=glm.copy_unmatched).text


def _group_names(groups: Iterable[str]) -> list[str]:
    return [group.partition("=")[0] for group in groups]


def _with_groups(stm: Stm, groups: Sequence[str]) -> Stm:
    """The segments with the labels that --group adds."""
    prefixes = [tuple(group.partition("=")[::2]) for group in groups]
    for group, (name, prefix) in zip(groups, prefixes, strict=True):
        if not name or not prefix or re.search(r"[\s,<>]", name):
            raise ConfigError(f"--group {group}: expected a label, = and the beginning of recordings' names")
        if not any(segment.recording.startswith(prefix) for segment in stm.segments):
            raise ConfigError(f"--group {group}: no recording begins with {prefix}")
    segments = []
    for segment in stm.segments:
        more = tuple(name for name, prefix in prefixes if segment.recording.startswith(prefix))
        segments.append(dataclasses.replace(segment, labels=tuple(dict.fromkeys((*segment.labels, *more)))))
    return dataclasses.replace(stm, segments=tuple(segments))


def _in_recordings(
    items: Iterable[CtmWord | CtmAlternatives], path: Path, data: Path
) -> Iterator[CtmWord | CtmAlternatives]:
    """The items with the recordings and times that a data directory gives their utterances."""
    places = _utterance_places(data)
    for item in items:
        if item.recording not in places:
            message = f"is not in {data / 'segments'}"
            raise FormatError(message, path=path, line=item.line, utterance=item.recording)
        recording, channel, offset = places[item.recording]

        def move(word: CtmWord, recording: str = recording, channel: str = channel, offset: float = offset) -> CtmWord:
            start = round(word.start_seconds + offset, 6)
            return dataclasses.replace(word, recording=recording, channel=channel, start_seconds=start)

        if isinstance(item, CtmWord):
            yield move(item)
        else:
            rows = tuple(tuple(map(move, row)) for row in item.options)
            yield CtmAlternatives(recording, channel, rows, item.line)


@cache
def _utterance_places(data: Path) -> dict[str, tuple[str, str, float]]:
    """The file, channel and start of each utterance, by ``segments`` and ``reco2file_and_channel``."""
    channels: dict[str, tuple[str, str]] = {}
    if (data / "reco2file_and_channel").is_file():
        for recording, fields in read_text(data / "reco2file_and_channel").items():
            if len(fields) != 2:
                message = f"recording {recording} has {len(fields)} fields, expected file and channel"
                raise FormatError(message, path=data / "reco2file_and_channel")
            channels[recording] = (fields[0], fields[1])
    places: dict[str, tuple[str, str, float]] = {}
    for utterance, fields in read_text(data / "segments").items():
        try:
            recording, start, _ = fields
            file, channel = channels.get(recording, (recording, "A"))
            places[utterance] = (file, channel, float(start))
        except ValueError:
            message = f"found {' '.join(fields)!r}, expected recording, start and end"
            raise FormatError(message, path=data / "segments", utterance=utterance) from None
    return places


def _row(name: str, segments: Sequence[ScoredSegment], interval: str) -> list[str]:
    counts = pooled(segments)
    numbers = (counts.correct, counts.substitutions, counts.deletions, counts.insertions)
    return [name, str(len(segments)), str(counts.reference_words), f"{counts.wer:.2f}", interval, *map(str, numbers)]


def _report(segments: Sequence[ScoredSegment]) -> dict[str, Any]:
    counts = pooled(segments)
    return {
        "segments": len(segments),
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
    there: Mapping[tuple[str, str], None] = {
        side_of(word.recording, word.channel): None for block in hypotheses for row in block for word in row
    }
    tally = Tally("score", max_loss, unit="segments")
    for scored in score.segments:
        segment = scored.segment
        if side_of(segment.recording, segment.channel) in there:
            tally.keep()
        else:
            tally.drop(f"{segment.recording} {segment.channel}", "of sides without hypothesis, counted as deleted")
    silent = score.without_hypothesis
    if silent:
        segment = silent[0].segment
        first = f"{segment.recording} {segment.channel} {segment.start_seconds:g}"
        print(f"{len(silent)} segments without hypothesis, their words counted as deleted, first {first}")
    if score.ignored:
        print(f"{score.ignored} segments ignored, with the hypothesis there, as the STM asks")
    print(tally.summary())
    tally.check()
