"""Noise and other speech added at a ratio of levels."""

from __future__ import annotations

import torch
from torch import Tensor
from torchaudio.functional import add_noise

from blasr.augmentation.audio_list import AudioSource
from blasr.augmentation.changes import Draws, WaveformTransform, uniform
from blasr.augmentation.config import BabbleConfig, NoiseConfig


class Noise(WaveformTransform):
    """Adds a part of a recording of noise.

    Args:
        config: how loud.
        noises: the recordings.
    """

    def __init__(self, config: NoiseConfig, noises: AudioSource) -> None:
        super().__init__(config.probability)
        self._config, self._noises = config, noises

    def apply(self, waveform: Tensor, draws: Draws) -> Tensor:
        """Return the waveform with noise.

        Raises:
            DataError: the noise cannot be read.
        """
        snr_db = uniform(self._config.snr_db, draws.setting)
        return mix(waveform, self._noises.part(len(waveform), draws.setting, draws.content), snr_db)


class Babble(WaveformTransform):
    """Adds several people's speech, each at the same level.

    Args:
        config: how many people and how loud.
        speech: the recordings.
    """

    def __init__(self, config: BabbleConfig, speech: AudioSource) -> None:
        super().__init__(config.probability)
        self._config, self._speech = config, speech

    def apply(self, waveform: Tensor, draws: Draws) -> Tensor:
        """Return the waveform with other speech.

        Raises:
            DataError: the other speech cannot be read.
        """
        snr_db = uniform(self._config.snr_db, draws.setting)
        talkers = int(draws.setting.integers(self._config.talkers[0], self._config.talkers[1] + 1))
        parts = (self._speech.part(len(waveform), draws.setting, draws.content) for _ in range(talkers))
        babble = torch.stack([part / power(part).sqrt().clamp_min(1e-3) for part in parts]).sum(dim=0)
        return mix(waveform, babble, snr_db)


def power(waveform: Tensor) -> Tensor:
    """Return the mean square of a waveform, a scalar."""
    return waveform.square().mean()


def mix(waveform: Tensor, noise: Tensor, snr_db: float) -> Tensor:
    """Return a waveform and noise, both ``(N,)``, added so that the ratio of their mean powers is ``snr_db``.

    If one of them is digital silence, there is no such ratio, and the waveform is returned as it is.
    """
    if not (power(waveform) > 0 and power(noise) > 0):
        return waveform
    mixed: Tensor = add_noise(waveform, noise, torch.tensor(snr_db))
    return mixed
