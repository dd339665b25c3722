"""``blasr transcribe``: audio files to words, from one bundle."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blasr.cli.options import (
    add_option,
    add_yes_no,
    non_negative_integer,
    non_negative_number,
    positive_integer,
    positive_number,
)
from blasr.cli.parser import examples
from blasr.errors import ConfigError
from blasr.inference.config import TRANSCRIPT_SUFFIXES, SegmentationConfig, TranscriptionConfig
from blasr.progress import StatusLine

INPUTS = """\
FILE is any file that libsndfile reads: wav, flac, ogg, mp3, sph and others, at any sample rate. Each channel is a side,
and each side is a speaker, unless --channel, --mix or --same-speaker says otherwise. Long files are decoded in segments
that are cut at quiet places and overlap. A file that cannot be read is reported, the others are transcribed, and the
exit status is 1.

With --live, there is one FILE, raw 16-bit PCM or a wave file, that is recognized while it comes. An utterance ends at a
pause (Kaldi's rules of endpoints). Words so far appear on stderr if that is a terminal, with --format json as lines.

"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr transcribe``."""
    segments = SegmentationConfig()
    parser.epilog = INPUTS + examples(
        "blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle interview.mp3",
        "blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle --format srt --out subtitles --nj 4 lectures/*.flac",
        "blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle --pictures pictures interview.mp3",
        "ffmpeg -i talk.mp4 -f wav - | blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle -",
        "blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle --format ctm sw02001.sph > sw02001.ctm",
        "arecord -q -f S16_LE -r 8000 | blasr transcribe --bundle exp/bl_resnet22_a2b3/bundle --live -",
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="audio; - is the standard input")
    bundle = parser.add_mutually_exclusive_group(required=True)
    add_option(bundle, "--bundle")
    add_option(bundle, "--experiment", note="its subfolder bundle is used")
    parser.add_argument("--format", choices=tuple(TRANSCRIPT_SUFFIXES), default="text", help="of the transcripts")
    add_option(parser, "--out", note="a directory for NAME.SUFFIX of each file (default: standard output)")
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="a directory for NAME.png of each file: its spectrogram with phones and words (needs blasr[pictures])",
    )
    add_yes_no(parser, "--stream", "print each segment with its times on stderr as soon as it is decoded")
    add_yes_no(parser, "--live", "recognize one stream while it comes; results are text or json")
    parser.add_argument(
        "--rate", type=positive_integer, metavar="HZ", help="of raw PCM with --live (default: the network's)"
    )
    sides = parser.add_mutually_exclusive_group()
    sides.add_argument(
        "--channel", type=non_negative_integer, metavar="N", help="transcribe this channel only, counted from 0"
    )
    add_yes_no(sides, "--mix", "transcribe the mean of the channels")
    add_yes_no(parser, "--same-speaker", "all files are from one speaker, and are normalized together")
    add_yes_no(parser, "--confidences", "compute word confidences", default=True)
    parser.add_argument(
        "--max-segment", type=positive_number, metavar="SECONDS", default=segments.max_seconds, help="longest segment"
    )
    parser.add_argument(
        "--min-segment", type=positive_number, metavar="SECONDS", default=segments.min_seconds, help="shortest segment"
    )
    parser.add_argument(
        "--overlap",
        type=non_negative_number,
        metavar="SECONDS",
        default=segments.overlap_seconds,
        help="audio that is decoded beyond each cut",
    )
    add_option(parser, "--nj", note="each works on one segment at a time")
    add_option(parser, "--device")
    add_option(parser, "--precision")
    add_option(parser, "--max-loss", default=0.0, note="here, of the files")


def run(args: argparse.Namespace) -> None:
    """Transcribe every file; fail at the end if one could not be transcribed.

    Raises:
        ConfigError: options that exclude each other.
        BlasrError: as :func:`blasr.pipeline.transcribe.transcribe_files`.
    """
    if args.live:
        _run_live(args)
        return
    if args.rate is not None:
        raise ConfigError("--rate is for raw PCM, which needs --live", fix="leave it out; files say their rate")
    if args.format == "srt" and args.out is None and len(args.files) > 1:
        raise ConfigError("the subtitles of several files cannot share one output", fix="name a directory with --out")
    config = TranscriptionConfig(
        channel=args.channel,
        mix=args.mix,
        same_speaker=args.same_speaker,
        confidences=args.confidences,
        pictures=args.pictures is not None,
        segmentation=SegmentationConfig(args.max_segment, args.min_segment, args.overlap),
        workers=args.nj,
        device=args.device,
        precision=args.precision,
    )
    from blasr.inference.transcribe import load_bundle
    from blasr.pipeline.transcribe import name_files, transcribe_files

    name_files(args.files)  # refuses files with the same name before the bundle is read
    transcripts = transcribe_files(
        load_bundle(_bundle(args), config),
        args.files,
        transcript_format=args.format,
        out=args.out,
        pictures=args.pictures,
        log_segments=args.stream,
        max_loss=args.max_loss,
    )
    for text in transcripts:
        sys.stdout.write(text)
        sys.stdout.flush()


def _run_live(args: argparse.Namespace) -> None:
    """Recognize one stream; final results go to the standard output, and words so far to a terminal."""
    refused = {"--out": args.out, "--pictures": args.pictures, "--stream": args.stream or None}
    refused["--same-speaker"] = args.same_speaker or None
    refused["--precision"] = None if args.precision == "float32" else args.precision
    for option, value in refused.items():
        if value is not None:
            raise ConfigError(f"{option} does not go with --live", fix="leave one of them out")
    if args.format not in ("text", "json"):
        raise ConfigError(f"live results are text or json, not {args.format}", fix="transcribe a file without --live")
    if len(args.files) > 1:
        raise ConfigError(f"found {len(args.files)} files, expected one stream", fix="give one FILE with --live")
    from blasr.inference.bundle import Bundle
    from blasr.inference.live import LiveConfig, LiveRecognizer
    from blasr.pipeline.live import recognize_stream, result_lines

    config = LiveConfig(confidences=args.confidences, device=args.device)
    recognizer = LiveRecognizer(Bundle.read(_bundle(args)), config)
    recognizer.compile()
    results = recognize_stream(recognizer, args.files[0], sample_rate=args.rate, channel=args.channel)
    partial = StatusLine()
    for final, line in result_lines(results, args.format):
        if final or args.format == "json":
            if args.format == "text":
                partial.clear()
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        else:
            partial.show(line)


def _bundle(args: argparse.Namespace) -> Path:
    bundle: Path = args.bundle if args.bundle is not None else args.experiment / "bundle"
    return bundle
