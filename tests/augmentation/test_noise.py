"""Levels of added noise and babble."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.augmentation.audio_list import AudioList
from blasr.augmentation.changes import Draws
from blasr.augmentation.config import BabbleConfig, NoiseConfig
from blasr.augmentation.noise import Babble, Noise, mix
from tests.augmentation.audio import write_list

SPEECH = 3000 * torch.sin(torch.arange(8000.0) / 20)


def draws(seed: int) -> Draws:
    return Draws(np.random.default_rng(seed), np.random.default_rng(seed + 1))


def snr(mixed: torch.Tensor) -> float:
    return 10 * math.log10(float(SPEECH.square().mean() / (mixed - SPEECH).square().mean()))


@pytest.mark.parametrize("wanted", [-5.0, 0.0, 17.5])
def test_the_level_is_the_one_asked_for(tmp_path: Path, wanted: float) -> None:
    random = np.random.default_rng(0)
    noises = AudioList(write_list(tmp_path, {"a": random.normal(0, 40, 30000), "b": random.normal(0, 900, 500)}), 8000)
    config = NoiseConfig(list=noises.path, snr_db=(wanted, wanted))
    for seed in range(5):
        assert snr(Noise(config, noises).apply(SPEECH, draws(seed))) == pytest.approx(wanted, abs=0.01)


def test_levels_are_spread_over_the_range(tmp_path: Path) -> None:
    noises = AudioList(write_list(tmp_path, {"a": np.random.default_rng(0).normal(0, 40, 30000)}), 8000)
    noise = Noise(NoiseConfig(list=noises.path, snr_db=(0.0, 20.0)), noises)
    found = [snr(noise.apply(SPEECH, draws(seed))) for seed in range(40)]
    assert 0 <= min(found) < 4 and 16 < max(found) <= 20.01
    assert torch.equal(noise.apply(SPEECH, draws(3)), noise.apply(SPEECH, draws(3)))


def test_everyone_in_babble_is_equally_loud(tmp_path: Path) -> None:
    """A loud and a quiet tone have the same power in the babble."""
    time = np.arange(8000) / 8000
    tones = {"loud": 9000 * np.sin(2 * np.pi * 500 * time), "quiet": 90 * np.sin(2 * np.pi * 900 * time)}
    talkers = AudioList(write_list(tmp_path, tones), 8000)
    babble = Babble(BabbleConfig(talkers=(8, 8), snr_db=(10.0, 10.0)), talkers)
    spectrum = torch.zeros(4001)
    for seed in range(30):
        mixed = babble.apply(SPEECH, draws(seed))
        assert snr(mixed) == pytest.approx(10, abs=0.01)
        spectrum += torch.fft.rfft(mixed - SPEECH).abs()
    assert set(spectrum.topk(2).indices.tolist()) == {500, 900}
    assert 0.5 < spectrum[500] / spectrum[900] < 2


def test_silence_has_no_ratio() -> None:
    assert torch.equal(mix(SPEECH, torch.zeros(8000), 10), SPEECH)
    assert torch.equal(mix(torch.zeros(8000), SPEECH, 10), torch.zeros(8000))
