"""From an utterance of a data directory to normalised features, on the fly."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Collection
from typing import Literal

import torch
import torch.nn.functional as F
import torchaudio
from torch import Tensor

from blasr.errors import DataError
from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.config import FeatureConfig, MfccConfig
from blasr.features.deltas import delta_planes
from blasr.features.fbank import LogMel, num_frames
from blasr.features.mfcc import Mfcc
from blasr.io.data_dir import DataDir, Utterance
from blasr.progress import track
from blasr.tally import Tally
from blasr.units import CONTEXT_FRAMES

FeatureKind = Literal["fbank", "mfcc"]

logger = logging.getLogger(__name__)


class TooShortError(DataError):
    """An utterance that does not last one frame."""


def pad_context(planes: Tensor, frames: int = CONTEXT_FRAMES) -> Tensor:
    """``(3, F, T)`` with its edge frames repeated on both sides: ``(3, F, T + 2 * frames)``."""
    return F.pad(planes, (frames, frames), mode="replicate")


class FeatureExtractor:
    """Features of a data directory's utterances, computed from their audio each time they are asked for.

    It can be pickled and used in workers; call :meth:`prepare` first, or each worker collects statistics of its own.

    Args:
        config: an :class:`MfccConfig` for MFCCs, or a :class:`FeatureConfig`, from which MFCCs take all but their bins.
        data_dir: whose utterances, and whose speakers' statistics.
        kind: ``"fbank"`` for log-mel features or ``"mfcc"``.
    """

    def __init__(self, config: FeatureConfig, data_dir: DataDir, kind: FeatureKind = "fbank") -> None:
        self.config = _mfcc_config(config) if kind == "mfcc" else config
        self.data_dir = data_dir
        self.kind = kind
        self.transform = Mfcc(self.config) if isinstance(self.config, MfccConfig) else LogMel(self.config)
        self._stats: dict[str, CmvnStats] = {}
        self._speakers = data_dir.speakers()

    @property
    def dim(self) -> int:
        """Coefficients of a frame, before deltas."""
        return self.config.num_ceps if isinstance(self.config, MfccConfig) else self.config.num_mel_bins

    def features(
        self,
        utterance: Utterance,
        *,
        speed: float = 1.0,
        vtln_warp: float = 1.0,
        gain_db: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Static features ``(T, D)``, normalised as configured.

        Raises:
            TooShortError: the utterance does not last one frame.
            DataError: its audio cannot be read or has another sample rate; the utterance is named.
        """
        features = self.raw_features(utterance, speed=speed, vtln_warp=vtln_warp, gain_db=gain_db, generator=generator)
        if self.config.cmvn == "none":
            return features
        stats = CmvnStats.of(features) if self.config.cmvn == "utterance" else self._stats_of(utterance.speaker)
        return apply_cmvn(features, stats, self.config.norm_vars)

    def raw_features(
        self,
        utterance: Utterance,
        *,
        speed: float = 1.0,
        vtln_warp: float = 1.0,
        gain_db: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Static features ``(T, D)`` before normalisation; arguments and errors as in :meth:`features`."""
        samples, rate = self.data_dir.read_audio(utterance, self.config.sample_rate)
        waveform = torch.from_numpy(samples)
        if speed != 1.0:
            waveform, _ = torchaudio.functional.speed(waveform, rate, speed)
        if gain_db != 0.0:
            waveform = waveform * 10 ** (gain_db / 20)
        if num_frames(len(waveform), self.config) == 0:
            raise TooShortError(
                f"found {len(waveform)} samples, too short for one frame of {self.config.frame_length_ms:g} ms",
                path=self.data_dir.path,
                utterance=utterance.id,
                fix="take it out of the data directory",
            )
        with torch.no_grad():
            features: Tensor = self.transform(waveform, vtln_warp=vtln_warp, generator=generator)
        return features

    def network_input(
        self,
        utterance: Utterance,
        *,
        speed: float = 1.0,
        vtln_warp: float = 1.0,
        gain_db: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Normalised features, deltas and delta-deltas ``(3, F, T)``, without context beyond the utterance's ends.

        Arguments and errors as in :meth:`features`.
        """
        features = self.features(utterance, speed=speed, vtln_warp=vtln_warp, gain_db=gain_db, generator=generator)
        return delta_planes(features, window=self.config.delta_window)

    @property
    def speaker_stats(self) -> dict[str, CmvnStats]:
        """Statistics of every speaker's features before normalisation, collected by one pass over the data."""
        self.prepare()
        return self._stats

    def prepare(self, speakers: Collection[str] | None = None) -> None:
        """Collect the statistics of ``speakers`` (all of them by default) that are not there yet.

        Raises:
            DataError: an utterance's audio cannot be read; those too short for one frame are only counted.
        """
        wanted = [name for name in self._speakers if name not in self._stats and (speakers is None or name in speakers)]
        utterances = [utterance for name in wanted for utterance in self._speakers[name]]
        tally = Tally("speaker statistics")
        stats = {name: CmvnStats.zeros(self.dim) for name in wanted}
        for utterance in track(utterances, "speaker statistics", total=len(utterances)):
            try:
                stats[utterance.speaker].accumulate(self.raw_features(utterance))
                tally.keep()
            except TooShortError:
                tally.drop(utterance.id, "too short for one frame")
        self._stats.update(stats)
        if tally.dropped:
            logger.warning(tally.summary())

    def _stats_of(self, speaker: str) -> CmvnStats:
        if speaker not in self._stats:
            if speaker not in self._speakers:
                raise DataError(f"has no utterances of the speaker {speaker}", path=self.data_dir.path)
            self.prepare([speaker])
        return self._stats[speaker]


def _mfcc_config(config: FeatureConfig) -> MfccConfig:
    if isinstance(config, MfccConfig):
        return config
    shared = {item.name: getattr(config, item.name) for item in dataclasses.fields(FeatureConfig)}
    for name in ("num_mel_bins", "low_freq", "high_freq"):
        del shared[name]
    return MfccConfig(**shared)
