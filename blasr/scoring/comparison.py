"""Comparison of two systems on the same references: do they differ, and by how much?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from blasr.errors import DataError
from blasr.scoring.aligned_utterance import AlignedUtterance, speaker_counts
from blasr.scoring.bootstrap import Improvement, improvement
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.matched_pairs import MatchedPairs, matched_pairs

SIGNIFICANCE_LEVEL: Final = 0.05
"""The p-value below which a difference counts as significant."""


@dataclass(frozen=True, slots=True)
class SystemComparison:
    """What the comparison of a first and a second system found.

    Attributes:
        totals: the counts of the first and of the second system.
        matched_pairs: NIST's test of whether they differ.
        improvement: how the second system's error rate differs from the first's, by the bootstrap.
    """

    totals: tuple[ErrorCounts, ErrorCounts]
    matched_pairs: MatchedPairs
    improvement: Improvement

    @property
    def is_significant(self) -> bool:
        """Whether the matched-pairs test finds a difference at :data:`SIGNIFICANCE_LEVEL`."""
        return self.matched_pairs.p_value < SIGNIFICANCE_LEVEL


def compare_systems(
    first: Sequence[AlignedUtterance],
    second: Sequence[AlignedUtterance],
    *,
    by_speaker: bool = False,
    replicates: int = 1000,
    seed: int = 0,
) -> SystemComparison:
    """Compare two systems by the matched-pairs test and by the bootstrap.

    Args:
        first: the first system's utterances or segments, aligned with their references.
        second: the same utterances of the second system, in the same order.
        by_speaker: draw whole speakers in the bootstrap instead of utterances. The utterances of one speaker are not
            independent, so this interval is the wider and the right one for what new speakers would show.
        replicates: number of bootstrap replicates.
        seed: seed of the bootstrap.

    Raises:
        DataError: the two have different utterances.
    """
    if [utterance.name for utterance in first] != [utterance.name for utterance in second]:
        raise DataError("the two systems were not scored on the same utterances")
    if by_speaker:
        counts = [list(speaker_counts(system).values()) for system in (first, second)]
    else:
        counts = [[utterance.counts for utterance in system] for system in (first, second)]
    return SystemComparison(
        totals=(sum(counts[0], ErrorCounts()), sum(counts[1], ErrorCounts())),
        matched_pairs=matched_pairs(
            [utterance.verdicts for utterance in first], [utterance.verdicts for utterance in second]
        ),
        improvement=improvement(counts[0], counts[1], replicates=replicates, seed=seed),
    )
