"""Rooms keep the times of sounds, and decay as asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.augmentation.audio_list import AudioList
from blasr.augmentation.changes import Draws
from blasr.augmentation.config import ReverberationConfig
from blasr.augmentation.reverberation import Reverberation, convolve, from_direct_path, reverberate, simulated_response
from blasr.errors import DataError
from tests.augmentation.audio import write_list


def draws(seed: int) -> Draws:
    return Draws(np.random.default_rng(seed), np.random.default_rng(seed + 1))


def click(place: int) -> torch.Tensor:
    waveform = torch.zeros(4000)
    waveform[place] = 10000.0
    return waveform


@pytest.mark.parametrize("given", [False, True])
def test_the_direct_path_is_at_time_zero(tmp_path: Path, given: bool) -> None:
    """A click stays where it is, even if the given response starts 30 ms late."""
    responses = None
    if given:
        late = np.zeros(2000)
        late[240], late[300], late[1500] = 20000, 9000, -5000
        responses = AudioList(write_list(tmp_path, {"room": late}), 8000)
    room = Reverberation(ReverberationConfig(direct_to_reverberant_db=(3.0, 6.0)), 8000, responses)
    for place in (0, 700, 3999):
        found = room.apply(click(place), draws(1))
        assert found.shape == (4000,)
        assert int(found.abs().argmax()) == place
        assert found[:place].abs().max() < 1 if place else True
        assert found.square().mean() == pytest.approx(float(click(place).square().mean()), rel=1e-4)
    found = room.apply(click(700), draws(1))
    assert found[701:].abs().max() > 100


@pytest.mark.parametrize(("num_samples", "taps"), [(1, 1), (5, 3), (16, 1), (17, 16), (3, 40)])
def test_convolution(num_samples: int, taps: int) -> None:
    one, two = torch.randn(num_samples), torch.randn(taps)
    found = convolve(one, two)
    expected = torch.from_numpy(np.convolve(one.numpy(), two.numpy()))
    torch.testing.assert_close(found[: len(expected)], expected, rtol=1e-4, atol=1e-5)
    assert len(found) >= len(expected) and found[len(expected) :].abs().sum() < 1e-4


def test_simulated_rooms_decay_as_asked() -> None:
    response = simulated_response(0.5, 6.0, 8000, np.random.default_rng(0)).double()
    energy = response.square()
    assert len(response) == 4000 and response[0] == 1 and (response[1:16] == 0).all()
    assert 10 * torch.log10(1 / energy[1:].sum()) == pytest.approx(6.0, abs=0.01)
    early, late = energy[400:800].sum(), energy[2400:2800].sum()  # 0.25 s apart: 30 dB of 60 dB in 0.5 s
    assert 10 * torch.log10(early / late) == pytest.approx(30, abs=2)


def test_determinism() -> None:
    room = Reverberation(ReverberationConfig(), 8000)
    assert torch.equal(room.apply(click(9), draws(1)), room.apply(click(9), draws(1)))
    assert not torch.equal(room.apply(click(9), draws(1)), room.apply(click(9), draws(2)))


def test_silence(tmp_path: Path) -> None:
    assert torch.equal(reverberate(torch.zeros(100), torch.ones(5)), torch.zeros(100))
    assert from_direct_path(torch.zeros(5)) is None
    silent = AudioList(write_list(tmp_path, {"room": np.zeros(100)}), 8000)
    with pytest.raises(DataError, match="an impulse response is silent"):
        Reverberation(ReverberationConfig(), 8000, silent).apply(click(9), draws(1))
