"""Aligned utterances."""

from __future__ import annotations

import pytest

from blasr.errors import DataError
from blasr.io.nist.stm import StmSegment
from blasr.scoring.aligned_utterance import AlignedUtterance, align_transcripts, aligned_segments
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.hub5 import score_segments
from tests.scoring.test_hub5 import Timed


def test_counts_and_verdicts_of_each_kind_of_error() -> None:
    pairs = (("a", "a"), ("b", "x"), ("c", None), (None, "d"), ("(uh)", None))
    utterance = AlignedUtterance("u1", "ann", pairs, (True, False, False, False, True))
    assert utterance.counts == ErrorCounts(correct=2, substitutions=1, deletions=1, insertions=1)
    assert "".join(utterance.verdicts) == "CSDIC"


def test_an_utterance_without_a_hypothesis_is_deleted() -> None:
    references = {"u1": ["a", "b"], "u2": ["c"]}
    first, second = align_transcripts(references, {"u1": ["a", "x"]}, {"u1": "ann", "u2": "bob"})
    assert (first.name, first.speaker, first.pairs) == ("u1", "ann", (("a", "a"), ("b", "x")))
    assert (second.speaker, second.counts) == ("bob", ErrorCounts(deletions=1))
    assert {utterance.speaker for utterance in align_transcripts(references, {})} == {"all"}


def test_hypotheses_without_reference_and_utterances_without_speaker_are_refused() -> None:
    with pytest.raises(DataError, match="utterance u9: 1 of 2 hypotheses have no reference"):
        align_transcripts({"u1": ["a"]}, {"u1": ["a"], "u9": []})
    with pytest.raises(DataError, match="utterance u1: has a reference but no speaker"):
        align_transcripts({"u1": ["a"]}, {}, {"u2": "ann"})


def test_segments_keep_the_verdicts_of_their_alignment() -> None:
    segment = StmSegment("rec", "A", "ann", 0.0, 1.0, (), "(uh) { a / b } c")
    score = score_segments([segment], [[[Timed("b", 0.4)]], [[Timed("x", 0.6)]]])
    (utterance,) = aligned_segments(score)
    assert (utterance.name, utterance.speaker) == ("rec A 0.00-1.00", "ann")
    assert utterance.pairs == (("(uh)", None), ("b", "b"), ("c", "x"))
    assert utterance.verdicts == [pair.verdict for pair in score.segments[0].pairs]
    assert utterance.counts == score.total
