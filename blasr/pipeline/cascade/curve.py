"""The errors and the cost of a cascade at many thresholds, and the choice of one for a wanted loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.inference.cascade import CascadeUsage
from blasr.scoring import ErrorCounts, Improvement, improvement
from blasr.units import AnyArray

ALWAYS_BIG: Final = 1.01
"""A threshold above every confidence."""


@dataclass(frozen=True)
class CurvePoint:
    """A cascade at one threshold.

    Attributes:
        threshold: T.
        usage: what was computed.
        counts: the errors of every utterance or image, in the same order at all thresholds.
    """

    threshold: float
    usage: CascadeUsage
    counts: tuple[ErrorCounts, ...]

    @cached_property
    def total(self) -> ErrorCounts:
        """The errors of all utterances together."""
        return sum(self.counts, ErrorCounts())

    @property
    def macs_share(self) -> float:
        """MACs, as a share of those of the big model alone."""
        return self.usage.macs / self.usage.big_macs

    @property
    def share_passed_on(self) -> float:
        """The share of frames, or of images, that the big model computes."""
        return self.usage.passed_on / self.usage.frames

    def loss(self, big: CurvePoint) -> Improvement:
        """Return the difference of the error rates to the big model in percentage points, with its interval."""
        return improvement(big.counts, self.counts)


@dataclass(frozen=True)
class CascadeCurve:
    """A cascade at all thresholds that were tried.

    Attributes:
        measure: what its errors are: "WER", "top-1 error" or "frame disagreement".
        points: by ascending threshold; the first is the little model alone, the last the big one alone.
    """

    measure: str
    points: tuple[CurvePoint, ...]

    @property
    def little(self) -> CurvePoint:
        """The little model alone."""
        return self.points[0]

    @property
    def big(self) -> CurvePoint:
        """The big model alone."""
        return self.points[-1]

    def check_differences(self, unit: str) -> None:
        """Refuse data on which both models do equally well, one by one.

        Raises:
            DataError: no utterance has other errors with the big model than with the little one.
        """
        if self.little.counts == self.big.counts:
            raise DataError(
                f"both models have the same {self.measure} on each of {len(self.big.counts)} {unit}, so that no "
                "threshold can be chosen",
                fix="give more or harder data, or use the little model alone",
            )

    def choose(self, max_degradation: float) -> CurvePoint:
        """Return the point with the fewest MACs, among those that lose at most ``max_degradation`` to the big model.

        Args:
            max_degradation: in percentage points of the error rate.
        """
        allowed = [point for point in self.points if point.total.wer - self.big.total.wer <= max_degradation + 1e-9]
        return min(allowed, key=lambda point: (point.usage.macs, point.threshold))


def thresholds_of(confidences: AnyArray, count: int) -> list[float]:
    """Return thresholds that pass on equal steps of all parts: 0, ``count`` of them, and one above every confidence.

    A threshold is the middle between two neighboring confidences, so that it has the same effect if rounding changes
    them a little.

    Args:
        confidences: of all parts of the data.
        count: how many thresholds between the extremes; fewer if there are fewer different confidences.
    """
    levels = np.unique(confidences)
    ordered = np.sort(confidences)
    found = []
    for share in np.arange(1, count + 1) / (count + 1):
        level = int(np.searchsorted(levels, ordered[int(share * len(ordered))]))
        if level > 0:
            found.append(float(levels[level - 1] + levels[level]) / 2)
    return [0.0, *sorted(set(found)), ALWAYS_BIG]
