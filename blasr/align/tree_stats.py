"""Statistics of phones in context, for clustering questions and building the tree (tree/tree-accu.cc).

An event, which is a window of phones and a pdf-class, has one row of *moments*: the number of frames, the sum of the
features and the sum of their squares. The log-likelihood of a Gaussian depends on the moments only, and moments can be
added. The answer to every question of the tree is therefore a sum of rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blasr.errors import ConfigError
from blasr.hmm.phone_segments import Segmenter
from blasr.units import AnyArray, FloatArray, IntArray

Moments = NDArray[np.float64]
"""``(..., 1 + 2 D)``: count, sums, sums of squares."""

VARIANCE_FLOOR = 0.01
"""Kaldi's ``acc-tree-stats --var-floor`` and ``gmm-init-model --var-floor``."""

ABSENT = -1
"""Marks a position that no question may ask about: the context of a context-independent phone."""


def moments_of(features: AnyArray) -> Moments:
    """The moments ``(T, 1 + 2 D)`` of single frames ``(T, D)``."""
    frames = features.astype(np.float64)
    return np.concatenate([np.ones((len(frames), 1)), frames, frames * frames], axis=1)


def log_likelihood(moments: Moments, variance_floor: float = VARIANCE_FLOOR) -> NDArray[np.float64]:
    """The log-likelihood ``(...)`` of frames under the diagonal Gaussian estimated from them.

    GaussClusterable::Objf of tree/clusterable-classes.cc. A floored variance lowers it; without frames it is 0.
    """
    dimension = (moments.shape[-1] - 1) // 2
    count = moments[..., 0]
    some = np.maximum(count, 1e-10)[..., None]
    mean = moments[..., 1 : 1 + dimension] / some
    variance = moments[..., 1 + dimension :] / some - mean * mean
    floored = np.maximum(variance, variance_floor)
    per_frame = -0.5 * (np.log(2.0 * math.pi * floored) + variance / floored).sum(axis=-1)
    return np.asarray(np.where(count > 0, per_frame * count, 0.0))


@dataclass(frozen=True)
class TreeStats:
    """The moments of every event, in ascending order of events.

    Args:
        windows: the phones ``(S, context_width)``; 0 is outside the utterance, no question asks about :data:`ABSENT`.
        pdf_classes: the pdf-class ``(S,)`` of the state of the central phone.
        moments: ``(S, 1 + 2 D)``.
        central_position: position of the central phone in the window, from 0.
    """

    windows: IntArray
    pdf_classes: IntArray
    moments: Moments
    central_position: int

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def context_width(self) -> int:
        """Number of phones in a window."""
        return int(self.windows.shape[1])

    @property
    def central_phones(self) -> IntArray:
        """The central phone ``(S,)`` of every event."""
        return self.windows[:, self.central_position]

    @property
    def num_frames(self) -> float:
        """Number of frames of all events."""
        return float(self.moments[:, 0].sum())

    def values(self, key: int) -> IntArray:
        """The values ``(S,)`` of a key: pdf-classes for key -1, otherwise the phones at this position of the window."""
        return self.pdf_classes if key < 0 else self.windows[:, key]


class TreeStatsAccumulator:
    """Sums the moments of every event over utterances (AccumulateTreeStats of hmm/tree-accu.cc).

    Args:
        num_phones: the largest phone.
        context_independent: phones counted without their context (``phones/context_indep.int``).
        context_width: phones in a window.
        central_position: position of the central phone in it, from 0.
        num_pdf_classes: an upper limit on the number of pdf-classes of a phone.

    Raises:
        ConfigError: the central position is outside the window, or there are too many windows to number.
    """

    def __init__(
        self,
        num_phones: int,
        context_independent: Sequence[int],
        *,
        context_width: int = 3,
        central_position: int = 1,
        num_pdf_classes: int = 64,
    ) -> None:
        if not 0 <= central_position < context_width:
            raise ConfigError(f"central position {central_position} is outside a window of {context_width} phones")
        self._base = num_phones + 2  # ABSENT, 0, phones
        if self._base**context_width * num_pdf_classes >= 2**63:
            raise ConfigError(f"windows of {context_width} phones out of {num_phones} are too many to number")
        self._context_width = context_width
        self._central_position = central_position
        self._independent = np.zeros(num_phones + 1, dtype=bool)
        self._independent[list(context_independent)] = True
        self._keys = np.zeros(0, dtype=np.int64)
        self._moments: Moments = np.zeros((0, 0))

    def add(self, segmenter: Segmenter, batch: Sequence[tuple[IntArray, FloatArray]]) -> None:
        """Add utterances: pairs of an alignment ``(T,)`` of transition-ids and features ``(T, D)``."""
        if not batch:
            return
        keys = np.concatenate([self._event_keys(segmenter, alignment) for alignment, _ in batch])
        moments = np.concatenate([moments_of(features) for _, features in batch])
        if len(self._keys):
            keys = np.concatenate([self._keys, keys])
            moments = np.concatenate([self._moments, moments])
        self._keys, self._moments = _sum_by_key(keys, moments)

    def stats(self) -> TreeStats:
        """The statistics of all utterances so far."""
        windows = np.zeros((len(self._keys), self._context_width), dtype=np.int32)
        rest = self._keys
        for position in reversed(range(self._context_width)):
            windows[:, position] = rest % self._base + ABSENT
            rest = rest // self._base
        return TreeStats(windows, rest.astype(np.int32), self._moments.copy(), self._central_position)

    def _event_keys(self, segmenter: Segmenter, alignment: IntArray) -> NDArray[np.int64]:
        """One integer per frame, ``(T,)``, with pdf-class and phones of the window as digits in base ``_base``."""
        segments = segmenter.segments(alignment)
        width, center, count = self._context_width, self._central_position, len(segments.phones)
        padded = np.zeros(count + width - 1, dtype=np.int64)
        padded[center : center + count] = segments.phones
        windows = np.lib.stride_tricks.sliding_window_view(padded, width).copy()
        hidden = self._independent[segments.phones]
        for position in range(width):
            if position != center:
                windows[hidden, position] = ABSENT
        context = np.zeros(count, dtype=np.int64)
        for position in range(width):
            context = context * self._base + (windows[:, position] - ABSENT)
        by_frame = np.repeat(context, segments.durations)
        classes = segmenter.pdf_classes[alignment].astype(np.int64)
        return np.asarray(classes * np.int64(self._base) ** width + by_frame, dtype=np.int64)


def _sum_by_key(keys: NDArray[np.int64], moments: Moments) -> tuple[NDArray[np.int64], Moments]:
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return ordered[starts], np.add.reduceat(moments[order], starts, axis=0)
