from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
import torchaudio.compliance.kaldi
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from blasr.errors import ConfigError
from blasr.features.config import FeatureConfig
from blasr.features.fbank import LogMel, TooShortError, num_frames

TOLERANCE = 2e-3  # largest difference from Kaldi's log-mel that the project allows; the largest seen is 6e-4


def speech(num_samples: int, seed: int = 0) -> Tensor:
    """Colored noise with some silence, in the range of 16-bit integers."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(num_samples, generator=generator).cumsum(0).sin() * 3000
    return (noise * torch.linspace(0, 1, num_samples)).round()


@pytest.mark.parametrize(("archive", "snip_edges"), [("fbank64.ark", True), ("fbank64_nosnip.ark", False)])
def test_log_mel_is_kaldis(
    archive: str,
    snip_edges: bool,
    waveforms: dict[str, Tensor],
    kaldi_features: Callable[[str], dict[str, Tensor]],
) -> None:
    log_mel = LogMel(FeatureConfig(snip_edges=snip_edges))
    expected = kaldi_features(archive)
    assert len(expected) == 5
    for utterance, features in expected.items():
        torch.testing.assert_close(log_mel(waveforms[utterance]), features, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("sample_rate", [8000, 11025, 16000, 44100])
@pytest.mark.parametrize("snip_edges", [True, False])
@pytest.mark.parametrize("vtln_warp", [1.0, 0.9, 1.1])
def test_log_mel_is_torchaudios_at_other_rates(sample_rate: int, snip_edges: bool, vtln_warp: float) -> None:
    config = FeatureConfig(sample_rate=sample_rate, num_mel_bins=40, snip_edges=snip_edges)
    waveform = speech(sample_rate // 2)
    expected = torchaudio.compliance.kaldi.fbank(
        waveform[None],
        sample_frequency=sample_rate,
        num_mel_bins=40,
        low_freq=20,
        high_freq=-100,
        dither=0,
        snip_edges=snip_edges,
        vtln_warp=vtln_warp,
        vtln_low=100,
        vtln_high=-500,
    )
    actual = LogMel(config)(waveform, vtln_warp=vtln_warp)
    torch.testing.assert_close(actual, expected, rtol=0, atol=TOLERANCE)


CONFIGS = {snip: FeatureConfig(snip_edges=snip, num_mel_bins=8) for snip in (True, False)}
MODULES = {snip: LogMel(config) for snip, config in CONFIGS.items()}


@given(num_samples=st.integers(0, 3000), snip_edges=st.booleans())
@settings(deadline=None, max_examples=200)
def test_num_frames_is_what_is_produced(num_samples: int, snip_edges: bool) -> None:
    frames = num_frames(num_samples, CONFIGS[snip_edges])
    waveform = speech(num_samples)
    if frames == 0:
        with pytest.raises(TooShortError, match=f"found {num_samples} samples"):
            MODULES[snip_edges](waveform)
    else:
        features = MODULES[snip_edges](waveform)
        assert features.shape == (frames, 8)
        assert torch.isfinite(features).all()


@pytest.mark.parametrize(
    ("num_samples", "snip_edges", "frames"),
    [(199, True, 0), (200, True, 1), (279, True, 1), (280, True, 2), (39, False, 0), (40, False, 1), (120, False, 2)],
)
def test_num_frames(num_samples: int, snip_edges: bool, frames: int) -> None:
    assert num_frames(num_samples, FeatureConfig(snip_edges=snip_edges)) == frames


@given(shift=st.integers(1, 5))
@settings(deadline=None, max_examples=5)
def test_frames_follow_the_audio(shift: int) -> None:
    """Speech that begins ``shift`` frame shifts later gives the same frames, as many later."""
    waveform = speech(4000)
    features = MODULES[True](waveform)
    later = MODULES[True](waveform[shift * 80 :])
    torch.testing.assert_close(later, features[shift:], rtol=0, atol=1e-3)


@pytest.mark.parametrize("frames", [511, 512, 513, 1025])
def test_blocks_of_frames_join_seamlessly(frames: int) -> None:
    waveform = speech(200 + 80 * (frames - 1))
    features = MODULES[True](waveform)
    assert features.shape == (frames, 8)
    torch.testing.assert_close(features[-30:], MODULES[True](waveform[80 * (frames - 30) :]), rtol=0, atol=1e-3)


def test_silence_is_floored_and_a_batch_is_its_parts() -> None:
    module = MODULES[True]
    assert module(torch.zeros(400)).unique().numel() == 1
    batch = torch.stack([speech(800, seed) for seed in range(3)])
    torch.testing.assert_close(module(batch), torch.stack([module(row) for row in batch]))


def test_a_gain_is_a_constant() -> None:
    waveform = speech(4000)[2000:]
    difference = LogMel(FeatureConfig())(waveform * 2) - LogMel(FeatureConfig())(waveform)
    torch.testing.assert_close(difference, torch.full_like(difference, 2 * math.log(2)), rtol=0, atol=1e-3)


def test_dither_comes_from_the_generator_alone() -> None:
    module = LogMel(FeatureConfig(dither=1.0))
    waveform = speech(800)
    first, again, other = (module(waveform, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(MODULES[True](waveform), MODULES[True](waveform))


def test_a_warped_filterbank_is_cached() -> None:
    module = LogMel(FeatureConfig())
    assert module.warped_filters(1.1) is module.warped_filters(1.1)
    assert module.warped_filters(1.0) is module.filters
    with pytest.raises(ConfigError, match="under a vtln_warp of 9"):
        module.warped_filters(9.0)


def test_features_are_importable_without_a_gpu() -> None:
    code = "import os; os.environ['CUDA_VISIBLE_DEVICES'] = ''; import blasr.features.extraction, blasr.data.data_dir"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_log_mel_on_a_cuda_device() -> None:
    waveform = speech(4000)
    module = LogMel(FeatureConfig())
    expected = [module(waveform), module(waveform, vtln_warp=1.1)]
    module.to("cuda")
    actual = [module(waveform.cuda()), module(waveform.cuda(), vtln_warp=1.1)]
    torch.testing.assert_close([item.cpu() for item in actual], expected, rtol=0, atol=TOLERANCE)
