"""``blasr score --compare``: whether two systems differ on the same references, and by how much."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from blasr.cli.score.report import read_text, table, write_json
from blasr.cli.score.stm import Reference
from blasr.errors import DataError
from blasr.scoring.bootstrap import improvement
from blasr.scoring.edit_distance import ErrorCounts, align_words
from blasr.scoring.hub5 import ScoredSegment
from blasr.scoring.matched_pairs import matched_pairs
from blasr.scoring.network_alignment import Verdict

SIGNIFICANT = 0.05
Aligned = tuple[ErrorCounts, Sequence[Verdict]]


def compare(args: argparse.Namespace) -> None:
    """Compare two hypotheses by the matched-pairs test and by the bootstrap."""
    first, second = _systems(args)
    names = [str(path) for path in args.compare]
    test = matched_pairs([verdicts for _, verdicts in first], [verdicts for _, verdicts in second])
    counts = [[counts for counts, _ in system] for system in (first, second)]
    totals = [sum(system, ErrorCounts()) for system in counts]
    gain = improvement(counts[0], counts[1], replicates=args.bootstrap, seed=args.seed)
    rows = [
        [letter, f"{total.wer:.2f}", str(total.errors), str(total.reference_words), name]
        for letter, total, name in zip("AB", totals, names, strict=True)
    ]
    print(table(("", "WER", "errors", "words", ""), rows))
    print(
        f"B - A: {gain.difference:+.2f} points, 95% interval {gain.interval.low:+.2f} to {gain.interval.high:+.2f} "
        f"({args.bootstrap} replicates); B is better in {100 * gain.probability:.1f}% of them"
    )
    verdict = "differ" if test.p_value < SIGNIFICANT else "do not differ significantly"
    print(
        f"matched pairs (MAPSSWE): {test.segments} segments, mean {test.mean:.3f}, standard deviation "
        f"{test.standard_deviation:.3f}, Z {test.z:.3f}, p {test.p_value:.4f}: A and B {verdict} at {SIGNIFICANT:g}"
    )
    if args.json is not None:
        systems: dict[str, Any] = {
            letter: {"hypothesis": name, "wer": total.wer, "errors": total.errors, "words": total.reference_words}
            for letter, total, name in zip("AB", totals, names, strict=True)
        }
        write_json(args.json, systems | {"matched_pairs": asdict(test), "bootstrap": asdict(gain)})


def _systems(args: argparse.Namespace) -> tuple[list[Aligned], list[Aligned]]:
    """The aligned segments or utterances of both, in the same order."""
    if args.stm is not None:
        reference = Reference.read(args)
        scores = [reference.score(reference.hypotheses(path, args)) for path in args.compare]
        first, second = ([(segment.counts, _verdicts(segment)) for segment in score.segments] for score in scores)
        return first, second
    references = read_text(args.text)
    systems = []
    for path in args.compare:
        hypotheses = read_text(path)
        unknown = [utterance for utterance in hypotheses if utterance not in references]
        if unknown:
            message = f"{len(unknown)} of {len(hypotheses)} hypotheses have no reference in {args.text}"
            raise DataError(message, path=path, utterance=unknown[0])
        systems.append([_align(words, hypotheses.get(utterance, [])) for utterance, words in references.items()])
    return systems[0], systems[1]


def _verdicts(segment: ScoredSegment) -> Sequence[Verdict]:
    return [pair.verdict for pair in segment.pairs]


def _align(reference: Sequence[str], hypothesis: Sequence[str]) -> Aligned:
    alignment = align_words(reference, hypothesis)
    verdicts = [_verdict(*pair) for pair in alignment.pairs]
    return alignment.counts, verdicts


def _verdict(reference: str | None, hypothesis: str | None) -> Verdict:
    if reference is None:
        return Verdict.INSERTION
    if hypothesis is None:
        return Verdict.DELETION
    return Verdict.CORRECT if reference == hypothesis else Verdict.SUBSTITUTION
