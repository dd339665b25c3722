"""From audio files to words with times and confidences; only a bundle is needed."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import BlasrError, ConfigError
from blasr.features.cmvn import CmvnStats
from blasr.features.extraction import pad_context
from blasr.features.fbank import is_sounding
from blasr.inference.bundle import Bundle
from blasr.inference.config import TranscriptionConfig
from blasr.inference.lattice_words import LatticeWords
from blasr.inference.recordings import Recording, Side, read_recording
from blasr.inference.segmentation import AudioSegment, cut_recording, join_segments, join_time
from blasr.inference.transcript import TranscribedSegment, TranscribedSide, Transcript
from blasr.jit import COMPILING, before_compilation
from blasr.lattices.determinization import warm_up
from blasr.threads import one_torch_thread
from blasr.units import FloatArray

logger = logging.getLogger(__name__)

TranscriptionEvent = tuple[Path, TranscribedSegment | Transcript | BlasrError]
"""A file, and one of its segments, its whole transcript, or the error that prevented it."""


def load_bundle(path: str | Path, config: TranscriptionConfig | None = None) -> Transcriber:
    """Return a transcriber for a bundle (a folder that ``blasr bundle`` wrote).

    Args:
        path: the bundle.
        config: how files are read and decoded.

    Raises:
        BlasrError: as :meth:`blasr.inference.bundle.Bundle.read`.
    """
    return Transcriber(Bundle.read(path), config)


@dataclass(frozen=True, eq=False)
class _PendingFile:
    """A file, and the segments of each of its sides that are being decoded."""

    recording: Recording
    decoded: tuple[list[Future[TranscribedSegment]], ...]
    log_mel: tuple[FloatArray | None, ...]


class Transcriber:
    """Transcribes files with a bundle.

    Features, network, priors, search and weights are those of ``blasr dump``, ``decode`` and ``score``. A file that is
    not cut therefore gets the same words. If the bundle normalizes by speaker, each side of a file is a speaker. If it
    normalizes by utterance, each side is an utterance. If it normalizes by running statistics, they run along each side
    from its beginning, as in a stream. Results do not depend on the number of workers.
    """

    def __init__(self, bundle: Bundle, config: TranscriptionConfig | None = None) -> None:
        self.bundle, self.config = bundle, config or TranscriptionConfig()
        settings = bundle.config
        self._online = settings.features.cmvn == "online"
        if self._online and self.config.same_speaker:
            message = "the bundle normalizes by running statistics, which cannot be those of several files together"
            raise ConfigError(message, path=bundle.path, fix="leave out --same-speaker")
        self._scorer = bundle.scorer(self.config.device, self.config.precision)
        self._shift = self._scorer.frame_shift_seconds
        self._decoder = LatticeDecoder(bundle.graph, bundle.transition_model.tid_to_pdf, settings.decoder)
        self._words = LatticeWords(bundle, confidences=self.config.confidences)

    def compile(self) -> float:
        """Compile the search, unless it is cached on this machine; return how many seconds that took."""
        started = time.monotonic()
        with before_compilation(partial(logger.info, COMPILING)):
            lattice = self._decoder.decode(np.zeros((1, self._decoder.num_pdfs), np.float32))
            warm_up(lattice)
        return time.monotonic() - started

    def transcribe(self, path: str | Path) -> Transcript:
        """Return the words of one file.

        Raises:
            DataError: the file cannot be read, or is shorter than one frame.
        """
        ((_, result),) = self.files([Path(path)])
        if isinstance(result, BlasrError):
            raise result
        return result

    def files(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Transcript | BlasrError]]:
        """Yield the transcript of every file in order, or the error that prevented it."""
        for path, event in self.events(paths):
            if not isinstance(event, TranscribedSegment):
                yield path, event

    def events(self, paths: Sequence[Path]) -> Iterator[TranscriptionEvent]:
        """Yield the segments of every file in order, each once its words are final, then its transcript or error."""
        workers = self.config.workers
        pending: deque[tuple[Path, _PendingFile | BlasrError]] = deque()
        with one_torch_thread(), ThreadPoolExecutor(workers) as pool:
            stats = self._common_stats(paths) if self.config.same_speaker else None
            try:
                for path in paths:
                    pending.append((path, self._submit(path, stats, pool)))
                    if len(pending) > workers:
                        yield from self._finish(*pending.popleft())
                while pending:
                    yield from self._finish(*pending.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _common_stats(self, paths: Sequence[Path]) -> CmvnStats:
        """Return the statistics of all readable files; the others are reported when their turn comes."""
        stats = CmvnStats.zeros(self.bundle.config.features.num_mel_bins)
        for path in paths:
            with suppress(BlasrError):
                for side in self._read(path).sides:
                    stats.accumulate(_sounding_frames(self._features(side, path)))
        return stats

    def _read(self, path: Path) -> Recording:
        rate = self.bundle.config.features.sample_rate
        return read_recording(path, rate, channel=self.config.channel, mix=self.config.mix)

    def _features(self, side: Side, path: Path) -> Tensor:
        """Return the features ``(T, F)`` of a side, not normalized."""
        try:
            return self._scorer.compute_features(side.samples)
        except BlasrError as error:
            raise type(error)(error.message, path=path, fix="leave it out", reason=error.reason) from None

    def _submit(self, path: Path, stats: CmvnStats | None, pool: ThreadPoolExecutor) -> _PendingFile | BlasrError:
        """Read a file, cut it, and submit its segments to the pool."""
        try:
            recording = self._read(path)
            features_of_sides = [self._features(side, path) for side in recording.sides]
        except BlasrError as error:
            return error
        decoded = []
        for side, features in zip(recording.sides, features_of_sides, strict=True):
            segments = cut_recording(features.mean(dim=1).numpy(), self._shift, self.config.segmentation)
            own_stats = None if self._online else stats or CmvnStats.of(_sounding_frames(features))
            inputs = self._scorer.normalized_inputs(features, own_stats)
            decoded.append([pool.submit(self._decode, inputs, segment, side.label) for segment in segments])
        log_mel = tuple(features.numpy() if self.config.pictures else None for features in features_of_sides)
        return _PendingFile(recording, tuple(decoded), log_mel)

    def _decode(self, inputs: Tensor, segment: AudioSegment, side: str) -> TranscribedSegment:
        """Return the words of a segment and of its overlaps; their times count from the beginning of the recording."""
        inputs = inputs[:, :, segment.decode_start : segment.decode_end]
        matrix = self._scorer.log_likelihoods(pad_context(inputs))
        start, end = segment.start * self._shift, segment.end * self._shift
        lattice = self._decoder.decode(matrix)
        if not lattice.num_states:
            return TranscribedSegment(side, start, end, (), "without a path to the last frame")
        path = self._words.best_path(lattice)
        words = self._words.of_lattice(lattice, path, first_frame=segment.decode_start, channel=side)
        trouble = "" if lattice.reached_final else "without a final state"
        phones = self._words.phones(path, segment.decode_start) if self.config.pictures else ()
        return TranscribedSegment(side, start, end, words, trouble, phones)

    def _finish(self, path: Path, file: _PendingFile | BlasrError) -> Iterator[TranscriptionEvent]:
        """Yield the events of a file as its segments are decoded."""
        if isinstance(file, BlasrError):
            yield path, file
            return
        sides = []
        try:
            for side, decoded, log_mel in zip(file.recording.sides, file.decoded, file.log_mel, strict=True):
                segments = []
                for segment in self._without_duplicates(future.result() for future in decoded):
                    segments.append(segment)
                    yield path, segment
                sides.append(TranscribedSide(side.label, tuple(segments), log_mel))
        except BlasrError as error:
            yield path, error.at(path=path)
            return
        recording = file.recording
        rates = recording.file_rate, recording.sample_rate
        yield path, Transcript(path, recording.name, recording.seconds, *rates, tuple(sides))

    def _without_duplicates(self, segments: Iterable[TranscribedSegment]) -> Iterator[TranscribedSegment]:
        """Yield the segments of a side, each word of an overlap in one of them only."""
        before: TranscribedSegment | None = None
        for segment in segments:
            if before is not None:
                overlap = self.config.segmentation.overlap_seconds
                join = join_time(before.words, segment.words, segment.start_seconds, overlap)
                words = join_segments(before.words, segment.words, join)
                phones = join_segments(before.phones, segment.phones, join)
                yield replace(before, words=words[0], phones=phones[0])
                segment = replace(segment, words=words[1], phones=phones[1])
            before = segment
        if before is not None:
            yield before


def _sounding_frames(features: Tensor) -> Tensor:
    """Return the frames with any sound: digital zeros, as on a muted line, would distort a speaker's statistics."""
    sounding = is_sounding(features)
    return features[sounding] if sounding.any() else features
