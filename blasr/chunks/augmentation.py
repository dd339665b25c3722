"""Random augmentation of training utterances, determined by (seed, epoch, utterance-id) alone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import mask_along_axis

from blasr.chunks.config import AugmentationConfig
from blasr.features import UNCHANGED, FeatureConfig, Perturbation
from blasr.units import IntArray


def random_state(seed: int, epoch: int, name: str) -> np.random.Generator:
    """Return a generator seeded by the arguments alone."""
    return np.random.default_rng([seed, epoch, zlib.crc32(name.encode())])


@dataclass(frozen=True)
class Augmentation:
    """How one utterance is changed in one epoch.

    Args:
        perturbation: the change of its audio.
        mask_seed: seed of the masks on its features; None for no masks.
    """

    perturbation: Perturbation = UNCHANGED
    mask_seed: int | None = None


def draw_augmentation(config: AugmentationConfig, random: np.random.Generator) -> Augmentation:
    """Draw one of the augmentations that ``config`` allows."""
    speed = float(random.choice(config.speeds))
    warp = float(random.choice(config.vtln_warps))
    gain = float(random.uniform(-config.gain_db, config.gain_db)) if config.gain_db else 0.0
    masked = config.frequency_masks or config.time_masks
    return Augmentation(Perturbation(speed, warp, gain), int(random.integers(2**31)) if masked else None)


def all_voices(config: AugmentationConfig) -> list[Perturbation]:
    """Return the voices that :func:`draw_augmentation` may choose, with the unperturbed one first."""
    return [Perturbation(speed, warp) for speed in (1.0, *config.speeds) for warp in (1.0, *config.vtln_warps)]


def first_frame_center(config: FeatureConfig) -> float:
    """Return the time of the center of frame 0, in frame shifts."""
    return config.frame_length_samples / (2 * config.frame_shift_samples) if config.snip_edges else 0.5


def resample_labels(labels: IntArray, num_frames: int, speed: float, *, first_center: float) -> IntArray:
    """Return the labels ``(num_frames,)`` of an utterance that is played ``speed`` times as fast.

    The center of frame t of the changed signal is at ``t + first_center`` frame shifts. In the original, the same
    sound is at ``speed`` times this time. The frame gets the label of the original frame with the nearest center.

    Args:
        labels: labels of the original, ``(T,)``.
        num_frames: number of frames of the changed signal.
        speed: above 1 for faster.
        first_center: see :func:`first_frame_center`.
    """
    centers = (np.arange(num_frames) + first_center) * speed - first_center
    nearest = np.floor(centers + 0.5).astype(np.int64)
    return np.asarray(labels[np.clip(nearest, 0, len(labels) - 1)])


def mask_inputs(inputs: Tensor, config: AugmentationConfig, seed: int) -> Tensor:
    """Return a network input ``(3, F, T)`` with SpecAugment masks (Park et al. 2019).

    Features and deltas have the same masks. A masked value is 0, the mean.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also record a traceback for a GPU
        for _ in range(config.frequency_masks):
            inputs = mask_along_axis(inputs, config.frequency_mask_bins + 1, 0.0, 1)
        for _ in range(config.time_masks):
            inputs = mask_along_axis(inputs, config.time_mask_frames + 1, 0.0, 2)
    return inputs
