"""Cutting long recordings into segments for the decoder: at the quietest places, with overlaps, without losing a word.

No audio is left out, since every threshold that removes silence removes some speech too. Silence costs the decoder
little, and a graph with optional silence produces no words for it. Recordings up to the longest segment are not cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol, TypeVar

import numpy as np

from blasr.inference.config import SegmentationConfig
from blasr.units import AnyArray

PAUSE_SECONDS: Final = 0.3
"""The time over which energies are averaged; a recording is cut where the average is lowest."""

_EQUALLY_QUIET: Final = 1e-3  # of mean log energies


@dataclass(frozen=True, slots=True)
class AudioSegment:
    """The frames from ``start`` up to ``end`` (exclusive), and those that are decoded, with the overlaps."""

    start: int
    end: int
    decode_start: int
    decode_end: int


def cut_recording(energies: AnyArray, frame_shift_seconds: float, config: SegmentationConfig) -> list[AudioSegment]:
    """Return the segments of a recording, which together cover all of it.

    Args:
        energies: the log energy of every frame, ``(T,)``.
        frame_shift_seconds: the time from one frame to the next.
        config: how long segments may be.
    """

    def frames(seconds: float) -> int:
        return max(1, round(seconds / frame_shift_seconds))

    longest, shortest, overlap = frames(config.max_seconds), frames(config.min_seconds), frames(config.overlap_seconds)
    loudness = _smoothed(energies, frames(PAUSE_SECONDS)) if len(energies) > longest else energies
    cuts = [0]
    while len(energies) - cuts[-1] > longest:
        first, last = cuts[-1] + shortest, cuts[-1] + longest
        last = max(first, min(last, len(energies) - shortest))  # so that the last segment is not too short
        cuts.append(first + _quietest(loudness[first : last + 1]))
    cuts.append(len(energies))
    return [
        AudioSegment(start, end, max(0, start - overlap), min(len(energies), end + overlap))
        for start, end in pairwise(cuts)
    ]


def _smoothed(energies: AnyArray, width: int) -> AnyArray:
    """Return means over ``width`` frames around each frame; the first and last frame are repeated beyond the ends."""
    before = width // 2
    padded = np.pad(np.asarray(energies, np.float64), (before, width - 1 - before), mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")


def _quietest(loudness: AnyArray) -> int:
    """Return the middle one of the quietest places."""
    places = np.flatnonzero(loudness <= loudness.min() + _EQUALLY_QUIET)
    return int(places[len(places) // 2])


class HasTimes(Protocol):
    """A word and its times in seconds from the beginning of the recording."""

    @property
    def start_seconds(self) -> float:
        """Where it begins."""
        ...

    @property
    def end_seconds(self) -> float:
        """Where it ends."""
        ...


TimedWordT = TypeVar("TimedWordT", bound=HasTimes)


def join_time(
    before: Sequence[HasTimes], after: Sequence[HasTimes], cut_seconds: float, overlap_seconds: float
) -> float:
    """Return the time at which the words of two overlapping segments are joined, in seconds.

    Both segments include the audio around the cut, but each may have broken words at its own edge. They are joined
    where neither has a word. Where speech continues, they are joined at the word edge that cuts words least. The middle
    of every word is then well before or after the join, so that no word is lost and none appears twice.
    """
    first, last = cut_seconds - overlap_seconds, cut_seconds + overlap_seconds
    words = [*before, *after]
    edges = [edge for word in words for edge in (word.start_seconds, word.end_seconds) if first <= edge <= last]

    def damage(time: float) -> tuple[float, float]:
        inside = max((min(time - word.start_seconds, word.end_seconds - time) for word in words), default=0.0)
        return round(max(0.0, inside), 3), abs(time - cut_seconds)

    return min([cut_seconds, *edges], key=damage)


def join_segments(
    before: Iterable[TimedWordT], after: Iterable[TimedWordT], join_seconds: float
) -> tuple[tuple[TimedWordT, ...], tuple[TimedWordT, ...]]:
    """Return the words of two overlapping segments with their middles before and after the join."""
    return (
        tuple(word for word in before if (word.start_seconds + word.end_seconds) / 2 < join_seconds),
        tuple(word for word in after if (word.start_seconds + word.end_seconds) / 2 >= join_seconds),
    )
