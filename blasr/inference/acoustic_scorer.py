"""From audio to scaled log-likelihoods: features, network, priors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import UTTERANCE_ERRORS, BlasrError, ConfigError
from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.config import FeatureConfig
from blasr.features.deltas import stack_deltas
from blasr.features.extraction import FeatureExtractor, pad_context
from blasr.features.fbank import LogMel
from blasr.features.online_cmvn import OnlineCmvn
from blasr.features.speaker_stats import SpeakerStats
from blasr.features.stored_speaker_stats import load_speaker_stats
from blasr.inference.config import ScoringConfig
from blasr.inference.loglike_checks import check_matrix
from blasr.inference.posteriors import PosteriorComputer
from blasr.inference.priors import Priors
from blasr.inference.recordings import read_recording
from blasr.tally import Tally
from blasr.threads import one_torch_thread, ordered_map
from blasr.training import choose_device
from blasr.units import FloatArray

UtteranceScorer = Callable[[Utterance], FloatArray]
"""Returns the log-likelihoods ``(T, num_pdfs)`` of an utterance; raises a :class:`BlasrError` if it has none."""


@dataclass(frozen=True, eq=False)
class Posteriors:
    """Log-posteriors of an utterance, and the log-priors that belong to them.

    Attributes:
        log_posteriors: ``log p(s|x)`` ``(T, num_pdfs)``.
        log_priors: ``log p(s)`` ``(num_pdfs,)``; for a cascade ``(2, num_pdfs)``, of the little and the big model.
        passed_on: for a cascade, whether each frame ``(T,)`` is from the big model.
    """

    log_posteriors: FloatArray
    log_priors: NDArray[np.float64]
    passed_on: NDArray[np.bool_] | None = None

    def log_likelihoods(self, prior_scale: float) -> FloatArray:
        """Return ``log p(s|x) - prior_scale * log p(s)`` ``(T, num_pdfs)``.

        Raises:
            DataError: a value is not finite, for example because training diverged.
        """
        scaled = (prior_scale * self.log_priors).astype(np.float32)
        if self.passed_on is not None:
            scaled = scaled[self.passed_on.astype(np.int64)]
        matrix = np.asarray(self.log_posteriors - scaled, dtype=np.float32)
        check_matrix(matrix, len(self.log_posteriors), self.log_priors.shape[-1])
        return matrix


class AcousticScorer:
    """Computes ``log p(s|x) - prior_scale * log p(s)`` with a trained network.

    Every step is a method: :meth:`compute_features`, :meth:`normalized_inputs`, :meth:`log_likelihoods`. None of them
    keeps state: threads may share a scorer, and audio that arrives in pieces can be scored piece by piece, each with
    its own context. One thread computes each call, so results do not depend on the number of workers.

    Args:
        model: the network, ``(B, 3, F, T)`` to logits ``(B, num_pdfs, T - 48)``.
        features: the features that it reads.
        priors: the priors of its pdfs.
        config: prior scale and device.
        global_stats: statistics of the training data, if ``features.cmvn`` is ``online``.

    Raises:
        ConfigError: ``features.cmvn`` is ``online``, but there are no global statistics.
    """

    def __init__(
        self,
        model: nn.Module,
        features: FeatureConfig,
        priors: Priors,
        config: ScoringConfig | None = None,
        global_stats: CmvnStats | None = None,
    ) -> None:
        config = config or ScoringConfig()
        if features.cmvn == "online" and global_stats is None:
            raise ConfigError("features are normalized by running statistics, but there are no global statistics")
        self.features = features
        self.global_stats = global_stats
        self.num_pdfs = priors.num_pdfs
        self.prior_scale = config.prior_scale
        self._log_mel = LogMel(features)
        self._posteriors = PosteriorComputer(
            model, choose_device(config.device), piece_frames=config.piece_frames, precision=config.precision
        )
        self._log_priors = priors.log

    @property
    def frame_shift_seconds(self) -> float:
        """The time from one frame to the next."""
        return self.features.frame_shift_samples / self.features.sample_rate

    @one_torch_thread()
    def compute_features(self, samples: FloatArray) -> Tensor:
        """Return log-mel features ``(T, F)``, not normalized, of samples ``(N,)`` in 16-bit range.

        Raises:
            TooShortError: the samples do not last one frame.
        """
        features: Tensor = self._log_mel(torch.from_numpy(samples))
        return features

    def online_cmvn(self, speaker_stats: CmvnStats | None = None) -> OnlineCmvn:
        """Return a normalizer of the frames of one utterance or stream, if ``features.cmvn`` is ``online``.

        Args:
            speaker_stats: statistics of the speaker's earlier utterances.

        Raises:
            ConfigError: the network is normalized in another way, which needs all frames.
        """
        if self.global_stats is None or self.features.cmvn != "online":
            raise ConfigError(
                f"the network is normalized by {self.features.cmvn}, not by running statistics",
                fix="use a network that was trained with features.cmvn=online",
            )
        return OnlineCmvn(
            self.features.online_cmvn, self.global_stats, speaker_stats, norm_vars=self.features.norm_vars
        )

    @one_torch_thread()
    def normalized_inputs(self, features: Tensor, stats: CmvnStats | None = None) -> Tensor:
        """Return the network's input ``(3, F, T)``, without context, of features ``(T, F)``.

        Args:
            features: from :meth:`compute_features`.
            stats: statistics of the speaker; by default those of the features themselves. If ``features.cmvn`` is
                ``online``, they are of earlier utterances; by default there are none.
        """
        if self.features.cmvn == "online":
            features = self.online_cmvn(stats).normalize(features)
        elif self.features.cmvn != "none":
            features = apply_cmvn(features, stats or CmvnStats.of(features), self.features.norm_vars)
        return stack_deltas(features, window=self.features.delta_window)

    def inputs_of_samples(self, samples: FloatArray) -> Tensor:
        """Return the network's input ``(3, F, T + 48)`` of samples ``(N,)`` in 16-bit range, one utterance.

        Raises:
            TooShortError: the samples do not last one frame.
        """
        return pad_context(self.normalized_inputs(self.compute_features(samples)))

    def inputs_of_file(self, path: str | Path, channel: int = 0) -> Tensor:
        """Return the network's input ``(3, F, T + 48)`` of one channel of an audio file, one utterance.

        The file is resampled if its sample rate differs from the network's.

        Raises:
            DataError: the file cannot be read has no such channel, or is shorter than one frame.
        """
        path = Path(path)
        (side,) = read_recording(path, self.features.sample_rate, channel=channel).sides
        try:
            return self.inputs_of_samples(side.samples)
        except BlasrError as error:
            raise error.at(path=path) from None

    @one_torch_thread()
    def log_posteriors(self, inputs: Tensor) -> FloatArray:
        """Return ``log p(s|x)`` ``(T, num_pdfs)`` of a network input with context ``(3, F, T + 48)``."""
        return self._posteriors.log_posteriors(inputs)

    def log_likelihoods(self, inputs: Tensor) -> FloatArray:
        """Return scaled log-likelihoods ``(T, num_pdfs)`` of a network input with context ``(3, F, T + 48)``.

        Raises:
            DataError: a value is not finite, for example because training diverged.
        """
        return self.posteriors(inputs).log_likelihoods(self.prior_scale)

    def posteriors(self, inputs: Tensor) -> Posteriors:
        """Return posteriors and priors of a network input with context ``(3, F, T + 48)``."""
        return Posteriors(self.log_posteriors(inputs), self._log_priors)

    def describe_usage(self) -> str:
        """Return a line about what was computed so far; nothing, if there is nothing to choose."""
        return ""

    def for_data(self, data_dir: DataDir, stats: SpeakerStats | None = None) -> UtteranceScorer:
        """Return a function that scores utterances of a data directory, as :meth:`posteriors_for_data`."""
        posteriors = self.posteriors_for_data(data_dir, stats)

        def score(utterance: Utterance) -> FloatArray:
            try:
                return posteriors(utterance).log_likelihoods(self.prior_scale)
            except BlasrError as error:
                raise error.at(utterance=utterance.id) from None

        return score

    def extractor(self, data_dir: DataDir, stats: SpeakerStats | None = None) -> FeatureExtractor:
        """Return what computes the network's inputs of a data directory; see :meth:`posteriors_for_data`."""
        if stats is None:
            stats = load_speaker_stats(self.features, data_dir)
        return FeatureExtractor(self.features, data_dir, stats, self.global_stats)

    def posteriors_for_data(
        self, data_dir: DataDir, stats: SpeakerStats | None = None
    ) -> Callable[[Utterance], Posteriors]:
        """Return a function that computes the posteriors of utterances of a data directory.

        Args:
            data_dir: the utterances and their audio.
            stats: statistics of its speakers; by default those of its ``cmvn.scp``, or collected from the audio.

        Raises:
            DataError: audio cannot be read.
        """
        extractor = self.extractor(data_dir, stats)

        def compute(utterance: Utterance) -> Posteriors:
            try:
                return self.posteriors(extractor.network_input(utterance))
            except BlasrError as error:
                raise error.at(utterance=utterance.id) from None

        return compute


def score_utterances(
    score: UtteranceScorer, utterances: Sequence[Utterance], workers: int = 1, tally: Tally | None = None
) -> Iterator[tuple[str, FloatArray]]:
    """Yield utterance-ids and log-likelihoods ``(T, num_pdfs)`` in order.

    Args:
        score: a function as :meth:`AcousticScorer.for_data` returns it.
        utterances: what to score.
        workers: number of threads; each scores one utterance at a time.
        tally: counts the utterances that are left out because their audio or scores cannot be used. Without a tally,
            the first one is an error.

    Raises:
        BlasrError: audio cannot be read, or a value is not finite, and there is no tally.
    """

    def score_or_fail(utterance: Utterance) -> FloatArray | BlasrError:
        try:
            return score(utterance)
        except UTTERANCE_ERRORS as error:
            if tally is None:
                raise
            return error

    with one_torch_thread():
        results = ordered_map(score_or_fail, utterances, workers)
        for utterance, result in zip(utterances, results, strict=True):
            if not isinstance(result, BlasrError):
                yield utterance.id, result
            elif tally is not None:
                tally.drop_error(utterance.id, result)
