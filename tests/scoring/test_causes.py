"""Causes of errors: spelling, vocabulary, search and models."""

from __future__ import annotations

from collections import Counter

import pytest

from blasr.scoring.causes import Cause, LatticeEvidence, causes
from tests.scoring.aligned import utterance


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("may:maybe be:-", {Cause.NORMALIZATION: 2}),
        ("it's:its a:a co-op:Coop", {Cause.NORMALIZATION: 2}),
        ("a:a xylo:b -:c d:d", {Cause.VOCABULARY: 2}),
        ("a:b", {Cause.UNKNOWN: 1}),
        ("a:a", {}),
    ],
)
def test_causes_that_follow_from_the_words(text: str, expected: dict[Cause, int]) -> None:
    assert causes(utterance(text), lambda word: word != "xylo") == Counter(expected)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (LatticeEvidence(0, 3.0, -1.0), {Cause.LANGUAGE_MODEL: 3}),
        (LatticeEvidence(0, -1.0, 3.0), {Cause.MODEL: 3}),
        (LatticeEvidence(2, -1.0, 3.0), {Cause.MODEL: 1, Cause.SEARCH: 2}),
        (LatticeEvidence(9, 0.0, 0.0), {Cause.SEARCH: 3}),
        (LatticeEvidence(3, 0.0, 0.0, forced_excess=-2.0), {Cause.SEARCH: 3}),
        (LatticeEvidence(3, 0.0, 0.0, forced_excess=5.0, forced_graph_excess=4.0), {Cause.LANGUAGE_MODEL: 3}),
        (LatticeEvidence(3, 0.0, 0.0, forced_excess=5.0, forced_graph_excess=1.0), {Cause.MODEL: 3}),
    ],
)
def test_causes_that_follow_from_lattices(evidence: LatticeEvidence, expected: dict[Cause, int]) -> None:
    assert causes(utterance("a:x b:b c:y d:d e:-"), None, evidence) == Counter(expected)


def test_an_error_of_the_vocabulary_is_not_counted_for_the_search_too() -> None:
    found = causes(utterance("xylo:b d:d e:y"), lambda word: word != "xylo", LatticeEvidence(1, 0.0, 1.0))
    assert found == Counter({Cause.VOCABULARY: 1, Cause.MODEL: 1})
