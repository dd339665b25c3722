"""Transcription of many files: names, formats, and a report of what happened to each."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blasr.errors import BlasrError, ConfigError
from blasr.inference.config import TRANSCRIPT_SUFFIXES
from blasr.inference.recordings import recording_name
from blasr.inference.transcribe import Transcriber, TranscriptionEvent
from blasr.inference.transcript import TranscribedSegment, Transcript
from blasr.inference.transcript_formats import FORMATS
from blasr.inference.transcript_pictures import write_pictures
from blasr.io.atomic import atomic_open
from blasr.pictures import require_matplotlib
from blasr.progress import track
from blasr.tally import Tally

logger = logging.getLogger(__name__)


def name_files(files: Sequence[Path]) -> dict[Path, str]:
    """Return the names of files in transcripts and of their outputs.

    Raises:
        ConfigError: two files have the same name.
    """
    paths: dict[str, Path] = {}
    for path in files:
        name = recording_name(path)
        if name in paths:
            other = paths[name]
            message = f"{path} is given twice" if path == other else f"{other} and {path} are both called {name}"
            raise ConfigError(message, fix="give files of different names, or one at a time")
        paths[name] = path
    return {path: name for name, path in paths.items()}


def transcribe_files(
    transcriber: Transcriber,
    files: Sequence[Path],
    *,
    transcript_format: str = "text",
    out: Path | None = None,
    pictures: Path | None = None,
    log_segments: bool = False,
    max_loss: float = 0.0,
) -> Iterator[str]:
    """Transcribe files, and report at the end.

    A file that cannot be read is logged, and the others are still transcribed.

    Args:
        transcriber: with its bundle.
        files: audio files of different names.
        transcript_format: a key of :data:`blasr.inference.config.TRANSCRIPT_SUFFIXES`.
        out: a folder that receives ``NAME.SUFFIX`` for each file.
        pictures: a folder that receives a picture of each transcript; its transcriber must be configured for pictures.
        log_segments: whether to log each segment as soon as it is decoded.
        max_loss: the largest share of files that may fail.

    Yields:
        The formatted transcripts, in the order of the files, if there is no ``out``.

    Raises:
        ConfigError: two files have the same name.
        DataError: too many files failed.
        DependencyError: pictures are wanted, but matplotlib is not installed.
    """
    if pictures is not None:
        require_matplotlib()
    names = name_files(files)
    if (seconds := transcriber.compile()) > 1:
        logger.info("compiled the search in %.1f s; this happens once", seconds)
    report = TranscriptionReport(names, log_segments, Tally("transcribe", max_loss, "files"))
    events = transcriber.events(files)
    started = time.monotonic()
    if len(files) == 1:
        results = report.results(track(events, "segments"))
    else:
        results = track(report.results(events), "files", total=len(files))
    for transcript in results:
        if isinstance(transcript, Transcript):
            if pictures is not None:
                for path in write_pictures(transcript, transcriber.bundle.config.features, pictures):
                    logger.info("written: %s", path)
            text = FORMATS[transcript_format](transcript)
            if out is None:
                yield text
            else:
                with atomic_open(
                    out / f"{names[transcript.path]}{TRANSCRIPT_SUFFIXES[transcript_format]}", "w"
                ) as file:
                    file.write(text)
    for line in report.lines(time.monotonic() - started):
        logger.info("%s", line)
    report.tally.check()


@dataclass
class TranscriptionReport:
    """Counts what happened to files and their segments.

    Attributes:
        names: the names of the files.
        log_segments: whether to log each segment.
        tally: counts files.
        seconds: seconds of audio that were transcribed, all sides together.
        segments: number of decoded segments.
        trouble: how many segments ended without a final state, by how they ended.
        resampled: how many files were resampled, by their rate and the network's.
    """

    names: Mapping[Path, str]
    log_segments: bool
    tally: Tally
    seconds: float = 0.0
    segments: int = 0
    trouble: Counter[str] = field(default_factory=Counter)
    resampled: Counter[tuple[int, int]] = field(default_factory=Counter)

    def results(self, events: Iterable[TranscriptionEvent]) -> Iterator[Transcript | BlasrError]:
        """Yield the transcripts and errors among the events, and count all of them."""
        for path, event in events:
            if isinstance(event, TranscribedSegment):
                self._count_segment(path, event)
                continue
            if isinstance(event, BlasrError):
                logger.error("error: %s", event)
                self.tally.drop(str(path), event.reason)
            else:
                self.tally.keep()
                self.seconds += event.seconds * len(event.sides)
                if event.file_rate != event.sample_rate:
                    self.resampled[event.file_rate, event.sample_rate] += 1
            yield event

    def _count_segment(self, path: Path, segment: TranscribedSegment) -> None:
        self.segments += 1
        if segment.trouble:
            self.trouble[segment.trouble] += 1
        if self.log_segments:
            words = " ".join(word.text for word in segment.words)
            times = f"{segment.start_seconds:.2f}-{segment.end_seconds:.2f}"
            logger.info("%s", " ".join([self.names[path], segment.side, times, words]).rstrip())

    def lines(self, seconds: float) -> Iterator[str]:
        """Yield the lines of the final report.

        Args:
            seconds: how long the transcription took.
        """
        for (found, used), count in self.resampled.items():
            line = f"{count} file(s) of {found} Hz were resampled to {used} Hz"
            yield line + (f"; they contain nothing above {found / 2:g} Hz" if found < used else "")
        for trouble, count in self.trouble.items():
            yield f"{count} of {self.segments} segments ended {trouble}"
        if self.seconds:
            speed = f"real-time factor {seconds / self.seconds:.4f}"
            yield f"{seconds:.1f} s for {self.seconds:.1f} s of audio in {self.segments} segments: {speed}"
        yield self.tally.summary()
