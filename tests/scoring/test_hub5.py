"""Words in segments, alternatives with their times, and counts by label, speaker and side."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from blasr.errors import DataError
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.hub5 import Hub5Score, pooled, score_segments


class Segment(NamedTuple):
    start_seconds: float
    end_seconds: float
    text: str
    labels: tuple[str, ...] = ()
    recording: str = "rec"
    channel: str = "A"
    speaker: str = "ann"
    ignored: bool = False
    line: int = 1


class Timed(NamedTuple):
    word: str
    start_seconds: float
    duration_seconds: float = 0.1
    recording: str = "REC"
    channel: str = "a"


def score(segments: list[Segment], *words: Timed) -> Hub5Score:
    return score_segments(segments, [[[word]] for word in words])


def counts(found: Hub5Score) -> list[ErrorCounts]:
    return [scored.counts for scored in found.segments]


def test_the_middle_of_a_word_decides() -> None:
    segments = [Segment(1, 2, "b"), Segment(0, 1, "a"), Segment(2.5, 3, "c")]
    found = score(segments, Timed("c", 2.9, 0.5), Timed("b", 0.96), Timed("a", 0.9), Timed("b", 2.1))
    assert [scored.segment.text for scored in found.segments] == ["a", "b", "c"]
    assert counts(found) == [ErrorCounts(correct=1), ErrorCounts(correct=1), ErrorCounts(correct=1, insertions=1)]


def test_words_in_an_ignored_segment_are_ignored() -> None:
    segments = [Segment(0, 1, "x", ignored=True), Segment(1, 2, "a")]
    found = score(segments, Timed("y", 0.5), Timed("a", 1.5))
    assert (counts(found), found.ignored) == ([ErrorCounts(correct=1)], 1)


def test_segments_without_hypothesis_are_deleted_and_listed() -> None:
    segments = [Segment(0, 1, "a b"), Segment(0, 1, "", channel="B"), Segment(1, 2, "c")]
    found = score(segments, Timed("c", 1.5))
    assert found.total == ErrorCounts(correct=1, deletions=2)
    assert [scored.segment.text for scored in found.without_hypothesis] == ["a b"]


def test_the_latest_middle_of_alternatives_decides() -> None:
    block = [[Timed("a", 0.7)], [Timed("b", 0.7, 0.2), Timed("c", 0.9, 0.4)]]
    segments = [Segment(0, 1, "x"), Segment(1, 2, "b c")]
    assert counts(score_segments(segments, [block])) == [ErrorCounts(deletions=1), ErrorCounts(correct=2)]


def test_a_word_that_becomes_several_shares_its_time() -> None:
    segments = [Segment(0, 1, "it"), Segment(1, 2, "is")]
    word = [[Timed("its", 0.5, 1.0)]]
    split = score_segments(segments, [word], normalize_hypothesis=lambda text: text.replace("its", "it is"))
    assert counts(split) == [ErrorCounts(correct=1), ErrorCounts(correct=1)]
    either = score_segments(segments, [word], normalize_hypothesis=lambda text: "{it is / its}")
    assert counts(either) == [ErrorCounts(deletions=1), ErrorCounts(correct=1, insertions=1)]
    gone = score_segments(segments, [word], normalize_hypothesis=lambda text: "")
    assert gone.total == ErrorCounts(deletions=2)


def test_labels_speakers_and_sides() -> None:
    segments = [Segment(0, 1, "a", ("O", "SWB")), Segment(1, 2, "b", ("o", "CH"), speaker="bob")]
    found = score(segments, Timed("a", 0.5))
    labels = {label: pooled(group) for label, group in found.by_label(["CH", "none"]).items()}
    assert list(labels) == ["CH", "O", "SWB"]
    assert labels["O"] == found.total == ErrorCounts(correct=1, deletions=1)
    assert labels["CH"] == ErrorCounts(deletions=1)
    assert {name: len(group) for name, group in found.by_speaker().items()} == {"ann": 1, "bob": 1}
    assert {name: len(group) for name, group in found.by_side().items()} == {"rec A": 2}


def test_segments_of_sides_without_a_hypothesis_are_a_loss() -> None:
    segments = [Segment(0, 1, "a"), Segment(1, 2, "b"), Segment(0, 1, "c", channel="B")]
    words = [[[Timed("a", 0.5)]]]
    tally = score_segments(segments, words).coverage(words, max_loss=0.4)
    assert (tally.kept, tally.total) == (2, 3)
    tally.check()
    with pytest.raises(DataError, match="1 on sides without a hypothesis, counted as deleted, first rec B"):
        score_segments(segments, words).coverage(words, max_loss=0.1).check()


def test_a_transcript_that_normalization_breaks_is_named() -> None:
    with pytest.raises(DataError, match=r"utterance rec A 0: the transcript is broken: a \{ has no \}"):
        score_segments([Segment(0, 1, "a")], [], normalize_reference=lambda text: "{ a")
