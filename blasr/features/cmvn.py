"""Cepstral mean and variance normalization, as Kaldi's ``transform/cmvn.cc``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blasr.errors import FormatError
from blasr.io.kaldi.tables import read_matrices

VARIANCE_FLOOR = 1e-20


@dataclass(frozen=True, eq=False)
class CmvnStats:
    """Sums over frames as Kaldi's matrix ``(2, D + 1)``: sums and the frame count; sums of squares and a 0."""

    matrix: NDArray[np.float64]

    @classmethod
    def zeros(cls, dim: int) -> CmvnStats:
        """Empty statistics of ``dim`` coefficients."""
        return cls(np.zeros((2, dim + 1)))

    @classmethod
    def of(cls, features: Tensor) -> CmvnStats:
        """Statistics of one matrix ``(T, D)``."""
        stats = cls.zeros(features.shape[1])
        stats.accumulate(features)
        return stats

    @classmethod
    def total(cls, items: Iterable[CmvnStats]) -> CmvnStats:
        """The statistics of everything in ``items`` together."""
        return cls(np.sum([item.matrix for item in items], axis=0))

    @property
    def dim(self) -> int:
        """Coefficients, D."""
        return len(self.matrix[0]) - 1

    @property
    def count(self) -> float:
        """Frames seen."""
        return float(self.matrix[0, -1])

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of each coefficient, ``(D,)``."""
        return self.matrix[0, :-1] / self.count

    @property
    def variance(self) -> NDArray[np.float64]:
        """Variance of each coefficient, ``(D,)``, floored at 1e-20."""
        return np.maximum(self.matrix[1, :-1] / self.count - self.mean**2, VARIANCE_FLOOR)

    def accumulate(self, features: Tensor) -> None:
        """Add the frames of ``features`` ``(T, D)``."""
        values = features.double()
        self.matrix[0, :-1] += values.sum(dim=0).cpu().numpy()
        self.matrix[0, -1] += len(features)
        self.matrix[1, :-1] += values.square().sum(dim=0).cpu().numpy()


def apply_cmvn(features: Tensor, stats: CmvnStats, norm_vars: bool = False) -> Tensor:
    """Subtract the mean from features ``(T, D)``; with ``norm_vars``, divide by the deviation (``ApplyCmvn``)."""
    mean = torch.from_numpy(stats.mean).to(features)
    if not norm_vars:
        return features - mean
    scale = torch.from_numpy(1 / np.sqrt(stats.variance)).to(features)
    return (features - mean) * scale


def read_cmvn_stats(specifier: str | os.PathLike[str]) -> dict[str, CmvnStats]:
    """Return statistics by speaker (or utterance) from an archive or script file of ``compute-cmvn-stats``.

    Raises:
        FormatError: the file is truncated, corrupt, or its matrices are not statistics.
    """
    stats = {}
    for speaker, matrix in read_matrices(specifier, dtype=np.float64):
        if matrix.shape[0] != 2 or matrix.shape[1] < 2 or not np.isfinite(matrix).all() or matrix[0, -1] <= 0:
            message = (
                f"found a matrix of shape {matrix.shape} for {speaker}, expected finite CMVN statistics (2, D + 1)"
            )
            raise FormatError(message, path=specifier, fix="give a file that compute-cmvn-stats wrote")
        stats[speaker] = CmvnStats(np.array(matrix, dtype=np.float64))
    return stats
