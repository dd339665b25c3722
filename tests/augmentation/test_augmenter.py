"""From rows to what is drawn: determinism, probabilities, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.augmentation import AudioList, AugmentationConfig, Augmenter
from blasr.augmentation.config import (
    BabbleConfig,
    BandLimitConfig,
    CodecConfig,
    NoiseConfig,
    ReverberationConfig,
    SpecAugmentConfig,
    SpeedConfig,
    TransformRow,
    VolumeConfig,
    VtlnConfig,
)
from blasr.errors import ConfigError
from tests.augmentation.audio import write_list


def all_rows(folder: Path, probability: float) -> tuple[TransformRow, ...]:
    random = np.random.default_rng(0)
    scp = write_list(folder, {name: random.normal(0, 500, 9000) for name in "abc"})
    return (
        SpeedConfig(probability=probability),
        VtlnConfig(probability=probability),
        VolumeConfig(probability=probability),
        NoiseConfig(list=scp, probability=probability),
        BabbleConfig(list=scp, probability=probability),
        ReverberationConfig(probability=probability),
        CodecConfig(probability=probability),
        BandLimitConfig(probability=probability),
        SpecAugmentConfig(probability=probability),
    )


def test_equal_seeds_draw_equal_changes_in_any_process(tmp_path: Path) -> None:
    augmenter = Augmenter(AugmentationConfig(transforms=all_rows(tmp_path, 0.7)), 8000)
    again = pickle.loads(pickle.dumps(augmenter))  # noqa: S301
    waveform, inputs = torch.randn(4000) * 1000, torch.ones(3, 64, 99)
    seen = []
    for seed in range(8):
        one, two = (item.draw(np.random.default_rng(seed)) for item in (augmenter, again))
        assert (one.speed, one.vtln_warp, one.gain_db) == (two.speed, two.vtln_warp, two.gain_db)
        changed = one.change_waveform(waveform, "u")
        assert changed.shape == waveform.shape and changed.isfinite().all()
        assert torch.equal(changed, two.change_waveform(waveform, "u"))
        assert torch.equal(one.mask_inputs(inputs), two.mask_inputs(inputs))
        seen.append(changed)
    assert not any(torch.equal(seen[0], other) for other in seen[1:])


def test_probability_0_is_the_identity(tmp_path: Path) -> None:
    augmenter = Augmenter(AugmentationConfig(transforms=all_rows(tmp_path, 0.0)), 8000)
    waveform = torch.randn(100)
    for seed in range(5):
        changes = augmenter.draw(np.random.default_rng(seed))
        assert (changes.speed, changes.vtln_warp, changes.gain_db) == (1.0, 1.0, 0.0)
        assert changes.change_waveform(waveform, "u") is waveform and not changes.masks


def test_the_short_keys_draw_as_they_always_did() -> None:
    """Speed, warp, gain and the seed of the masks in this order, so that older runs resume with the same numbers."""
    config = AugmentationConfig(speeds=(0.9, 1.0, 1.1), vtln_warps=(0.9, 1.1), gain_db=6.0, time_masks=1)
    augmenter = Augmenter(config, 8000)
    for seed in range(10):
        random = np.random.default_rng(seed)
        expected = float(random.choice((0.9, 1.0, 1.1))), float(random.choice((0.9, 1.1))), random.uniform(-6, 6)
        changes = augmenter.draw(np.random.default_rng(seed))
        assert (changes.speed, changes.vtln_warp, changes.gain_db) == expected
        assert [seed for _, seed in changes.masks] == [int(random.integers(2**31))]


def test_babble_needs_speech(tmp_path: Path) -> None:
    config = AugmentationConfig(transforms=(BabbleConfig(),))
    with pytest.raises(ConfigError, match="babble needs speech"):
        Augmenter(config, 8000)
    speech = AudioList(write_list(tmp_path, {"a": np.arange(900)}), 8000)
    changes = Augmenter(config, 8000, lambda: speech).draw(np.random.default_rng(0))
    assert not torch.equal(changes.change_waveform(torch.ones(50), "u"), torch.ones(50))
