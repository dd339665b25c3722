"""The static features of an utterance before normalization, computed from its audio."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch
import torchaudio
from torch import Tensor

from blasr.data.data_dir import DataDir, Utterance
from blasr.features.config import FeatureConfig, MfccConfig
from blasr.features.fbank import LogMel, TooShortError, num_frames
from blasr.features.mfcc import Mfcc
from blasr.features.perturbation import UNCHANGED, Perturbation, check_speed


class StaticFeatures:
    """Computes log-mel features or MFCCs of a data directory's utterances, not normalized.

    Args:
        config: :class:`MfccConfig` for MFCCs, otherwise log-mel features.
        data_dir: where the audio is.
    """

    def __init__(self, config: FeatureConfig, data_dir: DataDir) -> None:
        self.config = config
        self.data_dir = data_dir
        self._transform = Mfcc(config) if isinstance(config, MfccConfig) else LogMel(config)

    @property
    def dim(self) -> int:
        """Coefficients of a frame, D."""
        return self.config.num_ceps if isinstance(self.config, MfccConfig) else self.config.num_mel_bins

    def compute(
        self,
        utterance: Utterance,
        perturbation: Perturbation = UNCHANGED,
        *,
        margin_frames: int = 0,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, slice]:
        """Return the features ``(T, D)`` of an utterance and the audio around it, and the slice of its own frames.

        Args:
            utterance: one of the data directory, or another one of its recordings.
            perturbation: the change of its audio.
            margin_frames: number of frames to include on each side of the utterance, if the recording has them.
            generator: the source of the dither, if dither is configured.

        Raises:
            TooShortError: the utterance is shorter than one frame.
            DataError: its audio cannot be read or has another sample rate.
            ConfigError: the frequency range does not allow the warp.
        """
        waveform, core = self.waveform(utterance, perturbation, margin_frames)
        return self.of_waveform(utterance, waveform, perturbation, generator), core

    def waveform(
        self, utterance: Utterance, perturbation: Perturbation = UNCHANGED, margin_frames: int = 0
    ) -> tuple[Tensor, slice]:
        """Return the waveform ``(N,)`` that :meth:`compute` takes features of, and the slice of the utterance's frames.

        Arguments and errors are those of :meth:`compute`.
        """
        waveform, core = self._read_surrounded(utterance, margin_frames, perturbation.speed)
        waveform = self._change_speed(self._change_speed(waveform, utterance.speed), perturbation.speed)
        return waveform * 10 ** (perturbation.gain_db / 20), core

    def compute_voices(self, utterance: Utterance, voices: Iterable[Perturbation]) -> Iterator[Tensor]:
        """Yield the features ``(T, D)`` of an utterance in each of several voices; its audio is read once.

        Raises:
            TooShortError, DataError, ConfigError: as :meth:`compute`.
        """
        samples, _ = self.data_dir.read_audio(utterance, self.config.sample_rate)
        waveform = self._change_speed(torch.from_numpy(samples), utterance.speed)
        for voice in voices:
            yield self.of_waveform(utterance, self._change_speed(waveform, voice.speed), voice)

    def of_waveform(
        self,
        utterance: Utterance,
        waveform: Tensor,
        perturbation: Perturbation,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return the features ``(T, D)`` of a waveform from :meth:`waveform`; errors as :meth:`compute`."""
        try:
            features: Tensor = self._transform(waveform, vtln_warp=perturbation.vtln_warp, generator=generator)
        except TooShortError as error:
            raise error.at(path=self.data_dir.path, utterance=utterance.id) from None
        return features

    def gain_offset(self, gain_db: float) -> Tensor:
        """Return the constant ``(D,)`` that a gain adds to every frame."""
        log_energy = torch.full((self.config.num_mel_bins,), gain_db * math.log(10) / 10)
        if isinstance(self._transform, Mfcc):
            return self._transform.from_log_mel(log_energy, log_energy[0])
        return log_energy

    def _read_surrounded(self, utterance: Utterance, margin_frames: int, speed: float) -> tuple[Tensor, slice]:
        """Return the waveform ``(N,)`` before its change of speed, and the slice of the utterance's frames after it."""
        shift = self.config.frame_shift_samples * utterance.speed * speed
        samples, _, core = self.data_dir.read_surrounded_audio(
            utterance, math.ceil(margin_frames * shift), self.config.sample_rate
        )
        before = min(margin_frames, int(core.start / shift))
        played = self._num_samples(self._num_samples(core.stop - core.start, utterance.speed), speed)
        frames = num_frames(played, self.config)
        if frames == 0:  # the transform raises TooShortError for it
            return torch.from_numpy(samples[core]), slice(0, 0)
        start = core.start - round(before * shift)
        return torch.from_numpy(samples[start:]), slice(before, before + frames)

    def _change_speed(self, waveform: Tensor, speed: float) -> Tensor:
        """Return the waveform played ``speed`` times as fast at the same sample rate."""
        check_speed(speed)
        rate = self.config.sample_rate
        return waveform if speed == 1.0 else torchaudio.functional.resample(waveform, round(speed * rate), rate)

    def _num_samples(self, num_samples: int, speed: float) -> int:
        """Return how many samples :meth:`_change_speed` makes of ``num_samples``."""
        rate = self.config.sample_rate
        return -(-rate * num_samples // round(speed * rate))
