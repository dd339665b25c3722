"""The groups of segments that a report lists."""

from __future__ import annotations

from blasr.io.nist.stm import StmSegment
from blasr.scoring.bootstrap import wer_interval
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.group_scores import group_scores
from blasr.scoring.hub5 import Hub5Score, ScoredSegment


def scored(start: int, label: str, counts: ErrorCounts) -> ScoredSegment:
    return ScoredSegment(StmSegment("rec", "A", "ann", start, start + 1, ("O", label), ""), counts, 1)


def test_labels_come_in_the_given_order_and_all_segments_last() -> None:
    good, bad = ErrorCounts(correct=4), ErrorCounts(correct=1, deletions=3)
    score = Hub5Score((scored(0, "SWB", good), scored(1, "CH", bad)), ignored=0)
    groups = group_scores(score, ["CH", "absent"], replicates=50, seed=1)
    assert [(group.name, group.num_segments, group.counts) for group in groups] == [
        ("CH", 1, bad),
        ("O", 2, good + bad),
        ("SWB", 1, good),
        ("all", 2, good + bad),
    ]
    assert groups[-1].interval == groups[1].interval == wer_interval([good, bad], replicates=50, seed=1)
    assert (groups[0].interval.low, groups[0].interval.high) == (75, 75)
