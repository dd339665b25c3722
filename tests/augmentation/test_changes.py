"""What is drawn, and masks."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from blasr.augmentation.changes import (
    Changes,
    Draws,
    SpecAugment,
    Speed,
    Volume,
    Vtln,
    WaveformTransform,
    happens,
    mask_inputs,
)
from blasr.augmentation.config import SpecAugmentConfig, SpeedConfig, VolumeConfig, VtlnConfig


def test_masks_cover_the_same_bands_of_features_and_deltas_and_leave_the_global_random_state() -> None:
    config = SpecAugmentConfig(frequency_masks=1, frequency_mask_bins=8, time_masks=2, time_mask_frames=10)
    before = torch.get_rng_state()
    masked = [mask_inputs(torch.ones(3, 64, 200), config, seed) for seed in range(20)]
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(masked[3], Changes(masks=((config, 3),)).mask_inputs(torch.ones(3, 64, 200)))
    for inputs in masked:
        assert torch.equal(inputs[0], inputs[1]) and torch.equal(inputs[0], inputs[2])
        assert (inputs[0] == 0).all(dim=1).sum() <= 8
        assert (inputs[0] == 0).all(dim=0).sum() <= 20
    assert any((inputs == 0).any() for inputs in masked)


def test_nothing_is_drawn_at_probability_0() -> None:
    random = np.random.default_rng(0)
    changes = Changes()
    for transform in (
        Speed(SpeedConfig(probability=0)),
        Vtln(VtlnConfig(probability=0)),
        Volume(VolumeConfig(probability=0)),
        SpecAugment(SpecAugmentConfig(probability=0)),
        Recorder(0.0),
    ):
        changes = transform.draw(changes, random)
    assert changes == Changes()
    inputs, waveform = torch.ones(3, 64, 9), torch.ones(5)
    assert changes.mask_inputs(inputs) is inputs and changes.change_waveform(waveform, "u") is waveform


def test_gains_of_several_rows_add_up() -> None:
    random = np.random.default_rng(0)
    twice = Volume(VolumeConfig(gain_db=(2.0, 2.0)))
    assert twice.draw(twice.draw(Changes(), random), random).gain_db == 4.0


def test_probabilities() -> None:
    random = np.random.default_rng(1)
    assert 250 < sum(happens(0.3, random) for _ in range(1000)) < 350


class Recorder(WaveformTransform):
    """Adds the numbers that it is given."""

    def apply(self, waveform: Tensor, draws: Draws) -> Tensor:
        return waveform + torch.tensor([draws.setting.random(), draws.content.random()])


def test_joined_utterances_share_the_setting_but_not_the_content() -> None:
    changes = Recorder(1.0).draw(Changes(), np.random.default_rng(2))
    one, two = (changes.change_waveform(torch.zeros(2), name) for name in ("one", "two"))
    assert one[0] == two[0] and one[1] != two[1]
    assert torch.equal(one, changes.change_waveform(torch.zeros(2), "one"))
