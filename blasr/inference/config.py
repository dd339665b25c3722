"""How speech is scored, cut and transcribed. Light: a command-line parser may import this module."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal

from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError
from blasr.lattices.config import PathWeights

TRANSCRIPT_SUFFIXES: Final = {"text": ".txt", "ctm": ".ctm", "json": ".json", "srt": ".srt"}
"""The formats of transcripts, and the suffixes of their files."""


Precision = Literal["float32", "bfloat16"]
"""What a network computes in."""
ExportFormatName = Literal["onnx", "int8", "torchscript", "torch-export"]
EXPORT_FORMAT_NAMES: Final[tuple[ExportFormatName, ...]] = ("onnx", "int8", "torchscript", "torch-export")
"""The formats of ``blasr export``."""
PRECISIONS: Final[tuple[Precision, ...]] = ("float32", "bfloat16")
"""What a network may compute in."""


@dataclass(frozen=True)
class PriorConfig:
    """The prior probabilities of the pdfs.

    Attributes:
        smoothing: added to every count, as Kaldi's ``analyze-counts`` adds 0.5.
        floor: the smallest prior, as a share of the uniform one (1 / num_pdfs). Without it, a pdf that is very
            rare in training would have a huge log-likelihood.
        source: "labels" counts the frames of the training labels; "posteriors" averages the network's posteriors over
            training data (Manohar et al. 2015); "uniform" gives all pdfs the same prior.
        posterior_batches: number of training batches that "posteriors" averages over.
    """

    smoothing: float = 0.5
    floor: float = 0.01
    source: Literal["labels", "posteriors", "uniform"] = "labels"
    posterior_batches: int = 200

    def __post_init__(self) -> None:
        if self.posterior_batches < 1:
            raise ConfigError(f"posterior_batches is {self.posterior_batches}, expected 1 or more")
        if not self.smoothing >= 0:
            raise ConfigError(f"smoothing is {self.smoothing}, expected 0 or more")
        if not 0 < self.floor <= 1:
            raise ConfigError(f"floor is {self.floor}, expected above 0 and at most 1")


@dataclass(frozen=True)
class ScoringConfig:
    """How a network's log-likelihoods are computed.

    Attributes:
        prior_scale: the weight of the log priors. 1 divides by the priors, 0 leaves log-posteriors.
        device: where the network runs: auto, cpu, cuda or cuda:N.
        piece_frames: the largest number of output frames in one pass. Longer utterances are computed in pieces that
            overlap by the network's context, with the same results to float rounding.
        precision: what the network computes in.
    """

    prior_scale: float = 1.0
    device: str = "cpu"
    piece_frames: int = 6000
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        if not math.isfinite(self.prior_scale):
            raise ConfigError(f"prior_scale is {self.prior_scale}, expected a finite number")
        if self.piece_frames < 1:
            raise ConfigError(f"piece_frames is {self.piece_frames}, expected 1 or more")


@dataclass(frozen=True)
class SegmentationConfig:
    """How long recordings are cut.

    Attributes:
        max_seconds: the longest segment, without its overlaps.
        min_seconds: the shortest segment, except the last.
        overlap_seconds: how far a segment is decoded beyond each cut, so that a word at a cut is decoded whole.
    """

    max_seconds: float = 30.0
    min_seconds: float = 12.0
    overlap_seconds: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.min_seconds <= self.max_seconds and 0 <= self.overlap_seconds <= self.min_seconds):
            raise ConfigError(
                f"segments: found max_seconds {self.max_seconds}, min_seconds {self.min_seconds}, overlap_seconds "
                f"{self.overlap_seconds}; expected 0 < min_seconds <= max_seconds and 0 <= overlap_seconds <= "
                "min_seconds"
            )


@dataclass(frozen=True)
class TranscriptionConfig:
    """How audio files are read and decoded.

    Attributes:
        channel: the only channel to transcribe, from 0. By default each channel is a side, and a speaker.
        mix: transcribe the mean of all channels.
        same_speaker: all files are from one speaker and are normalized together. By default each side has its own
            statistics.
        confidences: compute how probable each word is.
        pictures: also return the phones and the log-mel features, which a picture shows.
        segmentation: how long recordings are cut.
        workers: how many threads work on segments.
        device: where the network runs: auto, cpu, cuda or cuda:N.
        precision: what the network computes in.
    """

    channel: int | None = None
    mix: bool = False
    same_speaker: bool = False
    confidences: bool = True
    pictures: bool = False
    segmentation: SegmentationConfig = field(default_factory=SegmentationConfig)
    workers: int = 1
    device: str = "cpu"
    precision: Precision = "float32"


@dataclass(frozen=True)
class LatticeConfidenceConfig:
    """How the little model of a cascade is decoded for the confidence of its lattice.

    Attributes:
        prior_scale: the weight of the log priors.
        decoder: the beams.
        setting: LM weight and word insertion penalty; they scale the costs of the lattice.
    """

    prior_scale: float = 1.0
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    setting: PathWeights = field(default_factory=lambda: PathWeights(10.0, 0.0))


@dataclass(frozen=True)
class CascadeConfig:
    """What a little model passes on to a big one (Little-Big, arXiv 2406.17117).

    Attributes:
        threshold: T; what the little model is less sure of goes to the big one. 0 is the little model alone; any
            number above 1 is the big model alone.
        confidence: "max_posterior" is the posterior of the likeliest pdf, the paper's measure; "entropy" is
            1 - H / log(num_pdfs), with H the entropy of the posteriors in nats. Of several frames, their mean counts.
            "lattice" is 1 - the expected errors per word of the little model's lattice; it needs a graph.
        unit: what is passed on as a whole: "window" (one frame), "chunk" or "utterance".
        chunk_frames: the length of a chunk, in output frames.
        lattice: how the lattice is made, for its confidence.
    """

    threshold: float = 0.5
    confidence: Literal["max_posterior", "entropy", "lattice"] = "max_posterior"
    unit: Literal["window", "chunk", "utterance"] = "chunk"
    chunk_frames: int = 50
    lattice: LatticeConfidenceConfig = field(default_factory=LatticeConfidenceConfig)

    def __post_init__(self) -> None:
        check_threshold(self.threshold)
        if self.chunk_frames < 1:
            raise ConfigError(f"chunk_frames is {self.chunk_frames}, expected 1 or more")
        if self.confidence == "lattice" and self.unit != "utterance":
            raise ConfigError(
                f"the confidence of a lattice is that of an utterance, found unit {self.unit}",
                fix="use the unit utterance, or the confidence max_posterior or entropy",
            )


def check_threshold(threshold: float) -> None:
    """Refuse a threshold of a cascade that is below 0 or not a number.

    Raises:
        ConfigError: naming the number.
    """
    if not (math.isfinite(threshold) and threshold >= 0):
        raise ConfigError(
            f"threshold is {threshold}, expected a number from 0 to 1, or above 1",
            fix="0 is the little model alone, any number above 1 the big model alone",
        )


@dataclass(frozen=True)
class ExportConfig:
    """How a network is exported.

    Attributes:
        format: onnx, int8, torchscript or torch-export.
        max_utterances: the largest number of utterances, spread over the data directory, that the exported network is
            compared on.
        calibration_utterances: the largest number of utterances that give the ranges of int8.
    """

    format: ExportFormatName = "onnx"
    max_utterances: int = 50
    calibration_utterances: int = 20

    def __post_init__(self) -> None:
        if self.max_utterances < 1 or self.calibration_utterances < 1:
            raise ConfigError("found no utterances to compare or to calibrate on, expected at least 1")
