"""Cuts and joins: segments contain all audio, and every word appears once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import ConfigError
from blasr.inference.config import SegmentationConfig
from blasr.inference.segmentation import cut_recording, join_segments, join_time

SHIFT = 0.01


@dataclass(frozen=True)
class Word:
    text: str
    start_seconds: float
    end_seconds: float


@given(
    num_frames=st.integers(1, 20_000),
    longest=st.floats(1, 40),
    share=st.floats(0.1, 1),
    overlap=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_segments_cover_the_recording_and_keep_their_length(
    num_frames: int, longest: float, share: float, overlap: float, seed: int
) -> None:
    config = SegmentationConfig(longest, longest * share, longest * share * overlap)
    energies = np.random.default_rng(seed).normal(size=num_frames).astype(np.float32)
    segments = cut_recording(energies, SHIFT, config)
    assert segments[0].start == segments[0].decode_start == 0
    assert segments[-1].end == segments[-1].decode_end == num_frames
    limit = round(longest / SHIFT)
    assert all(0 < segment.end - segment.start <= limit for segment in segments)
    assert all(one.end == other.start for one, other in pairwise(segments))
    assert all(segment.decode_start <= segment.start and segment.decode_end >= segment.end for segment in segments)
    assert len(segments) == 1 or num_frames > limit


def test_cuts_are_in_the_pauses() -> None:
    energies = np.full(10_500, 5.0)
    pauses = [2500, 4700, 7000, 9000]
    for pause in pauses:
        energies[pause - 30 : pause + 30] = 1.0
    segments = cut_recording(energies, SHIFT, SegmentationConfig())
    assert [segment.start for segment in segments[1:]] == pytest.approx(pauses, abs=16)


@pytest.mark.parametrize("values", [(10, 20, 1), (0, 0, 0), (10, 5, 6), (10, 5, -1)])
def test_impossible_lengths_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigError, match="segments: found"):
        SegmentationConfig(*values)


@given(
    lengths=st.lists(st.tuples(st.floats(0.08, 0.8), st.floats(0, 0.3)), min_size=1, max_size=30),
    place=st.floats(0, 1),
    jitter=st.floats(0, 0.02),
    seed=st.integers(0, 99),
)
def test_every_word_appears_once_wherever_the_cut_is(
    lengths: list[tuple[float, float]], place: float, jitter: float, seed: int
) -> None:
    """Two segments hear the same words, with times that differ a little, and broken words at their own edges."""
    words, time = [], 0.5
    for number, (length, pause) in enumerate(lengths):
        words.append(Word(f"w{number}", time, time + length))
        time += length + pause
    cut_seconds, overlap = place * time, 1.0
    generator = np.random.default_rng(seed)

    def heard(word: Word, begin: float, end: float) -> Word:
        start, stop = np.clip([word.start_seconds, word.end_seconds], begin, end)
        if (start, stop) != (word.start_seconds, word.end_seconds):
            return Word("broken", start, stop)
        moved = generator.uniform(-jitter, jitter, 2)
        return Word(word.text, word.start_seconds + moved[0], word.end_seconds + moved[1])

    stop, begin = cut_seconds + overlap, cut_seconds - overlap
    before = [heard(word, 0.0, stop) for word in words if word.start_seconds < stop]
    after = [heard(word, begin, time) for word in words if word.end_seconds > begin]
    kept_before, kept_after = join_segments(before, after, join_time(before, after, cut_seconds, overlap))
    assert [word.text for word in [*kept_before, *kept_after]] == [word.text for word in words]
