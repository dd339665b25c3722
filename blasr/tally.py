"""Counts of the utterances that a stage received, kept and dropped, with the reasons."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

from blasr.errors import BlasrError, DataError

logger = logging.getLogger(__name__)


@dataclass
class Tally:
    """Counts what a stage keeps and drops, and raises an error if the loss is too large.

    Attributes:
        stage: the name of the stage, as users know it ("align", "dump").
        max_loss: the largest share of dropped items that :meth:`check` accepts, from 0 to 1.
        unit: what is counted.
        kept: how many items were kept.
        dropped: how many items were dropped, by reason.
        examples: the first item that was dropped for each reason.
        first_errors: the first error that dropped an item for each reason.
    """

    stage: str
    max_loss: float = 0.05
    unit: str = "utterances"
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    first_errors: dict[str, BlasrError] = field(default_factory=dict)

    def keep(self, count: int = 1) -> None:
        """Count items for which the stage produced an output."""
        self.kept += count

    def drop(self, item: str, reason: str, count: int = 1) -> None:
        """Count items without an output. Items with the same ``reason`` are reported together: keep it general.

        Args:
            item: the item, or the first one of several.
            reason: why.
            count: the number of items.
        """
        self.dropped[reason] += count
        self.examples.setdefault(reason, item)

    def drop_error(self, item: str, error: BlasrError) -> None:
        """Count one item that an error made unusable, and log the error."""
        self.drop(item, error.reason)
        self.first_errors.setdefault(error.reason, error)
        where = "" if error.path is None else f"{error.path}: "
        logger.warning("%s: dropped %s: %s%s", self.stage, item, where, error.message)

    @property
    def total(self) -> int:
        """The number of items that the stage received."""
        return self.kept + sum(self.dropped.values())

    def summary(self) -> str:
        """The counts in one line: ``align: 100 utterances in -> 98 kept -> 2 dropped (2 too short, first u7)``."""
        lost = sum(self.dropped.values())
        reasons = "; ".join(
            f"{count} {reason}, first {self.examples[reason]}" for reason, count in self.dropped.most_common()
        )
        return f"{self.stage}: {self.total} {self.unit} in -> {self.kept} kept -> {lost} dropped" + (
            f" ({reasons})" if reasons else ""
        )

    def check_early(self, expected: int) -> None:
        """Check that the loss is within the limit even if all other items are kept.

        Args:
            expected: how many items will come in, all in all.

        Raises:
            DataError: more than ``max_loss`` of ``expected`` items were dropped already.
        """
        lost = sum(self.dropped.values())
        if lost > self.max_loss * expected:
            raise DataError(
                f"{self.summary()}; that is above the allowed {self.max_loss:.1%} of {expected} {self.unit}",
                fix=f"{self._fix()}, or allow the loss with --max-loss",
            )

    def check(self) -> None:
        """Check the loss.

        Raises:
            DataError: nothing was kept, or more than ``max_loss`` of the items were dropped.
        """
        lost = self.total - self.kept
        if self.kept == 0:
            raise DataError(f"{self.summary()}; nothing is left", fix=self._fix())
        if lost > self.max_loss * self.total:
            raise DataError(
                f"{self.summary()}; that is {lost / self.total:.1%}, above the allowed {self.max_loss:.1%}",
                fix=f"{self._fix()}, or allow the loss with --max-loss",
            )

    def _fix(self) -> str:
        """What to do about the most frequent reason: the advice of its first error, if it gave any."""
        reason = self.dropped.most_common(1)[0][0] if self.dropped else ""
        error = self.first_errors.get(reason)
        if error is None or error.fix is None:
            return "fix the inputs named above"
        where = "" if error.path is None else f"{error.path}: "
        return f"{self.examples[reason]}: {where}{error.message}: {error.fix}"
