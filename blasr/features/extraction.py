"""From an utterance of a data directory to normalised features, on the fly."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Literal

import torch
import torch.nn.functional as F
import torchaudio
from torch import Tensor

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.config import FeatureConfig, MfccConfig
from blasr.features.deltas import delta_planes
from blasr.features.fbank import LogMel, TooShortError, num_frames
from blasr.features.mfcc import Mfcc
from blasr.progress import track
from blasr.tally import Tally
from blasr.threads import one_torch_thread
from blasr.units import CONTEXT_FRAMES

__all__ = ["FeatureExtractor", "FeatureKind", "TooShortError", "pad_context", "planes_in_context"]

FeatureKind = Literal["fbank", "mfcc"]

logger = logging.getLogger(__name__)


def pad_context(planes: Tensor, frames: int = CONTEXT_FRAMES) -> Tensor:
    """``(3, F, T)`` with its edge frames repeated on both sides: ``(3, F, T + 2 * frames)``."""
    return F.pad(planes, (frames, frames), mode="replicate")


def planes_in_context(
    features: Tensor, own: slice, delta_window: int = 2, mask: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """Network input ``(3, F, T + 48)`` of static features, ``T`` of which, at ``own``, are the utterance's.

    What lies around them is their context; where it is too short, its outermost frames are repeated, after ``mask``
    has changed the planes.
    """
    planes = delta_planes(features, window=delta_window)
    first, last = max(own.start - CONTEXT_FRAMES, 0), min(own.stop + CONTEXT_FRAMES, len(features))
    missing = (CONTEXT_FRAMES - (own.start - first), CONTEXT_FRAMES - (last - own.stop))
    planes = planes[..., first:last]
    return F.pad(planes if mask is None else mask(planes), missing, mode="replicate")


class FeatureExtractor:
    """Features of a data directory's utterances, computed from their audio each time they are asked for.

    It can be pickled and used in workers; call :meth:`prepare` first, or each worker collects statistics of its own.
    Features are the same to the bit in every process: one thread computes them, since a product's rounding depends on
    how many threads share it.

    Perturbed speech (for training) is normalised by the statistics of the perturbed speaker, that is, of all of the
    speaker's utterances under the same perturbation: ``speed`` and ``vtln_warp`` make another voice, whose mean
    spectrum lies elsewhere, and a network that is to meet new voices, each normalised by its own statistics, must
    see this one so too (Kaldi's speed-perturbed speakers are speakers of their own as well). The statistics of the
    unperturbed voice would leave an offset of up to 1 standard deviation of the log-mel features that no test speaker
    has. A gain adds a constant to every log-mel coefficient and to the speaker's mean alike, and goes with it: it
    only shows with ``cmvn="none"``, against dither, or near digital silence. ``speed`` and ``vtln_warp`` are rounded
    to hundredths, so that filterbanks and statistics can be kept.

    Args:
        config: an :class:`MfccConfig` for MFCCs, or a :class:`FeatureConfig`, from which MFCCs take all but their bins.
        data_dir: whose utterances, and whose speakers' statistics.
        kind: ``"fbank"`` for log-mel features or ``"mfcc"``.
        speaker_stats: statistics of the unperturbed speech of speakers, where they are known already (from
            :func:`blasr.features.cmvn.read_cmvn_stats`; one for all speakers is ``dict.fromkeys(speakers, stats)``).
    """

    def __init__(
        self,
        config: FeatureConfig,
        data_dir: DataDir,
        kind: FeatureKind = "fbank",
        speaker_stats: Mapping[str, CmvnStats] | None = None,
    ) -> None:
        self.config = _mfcc_config(config) if kind == "mfcc" else config
        self.data_dir = data_dir
        self.kind = kind
        self.transform = Mfcc(self.config) if isinstance(self.config, MfccConfig) else LogMel(self.config)
        self._speakers = data_dir.speakers()
        self._stats: dict[tuple[str, float, float], CmvnStats] = {}  # by speaker, speed, warp
        for speaker, stats in (speaker_stats or {}).items():
            if stats.dim != self.dim:
                raise MismatchError(
                    f"the statistics of speaker {speaker} have {stats.dim} coefficients, the features {self.dim}",
                    fix="collect them anew with this configuration of features",
                )
            self._stats[speaker, 1.0, 1.0] = stats

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

        Args:
            utterance: one of the data directory's, or another one of its speakers and recordings.
            speed: plays the audio that many times as fast, pitch and formants too; T changes.
            vtln_warp: Kaldi's --vtln-warp: above 1 the filters move down and formants seem higher.
            gain_db: amplifies the audio.
            generator: where dither is drawn from, if it is configured.

        Raises:
            TooShortError: the utterance does not last one frame.
            DataError: its audio cannot be read or has another sample rate; the utterance is named.
            ConfigError: a perturbation out of range.
        """
        return self._static(utterance, 0, speed, vtln_warp, gain_db, generator)[0]

    def features_in_context(
        self,
        utterance: Utterance,
        *,
        speed: float = 1.0,
        vtln_warp: float = 1.0,
        gain_db: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, slice]:
        """Static features with those around the utterance that its network input needs, and where its own are.

        There are none around it without ``segment_context`` or where the recording ends. Arguments and errors as in
        :meth:`features`; see :func:`planes_in_context`.
        """
        margin = CONTEXT_FRAMES + 2 * self.config.delta_window if self.config.segment_context else 0
        return self._static(utterance, margin, speed, vtln_warp, gain_db, generator)

    @one_torch_thread()
    def _static(
        self,
        utterance: Utterance,
        margin_frames: int,
        speed: float,
        vtln_warp: float,
        gain_db: float,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, slice]:
        """Features with up to ``margin_frames`` around them, normalised by the utterance's or its speaker's own."""
        speed, vtln_warp = round(speed, 2), round(vtln_warp, 2)
        waveform, own = self._surrounded(utterance, margin_frames, speed)
        waveform = self._played(self._played(waveform, utterance.speed), speed) * 10 ** (gain_db / 20)
        features = self._transform(utterance, waveform, vtln_warp, generator)
        if self.config.cmvn == "none":
            return features, own
        if self.config.cmvn == "utterance":
            return apply_cmvn(features, CmvnStats.of(features[own]), self.config.norm_vars), own
        if gain_db != 0.0:
            features = features - self._gain_offset(gain_db)
        stats = self._stats_of(utterance.speaker, speed, vtln_warp)
        return apply_cmvn(features, stats, self.config.norm_vars), own

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

    def network_input_in_context(
        self,
        utterance: Utterance,
        *,
        speed: float = 1.0,
        vtln_warp: float = 1.0,
        gain_db: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """:meth:`network_input` with context beyond the utterance's ends: ``(3, F, T + 48)``."""
        features, own = self.features_in_context(
            utterance, speed=speed, vtln_warp=vtln_warp, gain_db=gain_db, generator=generator
        )
        return planes_in_context(features, own, self.config.delta_window)

    @property
    def speaker_stats(self) -> dict[str, CmvnStats]:
        """Statistics of every speaker's unperturbed features before normalisation, by one pass over the data.

        A speaker without a single frame has none.
        """
        self.prepare()
        stats = {speaker: self._stats[speaker, 1.0, 1.0] for speaker in self._speakers}
        return {speaker: item for speaker, item in stats.items() if item.count}

    @one_torch_thread()
    def prepare(
        self,
        speakers: Collection[str] | None = None,
        *,
        speeds: Iterable[float] = (1.0,),
        vtln_warps: Iterable[float] = (1.0,),
    ) -> None:
        """Collect the statistics that are not there yet, by one pass over the data.

        Args:
            speakers: whose; everyone's by default.
            speeds: with each of these speeds.
            vtln_warps: and each of these warps.

        Raises:
            DataError: an utterance's audio cannot be read; those too short for one frame are only counted.
        """
        perturbations = [(round(speed, 2), round(warp, 2)) for speed in speeds for warp in vtln_warps]
        names = [name for name in self._speakers if speakers is None or name in speakers]
        keys = {(name, *pair) for name in names for pair in perturbations} - self._stats.keys()
        stats = {key: CmvnStats.zeros(self.dim) for key in keys}
        needed = {name for name, *_ in keys}
        utterances = [utterance for name in names if name in needed for utterance in self._speakers[name]]
        tally = Tally("speaker statistics")
        for utterance in track(utterances, "speaker statistics", total=len(utterances)):
            wanted = [pair for pair in perturbations if (utterance.speaker, *pair) in stats]
            try:
                for pair, features in self._perturbed(utterance, wanted):
                    stats[(utterance.speaker, *pair)].accumulate(features)
                tally.keep()
            except TooShortError:
                tally.drop(utterance.id, "too short for one frame")
        self._stats.update(stats)
        if tally.dropped:
            logger.warning(tally.summary())

    def _perturbed(
        self, utterance: Utterance, perturbations: Iterable[tuple[float, float]]
    ) -> Iterator[tuple[tuple[float, float], Tensor]]:
        waveform = self._waveform(utterance)
        for speed, warp in perturbations:
            yield (speed, warp), self._transform(utterance, self._played(waveform, speed), warp)

    def _surrounded(self, utterance: Utterance, margin_frames: int, speed: float) -> tuple[Tensor, slice]:
        """The waveform with up to so many frames (once it is played) around the utterance, and its own frames."""
        faster = utterance.speed * speed
        shift = self.config.frame_shift_samples * faster
        samples, _, own = self.data_dir.read_surrounded_audio(
            utterance, math.ceil(margin_frames * shift), self.config.sample_rate
        )
        before = min(margin_frames, int(own.start / shift))
        frames = num_frames(
            self._num_played(self._num_played(own.stop - own.start, utterance.speed), speed), self.config
        )
        if frames == 0:  # too short, as the transform is to say
            return torch.from_numpy(samples[own]), slice(0, 0)
        start = own.start - round(before * shift)
        return torch.from_numpy(samples[start:]), slice(before, before + frames)

    def _waveform(self, utterance: Utterance) -> Tensor:
        samples, _ = self.data_dir.read_audio(utterance, self.config.sample_rate)
        return self._played(torch.from_numpy(samples), utterance.speed)

    def _played(self, waveform: Tensor, speed: float) -> Tensor:
        """The waveform played ``speed`` times as fast at the same sample rate."""
        if not 0.5 <= speed <= 2.0:
            raise ConfigError(f"found a speed of {speed}, expected 0.5 to 2")
        rate = self.config.sample_rate
        return waveform if speed == 1.0 else torchaudio.functional.resample(waveform, round(speed * rate), rate)

    def _num_played(self, num_samples: int, speed: float) -> int:
        """How many samples :meth:`_played` makes of so many."""
        rate = self.config.sample_rate
        return -(-rate * num_samples // round(speed * rate))

    def _transform(
        self, utterance: Utterance, waveform: Tensor, vtln_warp: float, generator: torch.Generator | None = None
    ) -> Tensor:
        try:
            features: Tensor = self.transform(waveform, vtln_warp=vtln_warp, generator=generator)
        except TooShortError as error:
            path = self.data_dir.path
            raise TooShortError(error.message, path=path, utterance=utterance.id, fix=error.fix) from None
        return features

    def _gain_offset(self, gain_db: float) -> Tensor:
        """What a gain adds to the features, ``(D,)``."""
        log_energy = torch.full((self.config.num_mel_bins,), gain_db * math.log(10) / 10)
        return (
            self.transform.from_log_mel(log_energy, log_energy[0]) if isinstance(self.transform, Mfcc) else log_energy
        )

    def _stats_of(self, speaker: str, speed: float, vtln_warp: float) -> CmvnStats:
        key = (speaker, speed, vtln_warp)
        if key not in self._stats:
            self.prepare([speaker], speeds=[speed], vtln_warps=[vtln_warp])
        if key not in self._stats or not self._stats[key].count:
            message = f"has no frames of speaker {speaker} to take statistics from"
            raise DataError(message, path=self.data_dir.path, fix="normalise by utterance, or give statistics")
        return self._stats[key]


def _mfcc_config(config: FeatureConfig) -> MfccConfig:
    if isinstance(config, MfccConfig):
        return config
    shared = {item.name: getattr(config, item.name) for item in dataclasses.fields(FeatureConfig)}
    for name in ("num_mel_bins", "low_freq", "high_freq"):
        del shared[name]
    return MfccConfig(**shared)
