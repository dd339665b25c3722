"""Little-Big inference: a little model computes everything, and a big one what the little one is not sure of.

The two-pass algorithm of "Speeding Up Image Classifiers with Little Companions" (arXiv 2406.17117, section 3), for
posteriors of frames: windows (single frames), chunks, or whole utterances. Nothing in the acoustic models pads or
strides in time. So the big model computes a chunk from its frames and 24 frames of context on each side, and its rows
are those of its dense pass over the whole utterance, to float rounding.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from blasr.errors import MismatchError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.inference.acoustic_scorer import AcousticScorer, Posteriors
from blasr.inference.cascade_confidence import frame_confidences, part_bounds, part_confidences
from blasr.inference.cascade_cost import DenseCost, Span, joined_spans
from blasr.inference.config import CascadeConfig, ScoringConfig
from blasr.inference.posteriors import PosteriorComputer
from blasr.inference.priors import Priors
from blasr.threads import one_torch_thread
from blasr.training import choose_device
from blasr.units import CONTEXT_FRAMES, FloatArray

UtteranceConfidence = Callable[[Posteriors], float]
"""Returns the confidence of an utterance from the posteriors of the little model."""


@dataclass(frozen=True, eq=False)
class LittleBig:
    """The two models of a cascade, and the priors of both."""

    little: nn.Module
    little_priors: Priors
    big: nn.Module
    big_priors: Priors

    def __post_init__(self) -> None:
        if self.little_priors.num_pdfs != self.big_priors.num_pdfs:
            raise MismatchError(
                f"the little model has {self.little_priors.num_pdfs} pdfs, the big one {self.big_priors.num_pdfs}",
                fix="train both models for the same tree",
            )


@dataclass(frozen=True)
class CascadeUsage:
    """What a cascade has computed so far.

    Attributes:
        frames: output frames.
        passed_on: those of the big model.
        macs: multiply-accumulates of both models, with the context of every piece that was computed.
        big_macs: what the big model alone would have needed.
    """

    frames: int = 0
    passed_on: int = 0
    macs: int = 0
    big_macs: int = 0

    def __add__(self, other: CascadeUsage) -> CascadeUsage:
        return CascadeUsage(
            self.frames + other.frames,
            self.passed_on + other.passed_on,
            self.macs + other.macs,
            self.big_macs + other.big_macs,
        )

    def __str__(self) -> str:
        share, macs = self.passed_on / max(self.frames, 1), self.macs / max(self.big_macs, 1)
        return (
            f"cascade: {share:.1%} of {self.frames} frames from the big model, {self.macs / 1e9:.2f} GMACs, "
            f"{macs:.1%} of those of the big model alone"
        )


class CascadeScorer(AcousticScorer):
    """Scores with a little model, and with a big one where the little one's confidence is below the threshold.

    The log-likelihoods of every frame have the priors of the model that computed it. At threshold 0 they are exactly
    those of the little model, above 1 exactly those of the big one; the other model is then not run at all.

    Args:
        models: both models and their priors; they have the same outputs and read the same features.
        features: the features.
        cascade: threshold, confidence, and what is passed on as a whole.
        config: prior scale and device.
        lattice_confidence: the confidence of an utterance, if ``cascade.confidence`` is "lattice".
        global_stats: as for :class:`AcousticScorer`.
    """

    def __init__(
        self,
        models: LittleBig,
        features: FeatureConfig,
        cascade: CascadeConfig,
        config: ScoringConfig | None = None,
        lattice_confidence: UtteranceConfidence | None = None,
        global_stats: CmvnStats | None = None,
    ) -> None:
        config = config or ScoringConfig()
        super().__init__(models.big, features, models.big_priors, config, global_stats)
        if (cascade.confidence == "lattice") != (lattice_confidence is not None):
            raise ValueError("the confidence of lattices, and only this one, needs a function")
        self.cascade = cascade
        self._little = PosteriorComputer(
            models.little, choose_device(config.device), piece_frames=config.piece_frames, precision=config.precision
        )
        self._lattice_confidence = lattice_confidence
        self._both_log_priors = np.stack([models.little_priors.log, models.big_priors.log])
        self._piece_frames = config.piece_frames
        self.costs = (DenseCost.of(models.little), DenseCost.of(models.big))
        self._usage = CascadeUsage()
        self._lock = threading.Lock()

    @property
    def usage(self) -> CascadeUsage:
        """What was computed so far, by all threads."""
        return self._usage

    def describe_usage(self) -> str:
        """Return the shares of frames and MACs so far."""
        return str(self._usage)

    def log_posteriors(self, inputs: Tensor) -> FloatArray:
        """Return ``log p(s|x)`` ``(T, num_pdfs)`` of a network input with context ``(3, F, T + 48)``."""
        return self.posteriors(inputs).log_posteriors

    @one_torch_thread()
    def posteriors(self, inputs: Tensor) -> Posteriors:
        """As :meth:`AcousticScorer.posteriors`; every frame has the priors of its model."""
        num_frames = inputs.shape[2] - 2 * CONTEXT_FRAMES
        if self.cascade.threshold > 1:
            rows = self.big_log_posteriors(inputs)
            return self._counted(rows, [], [(0, num_frames)])
        rows = self.little_log_posteriors(inputs)
        spans: list[Span] = []
        if self.cascade.threshold > 0:
            spans = self.spans_passed_on(*self.confidences(rows), self.cascade.threshold)
        for start, end in spans:
            rows[start:end] = self.big_log_posteriors(inputs[:, :, start : end + 2 * CONTEXT_FRAMES])
        return self._counted(rows, [(0, num_frames)], spans)

    @one_torch_thread()
    def little_log_posteriors(self, inputs: Tensor) -> FloatArray:
        """Return ``log p(s|x)`` ``(T, num_pdfs)`` of the little model."""
        return self._little.log_posteriors(inputs)

    @one_torch_thread()
    def big_log_posteriors(self, inputs: Tensor) -> FloatArray:
        """Return ``log p(s|x)`` ``(T, num_pdfs)`` of the big model."""
        return self._posteriors.log_posteriors(inputs)

    def confidences(self, little_rows: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the bounds of the parts of an utterance ``(num_parts + 1,)``, and the confidence of each part.

        Args:
            little_rows: the log-posteriors ``(T, num_pdfs)`` of the little model.
        """
        bounds = part_bounds(len(little_rows), self.cascade)
        if self._lattice_confidence is not None:
            little = Posteriors(little_rows, self._both_log_priors[0])
            return bounds, np.array([self._lattice_confidence(little)])
        assert self.cascade.confidence != "lattice"
        frames = frame_confidences(little_rows, self.cascade.confidence)
        return bounds, part_confidences(frames, bounds)

    def spans_passed_on(
        self, bounds: NDArray[np.int64], confidences: NDArray[np.float64], threshold: float
    ) -> list[Span]:
        """Return the frames that go to the big model, as spans that it computes in one pass each.

        Spans are joined where the frames between them cost less than the context of a second pass; these frames come
        from the big model too.
        """
        unsure = np.flatnonzero(confidences < threshold)
        spans = list(zip(bounds[unsure].tolist(), bounds[unsure + 1].tolist(), strict=True))
        return joined_spans(spans, self.costs[1])

    def mixed(self, little_rows: FloatArray, big_rows: FloatArray, spans: Sequence[Span]) -> Posteriors:
        """Return the posteriors of an utterance where the frames in ``spans`` come from the big model."""
        passed_on = np.zeros(len(little_rows), dtype=np.bool_)
        for start, end in spans:
            passed_on[start:end] = True
        return Posteriors(np.where(passed_on[:, None], big_rows, little_rows), self._both_log_priors, passed_on)

    def usage_of(self, num_frames: int, little_spans: Sequence[Span], big_spans: Sequence[Span]) -> CascadeUsage:
        """Return what one utterance costs, if both models compute these frames of it."""
        little, big = self.costs
        macs = little.macs_of_spans(little_spans, self._piece_frames) + big.macs_of_spans(big_spans, self._piece_frames)
        alone = big.macs_of_spans([(0, num_frames)], self._piece_frames)
        return CascadeUsage(num_frames, sum(end - start for start, end in big_spans), macs, alone)

    def _counted(self, rows: FloatArray, little_spans: Sequence[Span], big_spans: Sequence[Span]) -> Posteriors:
        used = self.usage_of(len(rows), little_spans, big_spans)
        with self._lock:
            self._usage += used
        return self.mixed(rows, rows, big_spans)
