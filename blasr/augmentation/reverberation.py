"""Rooms: convolution with given or simulated impulse responses."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import fftconvolve

from blasr.augmentation.audio_list import AudioList
from blasr.augmentation.changes import Draws, WaveformTransform, uniform
from blasr.augmentation.config import ReverberationConfig
from blasr.augmentation.noise import power
from blasr.errors import DataError

FIRST_REFLECTION_SECONDS = 0.002
"""When reflections start in simulated rooms: about 70 cm after the direct path."""


class Reverberation(WaveformTransform):
    """Puts speech into a room.

    Args:
        config: the room.
        sample_rate: of the speech, in Hz.
        responses: given impulse responses; None simulates them.
    """

    def __init__(self, config: ReverberationConfig, sample_rate: int, responses: AudioList | None = None) -> None:
        super().__init__(config.probability)
        self._config, self._rate, self._responses = config, sample_rate, responses

    def apply(self, waveform: Tensor, draws: Draws) -> Tensor:
        """Return the waveform in the room.

        Raises:
            DataError: the impulse response cannot be read or is silent.
        """
        if self._responses is not None:
            response = from_direct_path(self._responses.whole(draws.setting))
            if response is None:
                raise DataError("an impulse response is silent", path=self._responses.path, fix="remove it")
        else:
            rt60 = uniform(self._config.rt60_seconds, draws.setting)
            ratio = uniform(self._config.direct_to_reverberant_db, draws.setting)
            response = simulated_response(rt60, ratio, self._rate, draws.setting)
        return reverberate(waveform, response)


def reverberate(waveform: Tensor, response: Tensor) -> Tensor:
    """Return a waveform ``(N,)`` convolved with an impulse response ``(L,)``: ``(N,)``, at the same mean power."""
    result = convolve(waveform, response)[: len(waveform)]
    after = power(result)
    return result * (power(waveform) / after).sqrt() if after > 0 else result


def convolve(waveform: Tensor, response: Tensor) -> Tensor:
    """Return the convolution of ``(N,)`` and ``(L,)``: at least ``(N + L - 1,)``, the rest zeros.

    Zeros make the length of the Fourier transform a power of two; other lengths may take ten times as long.
    """
    length = 1 << (len(waveform) + len(response) - 2).bit_length()
    padded = torch.nn.functional.pad(waveform, (0, length - len(response) + 1 - len(waveform)))
    result: Tensor = fftconvolve(padded, response)
    return result


def from_direct_path(response: Tensor) -> Tensor | None:
    """Return an impulse response ``(L,)`` from its largest sample on, which is 1 then; None if it is silent."""
    peak = int(response.abs().argmax())
    return response[peak:] / response[peak] if response[peak] != 0 else None


def simulated_response(
    rt60_seconds: float, direct_to_reverberant_db: float, sample_rate: int, random: np.random.Generator
) -> Tensor:
    """Return the impulse response of a room, ``(rt60_seconds * sample_rate,)``: 1, then noise that decays.

    Args:
        rt60_seconds: the time in which the reverberation decays by 60 dB.
        direct_to_reverberant_db: the energy of the direct path relative to all the rest.
        sample_rate: in Hz.
        random: draws the noise.
    """
    times = np.arange(1, round(rt60_seconds * sample_rate)) / sample_rate
    tail = random.standard_normal(len(times)) * np.exp(-np.log(1000) * times / rt60_seconds)
    tail[times < FIRST_REFLECTION_SECONDS] = 0
    energy = np.sum(tail**2)
    tail *= np.sqrt(10 ** (-direct_to_reverberant_db / 10) / energy)
    return torch.from_numpy(np.concatenate([[1.0], tail]).astype(np.float32))
