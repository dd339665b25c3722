"""Codecs and band limits keep the length and the times of sounds."""

from __future__ import annotations

import importlib.util
from typing import get_args

import numpy as np
import pytest
import torch

from blasr.augmentation import codecs
from blasr.augmentation.changes import Draws
from blasr.augmentation.codecs import BandLimit, Codec, check_codec, fit_length, limit_band, transcode
from blasr.augmentation.config import BandLimitConfig, CodecConfig, CodecName
from blasr.errors import ConfigError

NAMES = get_args(CodecName)
HAS_AMR = importlib.util.find_spec("av") is not None


def draws() -> Draws:
    return Draws(np.random.default_rng(0), np.random.default_rng(1))


def speech(num_samples: int, rate: int = 8000) -> torch.Tensor:
    """Vowels of 100 Hz pitch that swell and fade three times a second, with pauses."""
    time = torch.arange(num_samples) / rate
    pitch = sum(torch.cos(2 * torch.pi * 100 * harmonic * time) / harmonic for harmonic in range(3, 20))
    return 2500 * pitch * torch.sin(2 * torch.pi * 3 * time).clamp_min(0)


def delay_of(found: torch.Tensor, original: torch.Tensor) -> int:
    """The delay, in samples, at which two waveforms are most alike."""
    spectrum = torch.fft.rfft(found, 32768) * torch.fft.rfft(original, 32768).conj()
    delay = int(torch.fft.irfft(spectrum).argmax())
    return delay if delay < 16384 else delay - 32768


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("num_samples", [1, 159, 8001])
def test_length_and_time_are_kept(name: CodecName, num_samples: int) -> None:
    if name.startswith("amr") and not HAS_AMR:
        pytest.skip("PyAV is not installed")
    original = speech(num_samples)
    codec = Codec(CodecConfig(codecs=(name,)), 8000)
    found = codec.apply(original, draws())
    assert found.shape == (num_samples,) and found.isfinite().all()
    if num_samples > 8000:
        assert abs(delay_of(found, original)) <= name.startswith("amr")  # which keeps no waveform
        correlation = float(torch.corrcoef(torch.stack([found, original]))[0, 1])
        assert (0.6 if name.startswith("amr") else 0.8) < correlation < 0.99999
        assert 0.7 < float(found.std() / original.std()) < 1.3
    assert torch.equal(found, codec.apply(original, draws()))


def test_other_rates_become_telephone_speech() -> None:
    original = torch.randn(16001, generator=torch.Generator().manual_seed(0)) * 1000
    found = Codec(CodecConfig(codecs=("mu-law",)), 16000).apply(original, draws())
    assert found.shape == original.shape
    power = torch.fft.rfft(found).abs().square()
    assert power[4500:].mean() < 1e-3 * power[:3800].mean()  # nothing above 4 kHz


def test_mu_law_is_that_of_g711() -> None:
    """The error is at most half a step, which is 1/16 of the segment above 32."""
    samples = np.arange(-32000, 32000, 7).astype(np.float32)
    error = np.abs(transcode(samples, "mu-law") - samples)
    assert (error <= np.maximum(np.abs(samples) / 16, 8)).all() and error.max() > 300


def test_absent_codecs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs.importlib.util, "find_spec", lambda name: None)  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="amr-nb needs PyAV"):
        Codec(CodecConfig(codecs=("mu-law", "amr-nb")), 8000)
    monkeypatch.setattr(codecs.soundfile, "check_format", lambda *names: False)  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"libsndfile .* cannot encode gsm"):
        check_codec("gsm")


@pytest.mark.parametrize("rate", [8000, 16000])
def test_bands(rate: int) -> None:
    """Tones inside pass, tones outside do not, and nothing is delayed."""
    time = torch.arange(rate) / rate
    limiter = BandLimit(BandLimitConfig(), rate)
    for frequency, gain in ((60, 0.0), (150, 0.0), (500, 1.0), (1000, 1.0), (3000, 1.0), (3700, 0.0)):
        tone = torch.sin(2 * torch.pi * frequency * time)
        found = limiter.apply(tone, draws())
        assert found.shape == tone.shape
        middle = slice(rate // 4, 3 * rate // 4)
        assert (found[middle] - gain * tone[middle]).abs().max() < 0.03
    assert delay_of(limit_band(speech(8000, rate), 300, 9000, rate), speech(8000, rate)) == 0


def test_fitting() -> None:
    assert fit_length(torch.ones(3), 5).tolist() == [1, 1, 1, 0, 0]
    assert fit_length(torch.ones(3), 2).tolist() == [1, 1]
