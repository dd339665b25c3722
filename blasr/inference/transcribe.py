"""From audio files to words with times and confidences, by a bundle and nothing else."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import BlasrError
from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.deltas import stack_deltas
from blasr.features.fbank import EPSILON, LogMel, TooShortError
from blasr.inference.bundle import Bundle
from blasr.inference.dump import LogLikelihoods, check_matrix
from blasr.inference.posteriors import PosteriorComputer
from blasr.inference.recordings import Recording, Side, read_recording
from blasr.inference.segmentation import Segment, SegmentationConfig, cut, join_at
from blasr.io.nist.ctm import CtmWord
from blasr.lattices.config import DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.timed_words import timed_words, word_confidences
from blasr.threads import one_torch_thread


@dataclass(frozen=True, slots=True)
class Word:
    """A word, its times in seconds from the beginning of the recording, and how probable it is, if that was asked."""

    text: str
    start_seconds: float
    duration_seconds: float
    confidence: float | None = None

    @property
    def end_seconds(self) -> float:
        """Where it ends."""
        return self.start_seconds + self.duration_seconds


@dataclass(frozen=True, slots=True)
class TranscribedSegment:
    """The words of one segment of a side; ``trouble`` says how its search ended, if not in a final state."""

    side: str
    start_seconds: float
    end_seconds: float
    words: tuple[Word, ...]
    trouble: str = ""


@dataclass(frozen=True)
class TranscribedSide:
    """The segments of one side of a recording, in order."""

    label: str
    segments: tuple[TranscribedSegment, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, in order."""
        return tuple(word for segment in self.segments for word in segment.words)


@dataclass(frozen=True)
class Transcript:
    """What was said in a file: see :class:`blasr.inference.recordings.Recording` for the names."""

    path: Path
    name: str
    seconds: float
    file_rate: int
    sample_rate: int
    sides: tuple[TranscribedSide, ...]


@dataclass(frozen=True)
class TranscriptionOptions:
    """How files are read and decoded.

    Attributes:
        channel: the only channel wanted, from 0; by default each channel is a side, and a speaker.
        mix: make one signal of all channels.
        same_speaker: all files are of one speaker, whose statistics normalise them; else each side has its own.
        confidences: work out how probable each word is.
        segmentation: how long recordings are cut.
        jobs: threads that work on segments.
        device: where the network runs.
    """

    channel: int | None = None
    mix: bool = False
    same_speaker: bool = False
    confidences: bool = True
    segmentation: SegmentationConfig = field(default_factory=SegmentationConfig)
    jobs: int = 1
    device: torch.device | None = None


CONFIDENCE_BYTES: Final = 50_000_000
"""Kaldi's limit of a determinisation: of very ambiguous segments, confidences come from a narrower beam."""

Event = tuple[Path, TranscribedSegment | Transcript | BlasrError]
"""A file, and a segment of it, its whole transcript, or the mistake in it."""


@dataclass(frozen=True, eq=False)
class _File:
    """A file under way: the segments of each of its sides that are being decoded."""

    recording: Recording
    decoded: tuple[list[Future[TranscribedSegment]], ...]


