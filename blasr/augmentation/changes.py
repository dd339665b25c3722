"""What is drawn for one utterance in one epoch, and the transforms that draw it."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import mask_along_axis

from blasr.augmentation.config import SpecAugmentConfig, SpeedConfig, VolumeConfig, VtlnConfig


@dataclass(frozen=True)
class Draws:
    """Where the random numbers of one change of a waveform come from.

    Attributes:
        setting: gives the same numbers for all utterances that are joined: the room, the codec, the level of the noise.
        content: gives others for each of them: which part of the noise.
    """

    setting: np.random.Generator
    content: np.random.Generator


class WaveformTransform(ABC):
    """A change of waveforms that keeps their length and the times of all sounds."""

    def __init__(self, probability: float) -> None:
        self._probability = probability

    def draw(self, changes: Changes, random: np.random.Generator) -> Changes:
        """Return ``changes``, with this one if it is drawn."""
        if not happens(self._probability, random):
            return changes
        return replace(changes, waveform=(*changes.waveform, (self, int(random.integers(2**31)))))

    @abstractmethod
    def apply(self, waveform: Tensor, draws: Draws) -> Tensor:
        """Return a changed waveform ``(N,)`` in 16-bit range."""


@dataclass(frozen=True)
class Changes:
    """How one utterance, or several joined ones, are changed in one epoch.

    Attributes:
        speed: how many times as fast it is played.
        vtln_warp: the warp of the mel filters.
        gain_db: its amplification.
        waveform: the changes of the waveform in their order, each with its seed.
        masks: the masks on its features, each with its seed.
    """

    speed: float = 1.0
    vtln_warp: float = 1.0
    gain_db: float = 0.0
    waveform: tuple[tuple[WaveformTransform, int], ...] = ()
    masks: tuple[tuple[SpecAugmentConfig, int], ...] = ()

    def change_waveform(self, waveform: Tensor, name: str) -> Tensor:
        """Return a waveform ``(N,)`` in 16-bit range, changed.

        Args:
            waveform: the utterance after its change of speed and volume.
            name: the utterance-id.

        Raises:
            DataError: a noise, another utterance or an impulse response cannot be read.
        """
        for transform, seed in self.waveform:
            draws = Draws(np.random.default_rng(seed), np.random.default_rng([seed, zlib.crc32(name.encode())]))
            waveform = transform.apply(waveform, draws)
        return waveform

    def mask_inputs(self, inputs: Tensor) -> Tensor:
        """Return a network input ``(3, F, T)`` with its masks."""
        for config, seed in self.masks:
            inputs = mask_inputs(inputs, config, seed)
        return inputs


class Speed:
    """Draws a speed."""

    def __init__(self, config: SpeedConfig) -> None:
        self._config = config

    def draw(self, changes: Changes, random: np.random.Generator) -> Changes:
        """Return ``changes`` with a speed."""
        if not happens(self._config.probability, random):
            return changes
        return replace(changes, speed=float(random.choice(self._config.factors)))


class Vtln:
    """Draws a warp of the mel filters."""

    def __init__(self, config: VtlnConfig) -> None:
        self._config = config

    def draw(self, changes: Changes, random: np.random.Generator) -> Changes:
        """Return ``changes`` with a warp."""
        if not happens(self._config.probability, random):
            return changes
        return replace(changes, vtln_warp=float(random.choice(self._config.warps)))


class Volume:
    """Draws a gain; the gains of several rows are added."""

    def __init__(self, config: VolumeConfig) -> None:
        self._config = config

    def draw(self, changes: Changes, random: np.random.Generator) -> Changes:
        """Return ``changes`` with a gain."""
        if not happens(self._config.probability, random):
            return changes
        return replace(changes, gain_db=changes.gain_db + uniform(self._config.gain_db, random))


class SpecAugment:
    """Draws masks on features."""

    def __init__(self, config: SpecAugmentConfig) -> None:
        self._config = config

    def draw(self, changes: Changes, random: np.random.Generator) -> Changes:
        """Return ``changes`` with masks."""
        if not happens(self._config.probability, random):
            return changes
        return replace(changes, masks=(*changes.masks, (self._config, int(random.integers(2**31)))))


def happens(probability: float, random: np.random.Generator) -> bool:
    """Draw whether something happens; nothing is drawn if it always does."""
    return probability == 1.0 or random.random() < probability


def uniform(bounds: tuple[float, ...], random: np.random.Generator) -> float:
    """Draw a number between two bounds."""
    return float(random.uniform(bounds[0], bounds[1]))


def mask_inputs(inputs: Tensor, config: SpecAugmentConfig, seed: int) -> Tensor:
    """Return a network input ``(3, F, T)`` with SpecAugment masks, the same for features and deltas."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also record a traceback for a GPU
        for _ in range(config.frequency_masks):
            inputs = mask_along_axis(inputs, config.frequency_mask_bins + 1, 0.0, 1)
        for _ in range(config.time_masks):
            inputs = mask_along_axis(inputs, config.time_mask_frames + 1, 0.0, 2)
    return inputs
