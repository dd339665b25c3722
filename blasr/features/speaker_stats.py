"""The statistics that normalize the features of each speaker, as they are and under perturbations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from blasr.errors import DataError
from blasr.features.cmvn import CmvnStats
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.units import AnyArray


class Voice(NamedTuple):
    """A speaker under a perturbation without gain."""

    speaker: str
    perturbation: Perturbation = UNCHANGED


class SpeakerStats:
    """CMVN statistics of each voice: a speaker, unperturbed or under a perturbation.

    Perturbed speech is normalized by statistics of the speaker's utterances under the same perturbation. Speed and
    warp make another voice with another mean spectrum. Like a new speaker, it is normalized by its own statistics
    (speed-perturbed speakers are separate speakers in Kaldi too). The statistics of the unperturbed voice would leave
    an offset of up to 1 standard deviation of the log-mel features, which no test speaker has.

    Args:
        speakers: the speakers.
        perturbations: the perturbations of each speaker, without gain.
        matrices: Kaldi's statistics, float64 ``(speakers, perturbations, 2, D + 1)``; may be memory-mapped. A count of
            0 means that the voice has no statistics.
    """

    def __init__(
        self,
        speakers: Sequence[str] = (),
        perturbations: Sequence[Perturbation] = (UNCHANGED,),
        matrices: AnyArray | None = None,
    ) -> None:
        self.perturbations = tuple(perturbations)
        self.matrices = np.zeros((0, len(self.perturbations), 2, 1)) if matrices is None else matrices
        self._rows = {speaker: row for row, speaker in enumerate(speakers)}
        self._columns = {perturbation: column for column, perturbation in enumerate(self.perturbations)}

    @classmethod
    def of_speakers(cls, stats: Mapping[str, CmvnStats]) -> SpeakerStats:
        """Wrap the statistics of unperturbed speakers, as :func:`blasr.features.cmvn.read_cmvn_stats` returns them.

        One set of statistics for all speakers is ``dict.fromkeys(speakers, stats)``.
        """
        return cls(list(stats), (UNCHANGED,), np.stack([item.matrix for item in stats.values()])[:, None])

    @property
    def dim(self) -> int | None:
        """Coefficients, D; None if there are no speakers."""
        return self.matrices.shape[-1] - 1 if len(self.matrices) else None

    def voices(self) -> list[Voice]:
        """Return the voices that have statistics."""
        return [
            Voice(speaker, perturbation)
            for speaker, row in self._rows.items()
            for perturbation, column in self._columns.items()
            if self.matrices[row, column, 0, -1] > 0
        ]

    def speakers(self) -> dict[str, CmvnStats]:
        """Return the statistics of the unperturbed speakers."""
        return {voice.speaker: self.of(voice.speaker) for voice in self.voices() if voice.perturbation == UNCHANGED}

    def total(self) -> CmvnStats:
        """Return the statistics of all unperturbed speakers together."""
        return CmvnStats(np.asarray(self.matrices[:, self._columns[UNCHANGED]].sum(axis=0)))

    def of(self, speaker: str, perturbation: Perturbation = UNCHANGED) -> CmvnStats:
        """Return the statistics of one voice; the gain is ignored.

        Raises:
            DataError: the voice has no statistics.
        """
        matrix = self.find(speaker, perturbation)
        if matrix is None:
            how = "" if perturbation.voice == UNCHANGED else f" under {perturbation.voice}"
            raise DataError(
                f"has no frames of speaker {speaker}{how} to compute statistics from",
                fix="normalize by utterance, or give statistics",
            )
        return CmvnStats(matrix)

    def find(self, speaker: str, perturbation: Perturbation = UNCHANGED) -> AnyArray | None:
        """Return the matrix ``(2, D + 1)`` of one voice, or None if it has no statistics."""
        row, column = self._rows.get(speaker), self._columns.get(perturbation.voice)
        if row is None or column is None or not self.matrices[row, column, 0, -1] > 0:
            return None
        return np.asarray(self.matrices[row, column])