class Transcriber:
    """Transcribes files with a bundle.

    Features, network, priors, search and setting are those of ``blasr dump``, ``decode`` and ``score``, and so are
    the words of a file that need not be cut. Where the bundle normalises by speaker, each side of a file is one;
    where it normalises by utterance, each side is one utterance. The number of threads changes no bit of the results.
    """

    def __init__(self, bundle: Bundle, options: TranscriptionOptions | None = None) -> None:
        self.bundle, self.options = bundle, options or TranscriptionOptions()
        config = bundle.config
        self._log_mel = LogMel(config.features)
        self._posteriors = PosteriorComputer(bundle.model, self.options.device)
        self._log_likelihoods = LogLikelihoods(bundle.priors.log, config.prior_scale)
        self._decoder = LatticeDecoder(bundle.graph, bundle.transition_model.tid_to_pdf, config.decoder)
        self._determinization = DeterminizationConfig(
            config.decoder.lattice_beam, config.decoder.acoustic_scale, max_memory=CONFIDENCE_BYTES
        )
        self._scales = config.setting.scales
        self._shift = config.features.frame_shift_samples / config.features.sample_rate

    def compile(self) -> float:
        """Compile the search, where that was never done on this machine; returns how many seconds it took."""
        started = time.monotonic()
        lattice = self._decoder.decode(np.zeros((1, self._decoder.num_pdfs), np.float32))
        determinize_lattice(lattice, self._determinization, self.bundle.transition_model)
        return time.monotonic() - started

    def transcribe(self, path: str | Path) -> Transcript:
        """The words of one file.

        Raises:
            DataError: it cannot be read, or does not last one frame.
        """
        ((_, result),) = self.files([Path(path)])
        if isinstance(result, BlasrError):
            raise result
        return result

    def files(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Transcript | BlasrError]]:
        """The transcript of every file in order, or the mistake in it."""
        for path, event in self.events(paths):
            if not isinstance(event, TranscribedSegment):
                yield path, event

    def events(self, paths: Sequence[Path]) -> Iterator[Event]:
        """Of every file in order, each segment as soon as its words are settled, then the transcript or the mistake."""
        stats = self._common_stats(paths) if self.options.same_speaker else None
        pending: deque[tuple[Path, _File | BlasrError]] = deque()
        with one_torch_thread(), ThreadPoolExecutor(self.options.jobs) as pool:
            try:
                for path in paths:
                    pending.append((path, self._begin(path, stats, pool)))
                    if len(pending) > self.options.jobs:
                        yield from self._finish(*pending.popleft())
                while pending:
                    yield from self._finish(*pending.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _common_stats(self, paths: Sequence[Path]) -> CmvnStats:
        """Of the features of all files that can be read; the others come again, to be told."""
        stats = CmvnStats.zeros(self.bundle.config.features.num_mel_bins)
        for path in paths:
            with suppress(BlasrError):
                for side in self._read(path).sides:
                    stats.accumulate(_heard(self._static(side, path)))
        return stats

    def _read(self, path: Path) -> Recording:
        rate = self.bundle.config.features.sample_rate
        return read_recording(path, rate, channel=self.options.channel, mix=self.options.mix)

    @one_torch_thread()
    def _static(self, side: Side, path: Path) -> Tensor:
        """Log-mel features ``(T, F)`` of a side, not normalised."""
        try:
            features: Tensor = self._log_mel(torch.from_numpy(side.samples))
        except TooShortError as error:
            raise TooShortError(error.message, path=path, fix="leave it out") from None
        return features

    def _begin(self, path: Path, stats: CmvnStats | None, pool: ThreadPoolExecutor) -> _File | BlasrError:
        """Read a file, cut it, and let its segments be decoded."""
        try:
            recording = self._read(path)
            static = [self._static(side, path) for side in recording.sides]
        except BlasrError as error:
            return error
        decoded = []
        for side, features in zip(recording.sides, static, strict=True):
            parts = cut(features.mean(dim=1).numpy(), self._shift, self.options.segmentation)
            planes = self._planes(features, stats)
            decoded.append([pool.submit(self._decode, planes, part, side.label) for part in parts])
        return _File(recording, tuple(decoded))

    @one_torch_thread()
    def _planes(self, static: Tensor, stats: CmvnStats | None) -> Tensor:
        """The network's input ``(3, F, T)``."""
        config = self.bundle.config.features
        if config.cmvn != "none":
            static = apply_cmvn(static, stats or CmvnStats.of(_heard(static)), config.norm_vars)
        return stack_deltas(static, window=config.delta_window)

    def _decode(self, planes: Tensor, segment: Segment, side: str) -> TranscribedSegment:
        """The words of a segment, those in its overlaps included; their times are the recording's."""
        planes = planes[:, :, segment.begin : segment.stop]
        matrix = self._log_likelihoods(self._posteriors.log_posteriors(planes))
        check_matrix(matrix, planes.shape[2], self.bundle.config.num_pdfs, "")
        start, end = segment.start * self._shift, segment.end * self._shift
        lattice = self._decoder.decode(matrix)
        if not lattice.num_states:
            return TranscribedSegment(side, start, end, (), "without a path to the last frame")
        scales, model = self._scales, self.bundle.transition_model
        path = lattice.best_path(scales)
        times, _ = timed_words(path, model, self.bundle.lexicon, partial=not lattice.reached_final)
        confidences: Sequence[float | None] = [None] * len(times)
        if self.options.confidences and times:
            compact, _ = determinize_lattice(lattice, self._determinization, model)
            confidences = word_confidences(path, times, compact, scales)
        rows = [
            CtmWord(
                "",
                side,
                (segment.begin + time.start_frame) * self._shift,
                time.num_frames * self._shift,
                self.bundle.words.symbol_of(time.word),
                confidence,
            )
            for time, confidence in zip(times, confidences, strict=True)
        ]
        words = tuple(
            Word(row.word, row.start_seconds, row.duration_seconds, row.confidence)
            for row in self.bundle.joiner.join_ctm(rows)
        )
        return TranscribedSegment(side, start, end, words, "" if lattice.reached_final else "without a final state")

    def _finish(self, path: Path, file: _File | BlasrError) -> Iterator[Event]:
        """The events of a file whose segments are being decoded."""
        if isinstance(file, BlasrError):
            yield path, file
            return
        sides = []
        try:
            for side, decoded in zip(file.recording.sides, file.decoded, strict=True):
                segments = []
                for segment in self._joined(future.result() for future in decoded):
                    segments.append(segment)
                    yield path, segment
                sides.append(TranscribedSide(side.label, tuple(segments)))
        except BlasrError as error:
            yield path, type(error)(error.message, path=path, fix=error.fix)
            return
        recording = file.recording
        rates = recording.file_rate, recording.sample_rate
        yield path, Transcript(path, recording.name, recording.seconds, *rates, tuple(sides))

    def _joined(self, segments: Iterable[TranscribedSegment]) -> Iterator[TranscribedSegment]:
        """The segments of a side with each word in one of them only."""
        before: TranscribedSegment | None = None
        for segment in segments:
            if before is not None:
                overlap = self.options.segmentation.overlap_seconds
                earlier, later = join_at(before.words, segment.words, segment.start_seconds, overlap)
                yield replace(before, words=tuple(earlier))
                segment = replace(segment, words=tuple(later))
            before = segment
        if before is not None:
            yield before


def _heard(static: Tensor) -> Tensor:
    """The frames with any sound: digital zeros, as of a muted line, would distort a speaker's statistics."""
    sounding = (static > math.log(EPSILON) + 1e-3).any(dim=1)
    return static[sounding] if sounding.any() else static
