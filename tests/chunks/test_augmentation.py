"""Random augmentation that repeats, and labels that follow the speed."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from blasr.chunks.augmentation import (
    all_voices,
    draw_augmentation,
    first_frame_center,
    mask_inputs,
    random_state,
    resample_labels,
)
from blasr.chunks.config import AugmentationConfig
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


def test_augmentation_depends_on_seed_epoch_and_name_only() -> None:
    config = AugmentationConfig(speeds=(0.9, 1.0, 1.1), vtln_warps=(0.9, 1.1), gain_db=6.0, time_masks=1)
    drawn = {
        (seed, epoch, name): draw_augmentation(config, random_state(seed, epoch, name))
        for seed in (0, 1)
        for epoch in (1, 2)
        for name in ("u1", "u2")
    }
    assert drawn[0, 1, "u1"] == draw_augmentation(config, random_state(0, 1, "u1"))
    assert len(set(drawn.values())) == 8
    assert all(abs(augmentation.perturbation.gain_db) <= 6 for augmentation in drawn.values())


def test_masks_cover_the_same_bands_of_features_and_deltas_and_leave_the_global_random_state() -> None:
    config = AugmentationConfig(frequency_masks=1, frequency_mask_bins=8, time_masks=2, time_mask_frames=10)
    before = torch.get_rng_state()
    masked = [mask_inputs(torch.ones(3, 64, 200), config, seed) for seed in range(20)]
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(masked[3], mask_inputs(torch.ones(3, 64, 200), config, 3))
    for inputs in masked:
        assert torch.equal(inputs[0], inputs[1]) and torch.equal(inputs[0], inputs[2])
        assert (inputs[0] == 0).all(dim=1).sum() <= 8
        assert (inputs[0] == 0).all(dim=0).sum() <= 20
    assert any((inputs == 0).any() for inputs in masked)


def test_all_voices_start_with_the_unperturbed_one() -> None:
    voices = all_voices(AugmentationConfig(speeds=(0.9, 1.1), vtln_warps=(0.95,)))
    assert voices[0] == UNCHANGED
    pairs = {(voice.speed, voice.vtln_warp) for voice in voices}
    assert pairs == {(speed, warp) for speed in (1.0, 0.9, 1.1) for warp in (1.0, 0.95)}


def test_the_center_of_the_first_frame() -> None:
    assert first_frame_center(FeatureConfig()) == 1.25  # 25 ms windows every 10 ms
    assert first_frame_center(FeatureConfig(snip_edges=False)) == 0.5
