"""Random augmentation of training utterances, determined by (seed, epoch, utterance-id) alone, and their labels."""

from __future__ import annotations

import zlib

import numpy as np

from blasr.augmentation import AugmentationConfig
from blasr.features import FeatureConfig, Perturbation
from blasr.units import IntArray


def random_state(seed: int, epoch: int, name: str) -> np.random.Generator:
    """Return a generator seeded by the arguments alone."""
    return np.random.default_rng([seed, epoch, zlib.crc32(name.encode())])


def all_voices(config: AugmentationConfig) -> list[Perturbation]:
    """Return the voices that may be drawn, with the unperturbed one first."""
    return [Perturbation(speed, warp) for speed, warp in config.voices()]


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
