"""From an utterance of a data directory to normalized features and the network's input, on the fly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import BlasrError, ConfigError, MismatchError
from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.config import FeatureConfig
from blasr.features.deltas import stack_deltas
from blasr.features.online_cmvn import OnlineCmvn
from blasr.features.perturbation import UNCHANGED, Perturbation
from blasr.features.speaker_stats import SpeakerStats
from blasr.features.speaker_stats_collection import derived_stats
from blasr.features.static_features import StaticFeatures
from blasr.threads import one_torch_thread
from blasr.units import CONTEXT_FRAMES

WaveformChange = Callable[[Tensor, str], Tensor]
"""Returns a waveform ``(N,)`` in 16-bit range, changed, but as long as before; the name is the utterance-id."""


def pad_context(inputs: Tensor, frames: int = CONTEXT_FRAMES) -> Tensor:
    """Repeat the edge frames of ``(3, F, T)`` on both sides: ``(3, F, T + 2 * frames)``."""
    return F.pad(inputs, (frames, frames), mode="replicate")


def inputs_with_context(
    features: Tensor, core: slice, delta_window: int = 2, mask: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """Return the network input ``(3, F, T + 48)`` of the ``T`` frames at ``core`` of static features ``(N, F)``.

    The frames around the core are its context. If there are too few, the outermost frame is repeated, after ``mask``
    has changed the inputs.
    """
    inputs = stack_deltas(features, window=delta_window)
    first, last = max(core.start - CONTEXT_FRAMES, 0), min(core.stop + CONTEXT_FRAMES, len(features))
    missing = (CONTEXT_FRAMES - (core.start - first), CONTEXT_FRAMES - (last - core.stop))
    inputs = inputs[..., first:last]
    return F.pad(inputs if mask is None else mask(inputs), missing, mode="replicate")


class FeatureExtractor:
    """Computes features of a data directory's utterances from their audio, on every call.

    It can be pickled and used in workers. Features are the same, bit for bit, in every process: one thread computes
    them, because the rounding of matrix products depends on the number of threads.

    A gain adds the same constant to every log-mel coefficient and to the speaker's mean, so normalization removes it.
    It has an effect only with ``cmvn="none"`` or ``"online"``, with dither, or near digital silence.

    Args:
        config: :class:`blasr.features.config.MfccConfig` for MFCCs, otherwise log-mel features.
        data_dir: the utterances and their audio.
        speaker_stats: from :func:`blasr.features.collect_speaker_stats`; needed if ``config.cmvn`` is
            ``speaker``, for every perturbation that is used.
        global_stats: statistics of the training data; needed if ``config.cmvn`` is ``online``. Every utterance starts
            from them, as that of a new speaker.

    Raises:
        ConfigError: ``config.cmvn`` is ``speaker`` or ``online``, but there are no such statistics.
        MismatchError: the statistics have another number of coefficients.
    """

    def __init__(
        self,
        config: FeatureConfig,
        data_dir: DataDir,
        speaker_stats: SpeakerStats | None = None,
        global_stats: CmvnStats | None = None,
    ) -> None:
        if config.cmvn == "speaker" and speaker_stats is None:
            raise ConfigError("features are normalized by speaker, but there are no statistics of speakers")
        if config.cmvn == "online" and global_stats is None:
            raise ConfigError("features are normalized by running statistics, but there are no global statistics")
        self._global_stats = global_stats
        self.config = config
        self.data_dir = data_dir
        self._static = StaticFeatures(config, data_dir)
        self._speaker_stats = speaker_stats or SpeakerStats()
        if self._speaker_stats.dim not in (None, self.dim):
            raise MismatchError(
                f"the statistics of speakers have {self._speaker_stats.dim} coefficients, the features {self.dim}",
                fix="collect them again with this configuration of the features",
            )

    @property
    def dim(self) -> int:
        """Coefficients of a frame, D, before deltas."""
        return self._static.dim

    def features(
        self,
        utterance: Utterance,
        perturbation: Perturbation = UNCHANGED,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return the static features ``(T, D)``, normalized as configured.

        Args:
            utterance: one of the data directory, or another one of its speakers and recordings.
            perturbation: the change of its audio.
            generator: the source of the dither, if dither is configured.

        Raises:
            TooShortError: the utterance is shorter than one frame.
            DataError: its audio cannot be read or has another sample rate, or its speaker has no statistics.
            ConfigError: the frequency range does not allow the warp.
        """
        return self._normalized(utterance, perturbation, 0, generator)[0]

    def features_with_context(
        self,
        utterance: Utterance,
        perturbation: Perturbation = UNCHANGED,
        generator: torch.Generator | None = None,
        change: WaveformChange | None = None,
    ) -> tuple[Tensor, slice]:
        """Return static features of the utterance and the audio around it, and the slice of the utterance's own frames.

        Nothing around it is included without ``config.segment_context``, or beyond the ends of the recording. Arguments
        and errors are those of :meth:`features`; :func:`inputs_with_context` turns the result into a network input.

        ``change`` adds noise or the like. A speaker's statistics are then moved by the difference that it makes to the
        mean and variance of this utterance, as if all of the speaker's utterances had been changed so.
        """
        margin = CONTEXT_FRAMES + 2 * self.config.delta_window if self.config.segment_context else 0
        return self._normalized(utterance, perturbation, margin, generator, change)

    def network_input(
        self,
        utterance: Utterance,
        perturbation: Perturbation = UNCHANGED,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return normalized features, deltas and delta-deltas with 24 frames of context on each side.

        Arguments and errors are those of :meth:`features`.

        Returns:
            ``(3, F, T + 48)``.
        """
        features, core = self.features_with_context(utterance, perturbation, generator)
        return inputs_with_context(features, core, self.config.delta_window)

    @one_torch_thread()
    def _normalized(
        self,
        utterance: Utterance,
        perturbation: Perturbation,
        margin_frames: int,
        generator: torch.Generator | None,
        change: WaveformChange | None = None,
    ) -> tuple[Tensor, slice]:
        """Return features with up to ``margin_frames`` around them, and the slice of the utterance's own frames."""
        waveform, core = self._static.waveform(utterance, perturbation, margin_frames)
        changed = waveform if change is None else change(waveform, utterance.id)
        features = self._static.of_waveform(utterance, changed, perturbation, generator)
        if self.config.cmvn == "none":
            return features, core
        if self.config.cmvn == "utterance":
            return apply_cmvn(features, CmvnStats.of(features[core]), self.config.norm_vars), core
        if self.config.cmvn == "online":
            assert self._global_stats is not None
            running = OnlineCmvn(self.config.online_cmvn, self._global_stats, norm_vars=self.config.norm_vars)
            return running.normalize(features), core
        if perturbation.gain_db != 0.0:
            features = features - self._static.gain_offset(perturbation.gain_db)
        try:
            stats = self._speaker_stats.of(utterance.speaker, perturbation)
        except BlasrError as error:
            raise error.at(path=self.data_dir.path) from None
        if change is not None:
            unchanged = self._static.of_waveform(utterance, waveform, perturbation, generator)
            if perturbation.gain_db != 0.0:
                unchanged = unchanged - self._static.gain_offset(perturbation.gain_db)
            sample = [CmvnStats.of(item[core]).matrix for item in (unchanged, features)]
            stats = CmvnStats(derived_stats(stats.matrix, np.stack(sample))[1])
        return apply_cmvn(features, stats, self.config.norm_vars), core
