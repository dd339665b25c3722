"""The tables, the JSON and the page of ``blasr explain``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blasr.cli.columns import numbers_table
from blasr.cli.score.tables import count_report, write_json

if TYPE_CHECKING:
    from blasr.scoring import AlignedUtterance, Calibration, Cause, Confusions, LatticeEvidence

NUM_LISTED = 10


@dataclass(frozen=True)
class Explanation:
    """The aligned utterances, the causes of their errors, and remarks about both.

    Attributes:
        utterances: the aligned words.
        causes: the number of errors of each cause.
        notes: the remarks.
        phones: the aligned phones, if the pronunciations are known.
        calibration: the confidences of the words, if they are known.
    """

    utterances: Sequence[AlignedUtterance]
    causes: Counter[Cause]
    notes: Sequence[str]
    phones: Sequence[AlignedUtterance] = ()
    calibration: Calibration | None = None


def print_explanation(
    utterances: Sequence[AlignedUtterance],
    in_vocabulary: Callable[[str], bool] | None,
    evidence: Mapping[str, LatticeEvidence],
    notes: Sequence[str],
    *,
    json_path: Path | None,
    pronunciations: Mapping[str, Sequence[str]] | None = None,
    confidences: Mapping[str, Sequence[float]] | None = None,
) -> Explanation:
    """Find the causes of all errors, print the tables, and write them as JSON if asked to.

    Args:
        utterances: the aligned utterances.
        in_vocabulary: the test whether a word is in the vocabulary, if the vocabulary is known.
        evidence: the lattices' evidence, by utterance-id.
        notes: remarks to print.
        json_path: the file for JSON, if any.
        pronunciations: the phones of each word, if they are known.
        confidences: the confidences of the words of each hypothesis, if they are known.

    Raises:
        MismatchError: the confidences belong to other hypotheses.
    """
    from blasr.scoring import Calibration, Confusions, ErrorCounts, causes, judged_words, phone_alignments, wer_line

    notes = list(notes)
    phones: list[AlignedUtterance] = []
    calibration = None if confidences is None else Calibration.of(judged_words(utterances, confidences))
    if calibration is not None:
        notes.append(str(calibration))
    if pronunciations is not None:
        phones, left_out = phone_alignments(utterances, pronunciations)
        if left_out:
            notes.append(f"{left_out} runs of errors have words without a pronunciation; phones leave these out")
    found: Counter[Cause] = Counter()
    for utterance in utterances:
        found.update(causes(utterance, in_vocabulary, evidence.get(utterance.name)))
    tables = Confusions.of(utterances)
    total = sum((utterance.counts for utterance in utterances), ErrorCounts())
    print(wer_line(total))
    for note in notes:
        print(note)
    _print_causes(found)
    _print_confusions(tables)
    if json_path is not None:
        causes_report = {cause.value: count for cause, count in sorted(found.items(), key=_order)}
        write_json(
            json_path,
            {
                **count_report(total),
                "causes": causes_report,
                "notes": list(notes),
                **_confusions_report(tables),
                **_calibration_report(calibration),
            },
        )
    return Explanation(utterances, found, notes, phones, calibration)


def write_page(path: Path | None, title: str, explanation: Explanation) -> None:
    """Write the HTML page, if a path is given."""
    from blasr.io import atomic_open
    from blasr.scoring import error_page

    if path is not None:
        with atomic_open(path, "w") as file:
            page = error_page(
                title,
                explanation.utterances,
                explanation.causes,
                explanation.notes,
                phones=explanation.phones,
                calibration=explanation.calibration,
            )
            file.write(page)


def _order(entry: tuple[Cause, int]) -> int:
    return list(type(entry[0])).index(entry[0])


def _print_causes(found: Counter[Cause]) -> None:
    from blasr.scoring import MEANING

    total = max(found.total(), 1)
    ordered = sorted(found.items(), key=_order)
    rows = [[cause.value, str(count), f"{100 * count / total:.1f}%"] for cause, count in ordered]
    print("\n" + numbers_table(("cause", "errors", "share"), rows))
    for cause, _ in ordered:
        print(f"  {cause}: {MEANING[cause]}")


def _print_confusions(tables: Confusions) -> None:
    worst = sorted(tables.speakers.items(), key=lambda entry: (-entry[1].errors, entry[0]))[:NUM_LISTED]
    speakers = [[name, f"{counts.wer:.2f}", str(counts.errors), str(counts.reference_words)] for name, counts in worst]
    print("\n" + numbers_table(("speaker", "WER", "errors", "words"), speakers))
    words = [
        [word, *map(str, (errors.substituted, errors.deleted, errors.inserted, errors.correct))]
        for word, errors in tables.worst_words(NUM_LISTED)
    ]
    if words:
        print("\n" + numbers_table(("word", "substituted", "deleted", "inserted", "correct"), words))
    pairs = [[f"{reference} -> {found}", str(count)] for (reference, found), count in tables.worst_pairs(NUM_LISTED)]
    if pairs:
        print("\n" + numbers_table(("substitution", "times"), pairs))


def _confusions_report(tables: Confusions) -> dict[str, Any]:
    return {
        "speakers": {name: count_report(counts) for name, counts in tables.speakers.items()},
        "words": {
            word: {"correct": seen.correct, "sub": seen.substituted, "del": seen.deleted, "ins": seen.inserted}
            for word, seen in sorted(tables.words.items())
        },
        "substitutions": [[*pair, count] for pair, count in tables.worst_pairs(len(tables.substitutions))],
    }


def _calibration_report(calibration: Calibration | None) -> dict[str, Any]:
    if calibration is None:
        return {}
    bins = [
        {"low": part.low, "high": part.high, "words": part.words, "right": part.right, "mean": part.mean_confidence}
        for part in calibration.bins
    ]
    cross_entropy = calibration.normalized_cross_entropy
    return {
        "confidences": {
            "words": calibration.words,
            "expected_error": calibration.expected_error,
            "normalized_cross_entropy": None if math.isnan(cross_entropy) else cross_entropy,
            "bins": bins,
        }
    }
