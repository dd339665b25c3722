"""Random perturbation of training utterances, decided by (seed, epoch, utterance-id) and nothing else."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import mask_along_axis

from blasr.chunks.config import AugmentationConfig
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.units import IntArray


def random_state(seed: int, epoch: int, name: str) -> np.random.Generator:
    """A generator that depends on nothing but its arguments."""
    return np.random.default_rng([seed, epoch, zlib.crc32(name.encode())])


@dataclass(frozen=True)
class Augmentation:
    """How one utterance is changed in one epoch: its audio, and the seed of the masks on its features, if any."""

    perturbation: Perturbation = UNCHANGED
    mask_seed: int | None = None


def draw_augmentation(config: AugmentationConfig, random: np.random.Generator) -> Augmentation:
    """Draw one of the changes that ``config`` allows."""
    speed = float(random.choice(config.speeds))
    warp = float(random.choice(config.vtln_warps))
    gain = float(random.uniform(-config.gain_db, config.gain_db)) if config.gain_db else 0.0
    masked = config.frequency_masks or config.time_masks
    return Augmentation(Perturbation(speed, warp, gain), int(random.integers(2**31)) if masked else None)


def all_voices(config: AugmentationConfig) -> list[Perturbation]:
    """The voices that :func:`draw_augmentation` may choose, and the unperturbed one first."""
    return [Perturbation(speed, warp) for speed in (1.0, *config.speeds) for warp in (1.0, *config.vtln_warps)]


def resample_labels(labels: IntArray, num_frames: int, speed: float, *, half_frame: float) -> IntArray:
    """The labels of an utterance played ``speed`` times as fast, ``(num_frames,)``.

    Frame t of the faster signal is centred at ``t + half_frame`` frame shifts, which were ``speed`` times as late
    in the original; it takes the label of the original frame with the nearest centre.

    Args:
        labels: of the original, ``(T,)``.
        num_frames: frames of the faster signal.
        speed: above 1 for faster.
        half_frame: where the centre of frame 0 is, in frame shifts.
    """
    centres = (np.arange(num_frames) + half_frame) * speed - half_frame
    nearest = np.floor(centres + 0.5).astype(np.int64)
    return np.asarray(labels[np.clip(nearest, 0, len(labels) - 1)])


def mask_inputs(inputs: Tensor, config: AugmentationConfig, seed: int) -> Tensor:
    """SpecAugment (Park et al. 2019) on a network input ``(3, F, T)``: all inputs are masked alike with 0, the mean."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(config.frequency_masks):
            inputs = mask_along_axis(inputs, config.frequency_mask_bins + 1, 0.0, 1)
        for _ in range(config.time_masks):
            inputs = mask_along_axis(inputs, config.time_mask_frames + 1, 0.0, 2)
    return inputs
