"""From the rows of the configuration to transforms, and what they draw together."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from blasr.augmentation.audio_list import AudioList, AudioSource, SpeechSource
from blasr.augmentation.changes import Changes, SpecAugment, Speed, Volume, Vtln
from blasr.augmentation.codecs import BandLimit, Codec
from blasr.augmentation.config import (
    AugmentationConfig,
    BabbleConfig,
    BandLimitConfig,
    CodecConfig,
    NoiseConfig,
    ReverberationConfig,
    SpeedConfig,
    TransformRow,
    VolumeConfig,
    VtlnConfig,
)
from blasr.augmentation.noise import Babble, Noise
from blasr.augmentation.reverberation import Reverberation
from blasr.errors import ConfigError


class Transform(Protocol):
    """One row: it draws whether and how an utterance is changed."""

    def draw(self, changes: Changes, random: np.random.Generator) -> Changes:
        """Return ``changes``, with what is drawn."""


class Augmenter:
    """Draws how utterances are changed. It can be pickled and used in workers.

    Args:
        config: the transforms.
        sample_rate: of the speech, in Hz.
        speech: returns the training speech, for babble without a list.
        allow_pipes: whether commands in lists of audio may run.

    Raises:
        ConfigError: a codec is not installed, or there is no speech for babble.
        DataError: a list of audio, or a file in it, is missing.
    """

    def __init__(
        self,
        config: AugmentationConfig,
        sample_rate: int,
        speech: SpeechSource | None = None,
        *,
        allow_pipes: bool = False,
    ) -> None:
        self._rate, self._allow_pipes = sample_rate, allow_pipes
        self._transforms = [self._transform(row, speech) for row in config.rows()]

    def draw(self, random: np.random.Generator) -> Changes:
        """Return how one utterance, or several joined ones, are changed."""
        changes = Changes()
        for transform in self._transforms:
            changes = transform.draw(changes, random)
        return changes

    def _transform(self, row: TransformRow, speech: SpeechSource | None) -> Transform:
        match row:
            case SpeedConfig():
                return Speed(row)
            case VtlnConfig():
                return Vtln(row)
            case VolumeConfig():
                return Volume(row)
            case NoiseConfig():
                return Noise(row, self._list(row))
            case BabbleConfig():
                return Babble(row, self._speech(row, speech))
            case ReverberationConfig():
                return Reverberation(row, self._rate, None if row.list is None else self._list(row))
            case CodecConfig():
                return Codec(row, self._rate)
            case BandLimitConfig():
                return BandLimit(row, self._rate)
            case _:
                return SpecAugment(row)

    def _list(self, row: NoiseConfig | BabbleConfig | ReverberationConfig) -> AudioList:
        assert row.list is not None
        return AudioList(row.list, self._rate, allow_pipes=self._allow_pipes)

    def _speech(self, row: BabbleConfig, speech: SpeechSource | None) -> AudioSource:
        if row.list is not None:
            return self._list(row)
        if speech is None:
            raise ConfigError("babble needs speech, and there is no training data here", fix="give it a list")
        return speech()
