"""``blasr score --compare``: whether two systems differ on the same references, and by how much."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from blasr.cli.score.report import table, write_json
from blasr.cli.score.stm import read_reference
from blasr.errors import DataError
from blasr.scoring.aligned_utterance import AlignedUtterance, align_transcripts, aligned_segments
from blasr.scoring.comparison import SIGNIFICANCE_LEVEL, compare_systems
from blasr.scoring.transcripts import read_transcripts


def compare(args: argparse.Namespace) -> None:
    """Compare two hypotheses by the matched-pairs test and by the bootstrap."""
    found = compare_systems(*_systems(args), replicates=args.bootstrap, seed=args.seed)
    test, gain, totals = found.matched_pairs, found.improvement, found.totals
    names = [str(path) for path in args.compare]
    rows = [
        [letter, f"{total.wer:.2f}", str(total.errors), str(total.reference_words), name]
        for letter, total, name in zip("AB", totals, names, strict=True)
    ]
    print(table(("", "WER", "errors", "words", ""), rows))
    print(
        f"B - A: {gain.difference:+.2f} points, 95% interval {gain.interval.low:+.2f} to {gain.interval.high:+.2f} "
        f"({args.bootstrap} replicates); B is better in {100 * gain.probability:.1f}% of them"
    )
    verdict = "differ" if found.is_significant else "do not differ significantly"
    print(
        f"matched pairs (MAPSSWE): {test.segments} segments, mean {test.mean:.3f}, standard deviation "
        f"{test.standard_deviation:.3f}, Z {test.z:.3f}, p {test.p_value:.4f}: "
        f"A and B {verdict} at {SIGNIFICANCE_LEVEL:g}"
    )
    if args.json is not None:
        systems: dict[str, Any] = {
            letter: {"hypothesis": name, "wer": total.wer, "errors": total.errors, "words": total.reference_words}
            for letter, total, name in zip("AB", totals, names, strict=True)
        }
        write_json(args.json, systems | {"matched_pairs": asdict(test), "bootstrap": asdict(gain)})


def _systems(args: argparse.Namespace) -> list[list[AlignedUtterance]]:
    """The aligned segments or utterances of both, in the same order."""
    if args.stm is not None:
        reference = read_reference(args)
        return [aligned_segments(reference.score(reference.read_hypotheses(path))) for path in args.compare]
    references = read_transcripts(args.text)
    systems = []
    for path in args.compare:
        try:
            systems.append(align_transcripts(references, read_transcripts(path)))
        except DataError as error:
            raise error.at(path=path) from None
    return systems
