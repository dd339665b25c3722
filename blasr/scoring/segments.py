"""Assignment of hypothesis words to reference segments by their middle, as in NIST's ``sclite``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from blasr.scoring.word_network import Item


@dataclass(frozen=True, slots=True)
class TimedItem:
    """A hypothesis word or alternatives, and the middle of its time; for alternatives, of the latest word."""

    item: Item
    middle_seconds: float


class ReferenceSegment(Protocol):
    """A part of one side of a recording, with a transcript."""

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
        """The speaker-id."""
        ...

    @property
    def start_seconds(self) -> float:
        """The start of the segment."""
        ...

    @property
    def end_seconds(self) -> float:
        """The end of the segment."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the subsets that it belongs to."""
        ...

    @property
    def text(self) -> str:
        """The transcript, in NIST's markup."""
        ...

    @property
    def ignored(self) -> bool:
        """Whether the segment is excluded from scoring, with the hypothesis words in it."""
        ...

    @property
    def line(self) -> int:
        """The line in the file, from 1."""
        ...


Side = tuple[str, str]
SegmentType = TypeVar("SegmentType", bound=ReferenceSegment)


def side_of(recording: str, channel: str) -> Side:
    """Return the key of a side of a recording; case does not matter."""
    return recording.lower(), channel.lower()


def in_order(segments: Sequence[SegmentType]) -> dict[Side, list[SegmentType]]:
    """Return the segments of each side in the order of their starts; sides are in the order of their names."""
    sides: dict[Side, list[SegmentType]] = {}
    for segment in segments:
        sides.setdefault(side_of(segment.recording, segment.channel), []).append(segment)
    return {side: sorted(sides[side], key=lambda segment: segment.start_seconds) for side in sorted(sides)}


def assign(segments: Sequence[ReferenceSegment], items: Sequence[TimedItem]) -> list[list[TimedItem]]:
    """Return the items of each segment of one side.

    A segment gets the next items as long as their middle is before its end. So items between two segments belong to the
    later one, and items after the last segment to the last (``segment_hyp_for_utt`` of ``stm2ctm.c``). As in
    ``sclite``, ends have single precision.

    Args:
        segments: in the order of their starts.
        items: in the order of their starts.
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
