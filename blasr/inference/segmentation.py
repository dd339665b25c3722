"""Long recordings cut into segments for the decoder: at the quietest places, with overlaps, and without losing a word.

No audio is left out, since every threshold under speech cuts off some of it: silence costs the decoder little, and a
graph with optional silence has no words for it. A recording that is not longer than a segment may be is not cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol, TypeVar

import numpy as np

from blasr.errors import ConfigError
from blasr.units import AnyArray

PAUSE_SECONDS: Final = 0.3
"""Over how long a stretch the energies are averaged whose lowest is a place to cut."""

_EQUALLY_QUIET: Final = 1e-3  # of mean log energies


@dataclass(frozen=True)
class SegmentationConfig:
    """How long recordings are cut.

    Attributes:
        max_seconds: the longest segment, its overlaps apart.
        min_seconds: the shortest, but for the last.
        overlap_seconds: how far a segment is decoded beyond each cut, so that a word at a cut is heard whole.
    """

    max_seconds: float = 30.0
    min_seconds: float = 12.0
    overlap_seconds: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.min_seconds <= self.max_seconds and 0 <= self.overlap_seconds <= self.min_seconds):
            raise ConfigError(
                f"segments: found max_seconds {self.max_seconds}, min_seconds {self.min_seconds}, overlap_seconds "
                f"{self.overlap_seconds}; expected 0 < min_seconds <= max_seconds and 0 <= overlap_seconds <= "
                "min_seconds"
            )


@dataclass(frozen=True, slots=True)
class Segment:
    """The frames from ``start`` to before ``end``, decoded from ``begin`` to before ``stop``, overlaps included."""

    start: int
    end: int
    begin: int
    stop: int


def cut(energies: AnyArray, frame_shift_seconds: float, config: SegmentationConfig) -> list[Segment]:
    """The segments of a recording, which together are all of it.

    Args:
        energies: the log energy of every frame, ``(T,)``.
        frame_shift_seconds: from frame to frame.
        config: how long segments may be.
    """

    def frames(seconds: float) -> int:
        return max(1, round(seconds / frame_shift_seconds))

    longest, shortest, overlap = frames(config.max_seconds), frames(config.min_seconds), frames(config.overlap_seconds)
    loudness = _smoothed(energies, frames(PAUSE_SECONDS)) if len(energies) > longest else energies
    cuts = [0]
    while len(energies) - cuts[-1] > longest:
        first, last = cuts[-1] + shortest, cuts[-1] + longest
        last = max(first, min(last, len(energies) - shortest))  # so that the last segment is no splinter
        cuts.append(first + _quietest(loudness[first : last + 1]))
    cuts.append(len(energies))
    return [
        Segment(start, end, max(0, start - overlap), min(len(energies), end + overlap)) for start, end in pairwise(cuts)
    ]


def _smoothed(energies: AnyArray, width: int) -> AnyArray:
    """Means over ``width`` frames around each; those at the ends count again beyond them."""
    before = width // 2
    padded = np.pad(np.asarray(energies, np.float64), (before, width - 1 - before), mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")


def _quietest(loudness: AnyArray) -> int:
    """The middle one of the quietest places."""
    places = np.flatnonzero(loudness <= loudness.min() + _EQUALLY_QUIET)
    return int(places[len(places) // 2])


class TimedWord(Protocol):
    """A word and its times in seconds from the beginning of the recording."""

    @property
    def start_seconds(self) -> float:
        """Where it begins."""
        ...

    @property
    def end_seconds(self) -> float:
        """Where it ends."""
        ...


Word = TypeVar("Word", bound=TimedWord)


def join_at(
    before: Sequence[Word], after: Sequence[Word], cut_seconds: float, overlap_seconds: float
) -> tuple[list[Word], list[Word]]:
    """The words of two overlapping segments, each word once: those of the first, then those of the second.

    Both heard what lies around the cut, but each may have broken words at its own edge. They are joined where neither
    has a word, or, where speech goes on, at the edge of a word on which both agree best; there each word's middle is
    well before or behind the join, so that none is lost and none comes twice.
    """
    first, last = cut_seconds - overlap_seconds, cut_seconds + overlap_seconds
    words = [*before, *after]
    edges = [edge for word in words for edge in (word.start_seconds, word.end_seconds) if first <= edge <= last]

    def badness(time: float) -> tuple[float, float]:
        inside = max((min(time - word.start_seconds, word.end_seconds - time) for word in words), default=0.0)
        return round(max(0.0, inside), 3), abs(time - cut_seconds)

    join = min([cut_seconds, *edges], key=badness)
    return (
        [word for word in before if (word.start_seconds + word.end_seconds) / 2 < join],
        [word for word in after if (word.start_seconds + word.end_seconds) / 2 >= join],
    )
