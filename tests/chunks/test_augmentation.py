"""Voices, and labels that follow the speed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blasr.augmentation import AugmentationConfig
from blasr.chunks.augmentation import all_voices, first_frame_center, resample_labels
from blasr.features import UNCHANGED, FeatureConfig


def test_labels_follow_the_nearest_center() -> None:
    labels = np.arange(10, dtype=np.int32)
    assert resample_labels(labels, 10, 1.0, first_center=1.25).tolist() == labels.tolist()
    # centers at (t + 1.25) * 2 - 1.25 = 1.25, 3.25, 5.25, 7.25 original frames
    assert resample_labels(labels, 4, 2.0, first_center=1.25).tolist() == [1, 3, 5, 7]
    # at (t + 0.5) * 0.5 - 0.5 = -0.25, 0.25, 0.75, 1.25, ...
    assert resample_labels(labels[:3], 6, 0.5, first_center=0.5).tolist() == [0, 0, 1, 1, 2, 2]


@given(st.integers(1, 300), st.sampled_from([0.8, 0.9, 1.0, 1.1, 1.25]))
def test_resampled_labels_keep_their_order(num_frames: int, speed: float) -> None:
    labels = np.arange(num_frames, dtype=np.int32)
    resampled = resample_labels(labels, max(1, round(num_frames / speed)), speed, first_center=1.25)
    assert np.all(np.diff(resampled) >= 0)
    assert set(resampled) <= set(labels)


def test_all_voices_start_with_the_unperturbed_one() -> None:
    voices = all_voices(AugmentationConfig(speeds=(0.9, 1.1), vtln_warps=(0.95,)))
    assert voices[0] == UNCHANGED
    pairs = {(voice.speed, voice.vtln_warp) for voice in voices}
    assert pairs == {(speed, warp) for speed in (1.0, 0.9, 1.1) for warp in (1.0, 0.95)}


def test_the_center_of_the_first_frame() -> None:
    assert first_frame_center(FeatureConfig()) == 1.25  # 25 ms windows every 10 ms
    assert first_frame_center(FeatureConfig(snip_edges=False)) == 0.5
