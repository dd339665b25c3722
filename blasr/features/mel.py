"""The mel filterbank and its warping for the vocal-tract length (Kaldi's ``feat/mel-computations.cc``)."""

from __future__ import annotations

import numpy as np

from blasr.errors import ConfigError
from blasr.features.config import FeatureConfig
from blasr.units import AnyArray, FloatArray

VTLN_LOW_HZ = 100.0
"""Below this frequency (times the warp, if above 1) the warping bends back to ``low_freq`` (Kaldi's --vtln-low)."""

VTLN_HIGH_HZ = -500.0
"""Above this frequency, relative to Nyquist, the warping bends back to ``high_freq`` (Kaldi's --vtln-high)."""


def mel_scale(hertz: AnyArray) -> AnyArray:
    """Convert frequencies from Hz to mel: ``1127 ln(1 + f / 700)``."""
    return 1127.0 * np.log1p(hertz / 700.0)


def inverse_mel_scale(mel: AnyArray) -> AnyArray:
    """Convert frequencies from mel to Hz."""
    return 700.0 * np.expm1(mel / 1127.0)


def warp_frequencies(hertz: AnyArray, config: FeatureConfig, warp: float) -> AnyArray:
    """Move the filter edges at ``hertz`` by a VTLN ``warp``: ``f / warp``, except for the bends at both ends.

    This is the piecewise linear function of Kaldi's ``MelBanks::VtlnWarpFreq``. A warp above 1 moves the filters down.
    Formants then appear higher, as from a shorter vocal tract.

    Raises:
        ConfigError: the warp is too far from 1 for the range of frequencies.
    """
    low_hz, high_hz = config.low_freq, config.top_freq
    left = VTLN_LOW_HZ * max(1.0, warp)
    right = (config.sample_rate / 2 + VTLN_HIGH_HZ) * min(1.0, warp)
    if not (low_hz < left < right < high_hz and right / warp < high_hz and left / warp > low_hz):
        raise ConfigError(f"a vtln_warp of {warp} does not fit between {low_hz:g} and {high_hz:g} Hz")
    knots = np.array([low_hz, left, right, high_hz])
    warped = np.array([low_hz, left / warp, right / warp, high_hz])
    inside = (hertz >= low_hz) & (hertz <= high_hz)
    return np.where(inside, np.interp(hertz, knots, warped), hertz)


def filter_edges(config: FeatureConfig, warp: float = 1.0) -> AnyArray:
    """Return left edge, center and right edge of every filter, in mel: ``(num_mel_bins, 3)``."""
    low, high = mel_scale(np.array([config.low_freq, config.top_freq]))
    points = np.linspace(low, high, config.num_mel_bins + 2)
    if warp != 1.0:
        points = mel_scale(warp_frequencies(inverse_mel_scale(points), config, warp))
    return np.stack([points[:-2], points[1:-1], points[2:]], axis=1)


def mel_filters(config: FeatureConfig, warp: float = 1.0) -> FloatArray:
    """Return triangular weights ``(num_mel_bins, fft_samples / 2 + 1)`` over the power spectrum.

    Raises:
        ConfigError: a filter is so narrow that it falls between two bins of the spectrum.
    """
    left, center, right = filter_edges(config, warp)[:, :, None].transpose(1, 0, 2)
    bins = mel_scale(np.arange(config.fft_samples // 2 + 1) * config.sample_rate / config.fft_samples)
    weights = np.minimum((bins - left) / (center - left), (right - bins) / (right - center)).clip(min=0.0)
    weights[:, -1] = 0.0  # Kaldi leaves out the Nyquist frequency
    empty = np.flatnonzero(weights.sum(axis=1) == 0)
    if empty.size:
        message = f"mel filter {empty[0]} covers no bin of a {config.fft_samples}-point spectrum"
        if warp != 1.0:
            raise ConfigError(f"{message} under a vtln_warp of {warp}", fix="choose a warp closer to 1")
        fix = f"set num_mel_bins below {config.num_mel_bins}"
        raise ConfigError(f"{message} at {config.sample_rate} Hz", fix=fix)
    filters: FloatArray = weights.astype(np.float32)
    return filters
