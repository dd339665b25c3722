"""Hypothesis words in the segments of a reference, by the middle of their times, as NIST's ``sclite`` puts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from blasr.scoring.word_network import Item


@dataclass(frozen=True, slots=True)
class TimedItem:
    """A hypothesis word or alternatives, and the middle of its time, of the latest word where there are several."""

    item: Item
    middle_seconds: float


class ReferenceSegment(Protocol):
    """A stretch of one side of a recording with a transcript."""

    @property
    def recording(self) -> str:
        """The recording's name."""
        ...

    @property
    def channel(self) -> str:
        """The side of the recording."""
        ...

    @property
    def speaker(self) -> str:
        """Who speaks."""
        ...

    @property
    def start_seconds(self) -> float:
        """Where it begins."""
        ...

    @property
    def end_seconds(self) -> float:
        """Where it ends."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The subsets that it belongs to."""
        ...

    @property
    def text(self) -> str:
        """What is said, in NIST's markup."""
        ...

    @property
    def ignored(self) -> bool:
        """Whether neither it nor the hypothesis there is scored."""
        ...

    @property
    def line(self) -> int:
        """Its line in the file."""
        ...


Side = tuple[str, str]
SegmentType = TypeVar("SegmentType", bound=ReferenceSegment)


def side_of(recording: str, channel: str) -> Side:
    """What tells one side of a recording from another, whatever their letters' case."""
    return recording.lower(), channel.lower()


def in_order(segments: Sequence[SegmentType]) -> dict[Side, list[SegmentType]]:
    """The segments of each side by their start, sides in the order of their names."""
    sides: dict[Side, list[SegmentType]] = {}
    for segment in segments:
        sides.setdefault(side_of(segment.recording, segment.channel), []).append(segment)
    return {side: sorted(sides[side], key=lambda segment: segment.start_seconds) for side in sorted(sides)}


def assign(segments: Sequence[ReferenceSegment], items: Sequence[TimedItem]) -> list[list[TimedItem]]:
    """The items of each segment of one side; both come in the order of their starts.

    A segment takes what follows while its middle is before the segment's end, so words between two segments fall to
    the later one, and those after the last to the last (``segment_hyp_for_utt`` of ``stm2ctm.c``). Ends have single
    precision, as in ``sclite``.
    """
    assigned: list[list[TimedItem]] = []
    place = 0
    for segment in segments[:-1]:
        end = float(np.float32(segment.end_seconds))
        begin = place
        while place < len(items) and items[place].middle_seconds < end:
            place += 1
        assigned.append(list(items[begin:place]))
    return [*assigned, list(items[place:])] if segments else []
