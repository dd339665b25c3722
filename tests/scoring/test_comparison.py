"""Comparison of two systems."""

from __future__ import annotations

import pytest

from blasr.errors import DataError
from blasr.scoring.aligned_utterance import align_transcripts
from blasr.scoring.comparison import compare_systems
from blasr.scoring.edit_distance import ErrorCounts

REFERENCES = {f"u{number}": ["a", "b", "c", "d"] for number in range(40)}


def test_a_system_with_errors_everywhere_is_significantly_worse() -> None:
    # every third utterance is right, the others have one substitution
    worse = {name: ["a", "x" if number % 3 else "b", "c", "d"] for number, name in enumerate(REFERENCES)}
    found = compare_systems(align_transcripts(REFERENCES, worse), align_transcripts(REFERENCES, REFERENCES))
    assert found.totals == (ErrorCounts(correct=134, substitutions=26), ErrorCounts(correct=160))
    assert (found.matched_pairs.segments, found.matched_pairs.mean) == (26, 1.0)
    assert found.improvement.difference == pytest.approx(-100 * 26 / 160)
    assert found.improvement.probability == 1.0


def test_systems_with_different_errors_of_the_same_number_do_not_differ() -> None:
    first = {name: ["a", "x" if number % 2 else "b", "c", "d"] for number, name in enumerate(REFERENCES)}
    second = {name: ["a", "b" if number % 2 else "x", "c", "d"] for number, name in enumerate(REFERENCES)}
    found = compare_systems(align_transcripts(REFERENCES, first), align_transcripts(REFERENCES, second))
    assert not found.is_significant
    assert found.matched_pairs.p_value == 1.0
    more = {name: ["x", *words[1:]] for name, words in second.items()}
    found = compare_systems(align_transcripts(REFERENCES, first), align_transcripts(REFERENCES, more))
    assert found.is_significant


def test_different_utterances_are_refused() -> None:
    with pytest.raises(DataError, match="not scored on the same utterances"):
        compare_systems(align_transcripts({"u1": ["a"]}, {}), align_transcripts({"u2": ["a"]}, {}))


def test_the_interval_by_speakers_is_that_of_the_speakers() -> None:
    """Utterances of one speaker that all have the same error are one observation, not ten."""
    speakers = {name: f"s{number // 10}" for number, name in enumerate(REFERENCES)}
    worse = {name: ["a", "x" if speakers[name] in ("s0", "s1") else "b", "c", "d"] for name in REFERENCES}
    systems = [align_transcripts(REFERENCES, hypotheses, speakers) for hypotheses in (worse, REFERENCES)]
    narrow = compare_systems(*systems).improvement
    wide = compare_systems(*systems, by_speaker=True).improvement
    assert narrow.difference == wide.difference == pytest.approx(-12.5)
    assert narrow.interval.low > -17 and narrow.interval.high < -8
    assert (wide.interval.low, wide.interval.high) == (-25.0, 0.0)
