"""``blasr transcribe``: audio files to words, from one bundle."""

from __future__ import annotations

import argparse
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blasr.errors import BlasrError, ConfigError
from blasr.inference.bundle import Bundle
from blasr.inference.recordings import recording_name
from blasr.inference.segmentation import SegmentationConfig
from blasr.inference.transcribe import Event, TranscribedSegment, Transcriber, Transcript, TranscriptionOptions
from blasr.inference.transcript_formats import FORMATS, SUFFIXES
from blasr.io.atomic import atomic_open
from blasr.progress import track
from blasr.tally import Tally
from blasr.training.distributed import choose_device

EPILOG = """\
FILE is whatever libsndfile reads: wav, flac, ogg, mp3, sph and others, at any sample rate. Each channel is a side, and
each side is a speaker, unless --channel, --mix or --same-speaker says otherwise. Long files are decoded in segments
that are cut at quiet places and overlap. A file that cannot be read is told, the others are transcribed, and the exit
status is 1.

examples:
  blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle interview.mp3
  blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle --format srt --out subtitles --nj 4 lectures/*.flac
  blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle --format ctm sw02001.sph > sw02001.ctm
"""
logger = logging.getLogger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr transcribe``."""
    segments = SegmentationConfig()
    parser.epilog = EPILOG
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="audio")
    parser.add_argument("--bundle", type=Path, required=True, help="the folder that blasr bundle wrote")
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write DIR/NAME.SUFFIX for each file, not to stdout")
    parser.add_argument(
        "--stream", action="store_true", help="print each segment, with its times, on stderr once it is decoded"
    )
    sides = parser.add_mutually_exclusive_group()
    sides.add_argument("--channel", type=int, help="transcribe this channel only, counted from 0")
    sides.add_argument("--mix", action="store_true", help="transcribe the mean of the channels")
    parser.add_argument(
        "--same-speaker", action="store_true", help="all files are of one speaker, and are normalised together"
    )
    parser.add_argument(
        "--confidences", choices=("true", "false"), default="true", help="work them out (default: %(default)s)"
    )
    parser.add_argument(
        "--max-segment", type=float, default=segments.max_seconds, help="seconds (default: %(default)s)"
    )
    parser.add_argument(
        "--min-segment", type=float, default=segments.min_seconds, help="seconds (default: %(default)s)"
    )
    parser.add_argument(
        "--overlap", type=float, default=segments.overlap_seconds, help="seconds beyond each cut (default: %(default)s)"
    )
    parser.add_argument("--nj", type=int, default=1, help="threads, each with a segment (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--max-loss", type=float, default=0.0, help="share of files that may fail (default: 0)")


def run(args: argparse.Namespace) -> None:
    """Transcribe every file; fail in the end where one could not be."""
    _check(args)
    options = TranscriptionOptions(
        channel=args.channel,
        mix=args.mix,
        same_speaker=args.same_speaker,
        confidences=args.confidences == "true",
        segmentation=SegmentationConfig(args.max_segment, args.min_segment, args.overlap),
        jobs=args.nj,
        device=choose_device(args.device),
    )
    names = _names(args.files)
    transcriber = Transcriber(Bundle.read(args.bundle), options)
    if (seconds := transcriber.compile()) > 1:
        logger.info("compiled the search in %.1f s, this once", seconds)
    account = _Account(names, args.stream, Tally("transcribe", args.max_loss, "files"))
    events = transcriber.events(args.files)
    started = time.monotonic()
    if len(args.files) == 1:
        results = account.results(track(events, "segments"))
    else:
        results = track(account.results(events), "files", total=len(args.files))
    for transcript in results:
        if isinstance(transcript, Transcript):
            _write(args, names[transcript.path], transcript)
    for line in account.lines(time.monotonic() - started):
        logger.info("%s", line)
    account.tally.check()


@dataclass
class _Account:
    """What became of the files and their segments."""

    names: Mapping[Path, str]
    stream: bool
    tally: Tally
    seconds: float = 0.0
    segments: int = 0
    trouble: Counter[str] = field(default_factory=Counter)
    resampled: Counter[tuple[int, int]] = field(default_factory=Counter)

    def results(self, events: Iterable[Event]) -> Iterator[Transcript | BlasrError]:
        """The transcripts and mistakes among the events, all of which are counted."""
        for path, event in events:
            if isinstance(event, TranscribedSegment):
                self._count(path, event)
                continue
            if isinstance(event, BlasrError):
                logger.error("error: %s", event)
                self.tally.drop(str(path), _reason(event))
            else:
                self.tally.keep()
                self.seconds += event.seconds * len(event.sides)
                if event.file_rate != event.sample_rate:
                    self.resampled[event.file_rate, event.sample_rate] += 1
            yield event

    def _count(self, path: Path, segment: TranscribedSegment) -> None:
        self.segments += 1
        if segment.trouble:
            self.trouble[segment.trouble] += 1
        if self.stream:
            words = " ".join(word.text for word in segment.words)
            times = f"{segment.start_seconds:.2f}-{segment.end_seconds:.2f}"
            logger.info("%s", " ".join([self.names[path], segment.side, times, words]).rstrip())

    def lines(self, seconds: float) -> Iterator[str]:
        """What to tell in the end."""
        for (found, used), count in self.resampled.items():
            line = f"{count} file(s) of {found} Hz were resampled to {used} Hz"
            yield line + (f", of which they only have what lies below {found / 2:g} Hz" if found < used else "")
        for trouble, count in self.trouble.items():
            yield f"{count} of {self.segments} segments ended {trouble}"
        if self.seconds:
            speed = f"real-time factor {seconds / self.seconds:.4f}"
            yield f"{seconds:.1f} s for {self.seconds:.1f} s of audio in {self.segments} segments: {speed}"
        yield self.tally.summary()


def _check(args: argparse.Namespace) -> None:
    if args.nj < 1:
        raise ConfigError(f"--nj is {args.nj}, expected 1 or more")
    if args.format == "srt" and args.out is None and len(args.files) > 1:
        raise ConfigError("subtitles of several files cannot follow one another", fix="write them into a folder: --out")


def _names(files: Sequence[Path]) -> dict[Path, str]:
    """The files' names in transcripts and in --out, which must differ."""
    paths: dict[str, Path] = {}
    for path in files:
        name = recording_name(path)
        if name in paths:
            other = paths[name]
            message = f"{path} is given twice" if path == other else f"{other} and {path} are both called {name}"
            raise ConfigError(message, fix="give files of different names, or one at a time")
        paths[name] = path
    return {path: name for name, path in paths.items()}


def _write(args: argparse.Namespace, name: str, transcript: Transcript) -> None:
    text = FORMATS[args.format](transcript)
    if args.out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        with atomic_open(args.out / f"{name}{SUFFIXES[args.format]}", "w") as file:
            file.write(text)


def _reason(error: BlasrError) -> str:
    """A mistake without its details, for the account of all files."""
    return re.split(r"[:(,;0-9]", error.message, maxsplit=1)[0].strip() or "not transcribed"
