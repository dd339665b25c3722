"""Simulated recording conditions: another microphone and another background noise for each session of a speaker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blasr.units import AnyArray
from recipes.common.waveforms import Samples, to_int16

KNOTS_HZ = (0.0, 300.0, 700.0, 1400.0, 2500.0, 4000.0)
"""The frequencies at which the response of a microphone is drawn; it is linear in dB in between."""

GAIN_DB = 6.0
"""The responses at the knots are drawn uniformly from minus to plus this number of dB."""

SNR_DB = (10.0, 40.0)
"""The signal-to-noise ratios of sessions are drawn uniformly from this range; FSDD's own are 18 to 50 dB."""

NOISE_SLOPE = (0.0, 2.0)
"""The power of a session's noise falls with frequency to the power of a number from this range: white to brown."""

LOWEST_HZ = 50.0
"""Below this frequency the noise does not rise further."""


@dataclass(frozen=True)
class Condition:
    """How a session is recorded.

    Attributes:
        gains_db: the response of the microphone at ``KNOTS_HZ``.
        noise_rms: the level of the noise, in steps of 16-bit samples.
        noise_slope: how the noise falls with frequency.
    """

    gains_db: tuple[float, ...]
    noise_rms: float
    noise_slope: float

    @classmethod
    def draw(cls, speech_rms: float, generator: np.random.Generator) -> Condition:
        """Draw a condition for speech of the level ``speech_rms``."""
        gains = generator.uniform(-GAIN_DB, GAIN_DB, len(KNOTS_HZ))
        snr = generator.uniform(*SNR_DB)
        return cls(tuple(gains.tolist()), speech_rms * 10 ** (-snr / 20), float(generator.uniform(*NOISE_SLOPE)))

    def apply(self, samples: Samples, rate: int, generator: np.random.Generator) -> Samples:
        """Return the samples ``(N,)`` as this microphone would record them, with noise."""
        filtered = _filtered(samples.astype(np.float64), rate, self._gain)
        noise = _filtered(generator.standard_normal(len(samples)), rate, self._noise_gain)
        level = np.sqrt(np.mean(noise**2))
        return to_int16(filtered + noise * (self.noise_rms / level if level else 0.0))

    def _gain(self, hertz: AnyArray) -> AnyArray:
        return 10 ** (np.interp(hertz, KNOTS_HZ, self.gains_db) / 20)

    def _noise_gain(self, hertz: AnyArray) -> AnyArray:
        return np.maximum(hertz, LOWEST_HZ) ** (-self.noise_slope / 2)


def _filtered(samples: AnyArray, rate: int, gain: Callable[[AnyArray], AnyArray]) -> AnyArray:
    """Multiply the spectrum of ``(N,)`` samples, padded against wrapping around, by a gain of the frequency."""
    length = 2 * len(samples)
    spectrum = np.fft.rfft(samples, length) * gain(np.fft.rfftfreq(length, 1 / rate))
    return np.fft.irfft(spectrum, length)[: len(samples)]
