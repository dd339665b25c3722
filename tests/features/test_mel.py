from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchaudio.compliance.kaldi import get_mel_banks

from blasr.errors import ConfigError
from blasr.features.config import FeatureConfig
from blasr.features.mel import inverse_mel_scale, mel_filters, mel_scale, warp_frequencies

CONFIG = FeatureConfig()


@pytest.mark.parametrize("warp", [0.85, 1.0, 1.15])
def test_filters_are_torchaudios(warp: float) -> None:
    expected, _ = get_mel_banks(64, 256, 8000, 20, -100, 100, -500, warp)
    torch.testing.assert_close(torch.from_numpy(mel_filters(CONFIG, warp))[:, :128], expected, rtol=0, atol=1e-4)


def test_no_filter_reaches_the_nyquist_frequency() -> None:
    assert (mel_filters(FeatureConfig(high_freq=0.0))[:, -1] == 0).all()


@given(st.floats(0.8, 1.2), st.floats(0, 4000))
def test_warping_is_monotonic_and_keeps_both_ends(warp: float, hertz: float) -> None:
    points = np.array([20.0, hertz, hertz + 1, 3900.0, 3950.0])
    warped = warp_frequencies(points, CONFIG, warp)
    assert warped[[0, 3, 4]] == pytest.approx([20.0, 3900.0, 3950.0])
    assert warped[1] < warped[2]


def test_warping_divides_in_the_middle() -> None:
    assert warp_frequencies(np.array([1000.0]), CONFIG, 1.25) == pytest.approx([800.0])


@given(st.floats(0, 8000))
def test_mel_scale_round_trip(hertz: float) -> None:
    assert inverse_mel_scale(mel_scale(np.array([hertz]))) == pytest.approx([hertz], abs=1e-9)


def test_too_many_filters_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"mel filter 4 covers no bin of a 256-point spectrum at 8000 Hz"):
        mel_filters(FeatureConfig(num_mel_bins=128))
