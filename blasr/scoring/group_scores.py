"""The groups of segments that a report lists: each label of the reference, and all segments together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blasr.scoring.bootstrap import Interval, wer_interval
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.hub5 import Hub5Score, pooled


@dataclass(frozen=True, slots=True)
class GroupScore:
    """The score of a group of segments.

    Attributes:
        name: the label that the segments have, or ``all``.
        num_segments: the number of segments.
        counts: the sum of their counts.
        interval: the bootstrap's interval of their word error rate, in percent.
    """

    name: str
    num_segments: int
    counts: ErrorCounts
    interval: Interval


def group_scores(
    score: Hub5Score, labels: Iterable[str] = (), *, replicates: int = 1000, seed: int = 0
) -> list[GroupScore]:
    """Return the score of every label that a segment has, and last that of ``all`` segments.

    Args:
        score: the scored segments.
        labels: labels to list first, in this order.
        replicates: number of bootstrap replicates.
        seed: seed of the bootstrap, used again for every group.
    """
    groups = {**score.by_label(labels), "all": list(score.segments)}
    return [
        GroupScore(
            name,
            len(segments),
            pooled(segments),
            wer_interval([scored.counts for scored in segments], replicates=replicates, seed=seed),
        )
        for name, segments in groups.items()
    ]
