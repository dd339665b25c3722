"""How sure a little model is of an utterance: one number from 0 to 1 for each part that may go to the big model."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from blasr.inference.config import CascadeConfig
from blasr.units import AnyArray, FloatArray


def frame_confidences(log_posteriors: FloatArray, kind: Literal["max_posterior", "entropy"]) -> NDArray[np.float64]:
    """Return the confidence ``(T,)`` of every frame, from 0 to 1.

    Args:
        log_posteriors: ``(T, num_pdfs)``.
        kind: see :class:`blasr.inference.config.CascadeConfig`; the paper (section 3) has the maximum.
    """
    if kind == "max_posterior":
        highest: NDArray[np.float64] = np.exp(log_posteriors.max(axis=1).astype(np.float64))
        return np.minimum(highest, 1.0)
    posteriors = np.exp(log_posteriors)
    entropies: NDArray[np.float64] = -np.einsum("tp,tp->t", posteriors, np.maximum(log_posteriors, -1e4)).astype(
        np.float64
    )
    relative: NDArray[np.float64] = entropies / math.log(max(log_posteriors.shape[1], 2))
    return np.clip(1.0 - relative, 0.0, 1.0)


def part_bounds(num_frames: int, config: CascadeConfig) -> NDArray[np.int64]:
    """Return where the parts of an utterance begin, and where the last one ends: ``(num_parts + 1,)``.

    A last part shorter than half a chunk belongs to the chunk before it.
    """
    if config.unit == "utterance":
        return np.array([0, num_frames])
    length = 1 if config.unit == "window" else config.chunk_frames
    starts = np.arange(0, num_frames, length)
    if len(starts) > 1 and num_frames - starts[-1] < length / 2:
        starts = starts[:-1]
    return np.append(starts, num_frames)


def part_confidences(confidences: AnyArray, bounds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean confidence ``(num_parts,)`` of the frames ``(T,)`` of every part."""
    means: NDArray[np.float64] = np.add.reduceat(confidences, bounds[:-1]) / np.diff(bounds)
    return np.minimum(means, 1.0)
