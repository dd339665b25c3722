"""Every stage's account of its utterances: how many came in, were kept, were dropped and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from blasr.errors import DataError


@dataclass
class Tally:
    """Counts what a stage kept and dropped, and refuses to go on after too great a loss.

    Args:
        stage: the stage's name, as a user would say it ("align", "dump").
        max_loss: the greatest share of dropped items that :meth:`check` lets pass, from 0 to 1.
        unit: what is counted.
    """

    stage: str
    max_loss: float = 0.05
    unit: str = "utterances"
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def keep(self, count: int = 1) -> None:
        """Count items that the stage produced an output for."""
        self.kept += count

    def drop(self, item: str, reason: str) -> None:
        """Count one item that has no output; ``reason`` is the key of the report, so keep it general."""
        self.dropped[reason] += 1
        self.examples.setdefault(reason, item)

    @property
    def total(self) -> int:
        """Items that came in."""
        return self.kept + sum(self.dropped.values())

    def summary(self) -> str:
        """``align: 100 utterances in -> 98 kept -> 2 dropped (2 too short, first u7)``."""
        lost = sum(self.dropped.values())
        reasons = "; ".join(
            f"{count} {reason}, first {self.examples[reason]}" for reason, count in self.dropped.most_common()
        )
        return f"{self.stage}: {self.total} {self.unit} in -> {self.kept} kept -> {lost} dropped" + (
            f" ({reasons})" if reasons else ""
        )

    def check(self) -> None:
        """Raise :class:`DataError` if nothing was kept or more than ``max_loss`` of the items were dropped."""
        lost = self.total - self.kept
        if self.kept == 0:
            raise DataError(f"{self.summary()}; nothing is left to work on", fix="mend the inputs named above")
        if lost > self.max_loss * self.total:
            raise DataError(
                f"{self.summary()}; that is {lost / self.total:.1%}, above the allowed {self.max_loss:.1%}",
                fix="mend the inputs named above, or allow the loss with --max-loss",
            )
