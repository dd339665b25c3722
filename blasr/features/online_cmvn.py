"""Normalization by running statistics, as Kaldi's ``OnlineCmvn`` (``feat/online-feature.cc``).

A frame is normalized by the last ``cmn_window`` frames up to itself, so features can be computed while someone speaks.
At the beginning of an utterance, where there are fewer frames, statistics of the speaker's earlier utterances and then
global statistics of the training data fill up the window.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from blasr.errors import DataError, FormatError, MismatchError
from blasr.features.cmvn import VARIANCE_FLOOR, CmvnStats
from blasr.features.config import OnlineCmvnConfig
from blasr.features.fbank import is_sounding
from blasr.io.atomic import atomic_path
from blasr.io.kaldi import DOUBLE_MATRIX, read_value, write_value

GLOBAL_CMVN: Final = "global_cmvn.stats"
"""The file with the global statistics, a matrix in Kaldi's format, under Kaldi's name."""


class OnlineCmvn:
    """Normalizes the frames of one utterance, which may arrive in pieces of any length.

    One piece with all frames, or one frame at a time: the results are the same to rounding.

    The sums over the window are smoothed as in ``SmoothOnlineCmvnStats``. With c frames in the window, the speaker's
    statistics count as min(cmn_window - c, speaker_frames, their count) frames, and the global statistics as
    min(what is still missing, global_frames) frames.

    Args:
        config: the window, and how much the other statistics count.
        global_stats: statistics of the training data.
        speaker_stats: statistics of the speaker's earlier utterances, from :meth:`speaker_stats`; None if there are
            none.
        norm_vars: also divide by the standard deviation.
        skip_digital_silence: whether the statistics leave out frames of zeros, as from a muted microphone. Kaldi counts
            them.

    Raises:
        MismatchError: the two statistics have different numbers of coefficients.
    """

    def __init__(
        self,
        config: OnlineCmvnConfig,
        global_stats: CmvnStats,
        speaker_stats: CmvnStats | None = None,
        *,
        norm_vars: bool = False,
        skip_digital_silence: bool = False,
    ) -> None:
        self._config = config
        self._global = global_stats
        self._earlier = speaker_stats or CmvnStats.zeros(global_stats.dim)
        if self._earlier.dim != global_stats.dim:
            message = f"statistics of a speaker have {self._earlier.dim} coefficients"
            raise MismatchError(f"{message}, the global statistics {global_stats.dim}")
        self._norm_vars, self._skip_digital_silence = norm_vars, skip_digital_silence
        self._window = torch.zeros(0, global_stats.dim)
        self._sums = torch.zeros(1 + norm_vars, global_stats.dim, dtype=torch.float64)
        self._total = CmvnStats.zeros(global_stats.dim)

    def normalize(self, features: Tensor) -> Tensor:
        """Return the next frames ``(T, D)`` of the utterance, normalized; T may be 0.

        Raises:
            MismatchError: the features have another number of coefficients than the statistics.
        """
        if features.shape[1] != self._global.dim:
            message = f"the features have {features.shape[1]} coefficients, the global statistics {self._global.dim}"
            raise MismatchError(message, fix=f"give the {GLOBAL_CMVN} that the network was trained with")
        if not len(features):
            return features
        counted = is_sounding(features) if self._skip_digital_silence else torch.ones(len(features), dtype=torch.bool)
        before, frames_before = self._sums[:, None], torch.tensor([[float(len(self._window))]], dtype=torch.float64)
        sums, counts = self._window_sums(features[counted])
        sums, counts = torch.cat([before, sums], dim=1), torch.cat([frames_before, counts])
        rows = counted.cumsum(0)  # a frame that does not count has the statistics of the last one that does
        sums, counts = self._smoothed(sums[:, rows], counts[rows])
        counts = counts.clamp_min(1.0)  # only digital silence so far, and no other statistics
        mean = sums[0] / counts
        if not self._norm_vars:
            return features - mean.to(features)
        variance = (sums[1] / counts - mean.square()).clamp_min(VARIANCE_FLOOR)
        return (features - mean.to(features)) * variance.rsqrt().to(features)

    def speaker_stats(self) -> CmvnStats:
        """Return statistics of the earlier utterances and of the frames so far, for the speaker's next utterance."""
        return CmvnStats.total([self._earlier, self._total])

    def _window_sums(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sums over the window of each frame ``(1 or 2, T, D)``, and its number of frames ``(T, 1)``."""
        size = self._config.cmn_window
        frames = torch.cat([self._window, features.cpu()])
        entering = frames[len(self._window) :].double()
        leaving = torch.zeros_like(entering)
        first = size - len(self._window)  # the first of the new frames at which an old one leaves the window
        if first < len(entering):
            leaving[first:] = frames[: len(entering) - first]
        changes = [entering - leaving]
        if self._norm_vars:
            changes.append(entering.square() - leaving.square())
        sums = self._sums[:, None] + torch.stack(changes).cumsum(dim=1)
        counts = torch.arange(len(self._window) + 1, len(self._window) + len(entering) + 1).clamp_max(size)
        if len(features):
            self._sums, self._window = sums[:, -1], frames[-size:].clone()
            self._total.accumulate(features)
        return sums, counts[:, None].double()

    def _smoothed(self, sums: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sums and counts of :meth:`_window_sums` with those of the speaker and of the training data."""
        speaker_limit = min(self._config.speaker_frames, self._earlier.count)
        for stats, limit in ((self._earlier, speaker_limit), (self._global, self._config.global_frames)):
            if stats.count:
                added = (self._config.cmn_window - counts).clamp(0, limit)
                rows = torch.from_numpy(stats.matrix[: len(sums), :-1])
                sums = sums + (added / stats.count) * rows[:, None]
                counts = counts + added
        return sums, counts


def write_global_cmvn(path: Path, stats: CmvnStats) -> None:
    """Write global statistics as a matrix in Kaldi's binary format, whole or not at all.

    Raises:
        DataError: there are no frames, or the file cannot be written.
    """
    if not stats.count:
        raise DataError("there are no frames to compute global statistics from", path=path)
    with atomic_path(path) as temporary:
        write_value(str(temporary), DOUBLE_MATRIX, stats.matrix)


def read_global_cmvn(path: Path, dim: int) -> CmvnStats:
    """Read global statistics of ``dim`` coefficients, as :func:`write_global_cmvn` or Kaldi's ``matrix-sum`` writes.

    Raises:
        DataError: there is no such file.
        FormatError: it is damaged, or not such statistics.
    """
    fix = "train again, or restore the file"
    if not path.is_file():
        message = "no such file, but the features are normalized by running statistics (cmvn: online), which need it"
        raise DataError(message, path=path, fix=fix)
    matrix = np.asarray(read_value(str(path), DOUBLE_MATRIX), dtype=np.float64)
    if matrix.shape != (2, dim + 1) or not np.isfinite(matrix).all() or matrix[0, -1] <= 0:
        message = f"found a matrix of shape {matrix.shape}, expected finite CMVN statistics (2, {dim + 1}) of frames"
        raise FormatError(message, path=path, fix=fix)
    return CmvnStats(matrix)
