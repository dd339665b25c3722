"""Speech from audio files, whole or in part, in the range of 16-bit integers that Kaldi works in.

Whatever libsndfile reads can be read: wav, flac, NIST sphere (sph), ogg, mp3. A segment is read by seeking.
"""

from __future__ import annotations

import functools
import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from blasr.errors import BlasrError, DataError
from blasr.io.kaldi.pipes import run_pipeline
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.io.kaldi.tables import read_value
from blasr.io.kaldi.waves import WAVE_FILE
from blasr.io.sphere import SphereHeader
from blasr.units import AnyArray, FloatArray

SCALE = 32768.0
"""libsndfile's floats times this are 16-bit integers."""

MAX_OVERSHOOT_SECONDS = 0.5
"""How far a segment may end beyond its recording; it is cut there (Kaldi's extract-segments --max-overshoot)."""

STREAM_BYTES = 0x7FFFF000
"""Sizes from here on in a wav header stand for "until the end", as programs that write to a pipe put them."""

LOGGED_FORMATS = ("AIFF", "AU", "RF64", "W64")
"""Formats whose truncation libsndfile notes in its log only."""

_SHORT = re.compile(r": (\d+) \(should be (\d+)\)")
_PLAYED = re.compile(r"sox -t wav ([^|]+?) -t wav - speed (\d+(?:\.\d+)?) \|\s*")

COPY_AGAIN = "copy it again from its source"


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What an audio file's header says."""

    sample_rate: int
    num_samples: int
    num_channels: int

    @property
    def seconds(self) -> float:
        """The duration."""
        return self.num_samples / self.sample_rate


def is_pipe(entry: str) -> bool:
    """Whether an entry of ``wav.scp`` is a command whose output is the audio (see also :func:`played_file`)."""
    return entry.rstrip().endswith("|") and played_file(entry)[0] == entry


def played_file(entry: str) -> tuple[str, float]:
    """The file of an entry of ``wav.scp`` and how many times as fast it is played.

    That is the entry itself and 1, but for the one command that Kaldi's utils/data/perturb_data_dir_speed.sh writes
    for a file, ``sox -t wav FILE -t wav - speed 0.9 |``: it is understood and never run.
    """
    match = _PLAYED.fullmatch(entry)
    if match is None or match[1] == "-" or not 0.5 <= float(match[2]) <= 2:
        return entry, 1.0
    return match[1], float(match[2])


def audio_info(path: str | Path, *, verify: bool = False, allow_pipes: bool = False) -> AudioInfo:
    """The header of an audio file, checked against the file's size and, with ``verify``, by reading the last sample.

    Where ``path`` is an entry that plays a file at another speed, the number of samples is that of the played audio.

    Raises:
        DataError: the file is missing, truncated, empty or no audio.
    """
    file_path, speed = played_file(path) if isinstance(path, str) else (path, 1.0)
    with _opened(file_path, allow_pipes) as file:
        if verify:
            _read_samples(file, file.frames - 1, file.frames)
        return AudioInfo(file.samplerate, round(file.frames / speed), file.channels)


def read_audio(
    path: str | Path, *, channel: int | None = None, sample_rate: int | None = None
) -> tuple[FloatArray, int]:
    """A whole recording: its samples ``(N,)`` as float32 in the range of 16-bit integers, and its sample rate.

    Args:
        path: the audio file.
        channel: which channel, from 0; needed only where there are several.
        sample_rate: the rate that it must have, if any.

    Raises:
        DataError: the file is missing, truncated, empty, no audio, of another rate or has no such channel.
    """
    return read_segment(path, channel=channel, sample_rate=sample_rate)


def read_segment(
    path: str | Path,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    *,
    channel: int | None = None,
    mono_has_any_channel: bool = False,
    sample_rate: int | None = None,
    utterance: str | None = None,
    allow_pipes: bool = False,
) -> tuple[FloatArray, int]:
    """The samples ``(N,)`` from ``start_seconds`` (else the beginning) to ``end_seconds`` (else the end), and the rate.

    Sample positions are ``int(seconds * rate)``, and an end up to half a second beyond the recording is cut to it,
    as in Kaldi's ``featbin/extract-segments.cc``. Where the entry plays a file at another speed
    (:func:`played_file`), times are those of the played audio, and the samples those of the file before it is played.

    Args:
        path: the audio file or, with ``allow_pipes``, a command that writes it (an entry of ``wav.scp`` ending in |).
        start_seconds: where the segment starts.
        end_seconds: where it ends.
        channel: which channel, from 0; needed only where there are several.
        mono_has_any_channel: a file of one channel holds the one asked for (as do the two sides of a telephone
            call, split into files of their own).
        sample_rate: the rate that it must have, if any.
        utterance: the name in errors.
        allow_pipes: run commands.

    Raises:
        DataError: as :func:`read_audio`, or the segment does not lie within the recording.
    """
    samples, rate, own = read_surrounded_segment(
        path,
        start_seconds,
        end_seconds,
        margin_samples=0,
        channel=channel,
        mono_has_any_channel=mono_has_any_channel,
        sample_rate=sample_rate,
        utterance=utterance,
        allow_pipes=allow_pipes,
    )
    return samples[own], rate


def read_surrounded_segment(
    path: str | Path,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    *,
    margin_samples: int,
    channel: int | None = None,
    mono_has_any_channel: bool = False,
    sample_rate: int | None = None,
    utterance: str | None = None,
    allow_pipes: bool = False,
) -> tuple[FloatArray, int, slice]:
    """A segment with up to ``margin_samples`` of its recording on either side, the rate, and where the segment is.

    The other arguments and the errors are those of :func:`read_segment`; near the recording's ends there is less.
    """
    path, speed = played_file(path) if isinstance(path, str) else (path, 1.0)
    start_seconds, end_seconds = (None if time is None else time * speed for time in (start_seconds, end_seconds))
    with _opened(path, allow_pipes, utterance) as file:
        rate = int(file.samplerate)
        if sample_rate is not None and rate != sample_rate:
            raise DataError(
                f"found a sample rate of {rate} Hz, expected {sample_rate} Hz",
                fix=f"resample it (sox {path} -r {sample_rate} OUT.wav) or set features.sample_rate={rate}",
            )
        start, end = _sample_range(file.frames, rate, start_seconds, end_seconds)
        first, last = max(start - margin_samples, 0), min(end + margin_samples, file.frames)
        column = 0 if mono_has_any_channel and file.channels == 1 else _column(file.channels, channel)
        samples = _read_samples(file, first, last)
    speech = np.ascontiguousarray(samples[:, column]) * np.float32(SCALE)
    return speech, rate, slice(start - first, end - first)


@contextmanager
def _opened(entry: str | Path, allow_pipes: bool, utterance: str | None = None) -> Iterator[Any]:
    """The opened audio file; errors raised inside get its path and the utterance."""
    try:
        source: Path | io.BytesIO
        if isinstance(entry, str) and is_pipe(entry):
            if not allow_pipes:
                raise DataError("is a command, which is not run unless asked for", fix="pass --allow-pipes to trust it")
            source = io.BytesIO(_command_output(entry))
        elif isinstance(entry, str) and (place := ScriptEntry.parse(entry)).offset and Path(place.file).is_file():
            source = io.BytesIO(read_value(entry, WAVE_FILE))
        else:
            source = _checked_path(Path(entry))
        try:
            file = soundfile.SoundFile(source)
        except soundfile.SoundFileError as error:
            what = getattr(error, "error_string", error)
            raise DataError(f"is no readable audio file ({what})", fix="convert it to wav or flac") from None
        with file:
            if file.frames <= 0:
                raise DataError("has no samples", fix="record it again or take it out")
            sizes = _SHORT.search(file.extra_info) if file.format in LOGGED_FORMATS else None
            if sizes and int(sizes[1]) > int(sizes[2]):
                message = f"is truncated: found {sizes[2]} bytes, the header declares {sizes[1]}"
                raise DataError(message, fix=COPY_AGAIN)
            yield file
    except BlasrError as error:
        raise error.at(path=entry, utterance=utterance) from None


@functools.lru_cache(maxsize=1)
def _command_output(command: str) -> bytes:
    """The audio that a command writes, kept for the next segment of the same recording."""
    return run_pipeline(command)


def _checked_path(path: Path) -> Path:
    """``path``, if the sizes in a wav or sphere header fit the file: libsndfile would shorten the audio silently."""
    if not path.is_file():
        found = "is a folder, not an audio file" if path.is_dir() else "no such audio file"
        raise DataError(found, fix="correct its entry in wav.scp; relative paths start from the current folder")
    size = path.stat().st_size
    if size == 0:
        raise DataError("is empty (0 bytes)", fix=COPY_AGAIN)
    with path.open("rb") as stream:
        magic = stream.read(12)
        if magic[:4] == b"RIFF" and magic[8:] == b"WAVE":
            declared, held = _wav_data_bytes(stream, size)
        elif magic[:7] == b"NIST_1A":
            header = SphereHeader.read(path)
            if header.compression is not None:
                message = f"is SPHERE compressed with {header.compression}, which libsndfile does not decode"
                raise DataError(message, fix=f"expand it with NIST's sph2pipe: sph2pipe -f sph {path} OUT.sph")
            declared, held = header.audio_bytes or 0, size - header.num_bytes
        else:
            return path
    if declared > held:
        message = f"is truncated: found {held} bytes of audio, the header declares {declared}"
        raise DataError(message, fix=COPY_AGAIN)
    return path


def _wav_data_bytes(stream: BinaryIO, size: int) -> tuple[int, int]:
    """Bytes that the data chunk declares (0 if it was written as a stream) and those that the file holds of it."""
    while len(header := stream.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"data":
            return (0 if length >= STREAM_BYTES else length), size - stream.tell()
        stream.seek(length + length % 2, 1)  # chunks are padded to even sizes
    raise DataError(f"is truncated: the {size} bytes end before the audio begins", fix=COPY_AGAIN)


def _read_samples(file: Any, start: int, end: int) -> AnyArray:
    """Samples ``start`` to ``end`` of every channel, ``(N, channels)``, in libsndfile's range of -1 to 1."""
    try:
        file.seek(start)
        samples: AnyArray = file.read(end - start, dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        message = f"is truncated or corrupt: samples {start} to {end} cannot be decoded"
        raise DataError(message, fix=COPY_AGAIN) from None
    if len(samples) < end - start:
        message = f"is truncated: found {start + len(samples)} samples, expected at least {end}"
        raise DataError(message, fix=COPY_AGAIN)
    return samples


def _sample_range(
    num_samples: int, rate: int, start_seconds: float | None, end_seconds: float | None
) -> tuple[int, int]:
    start = 0 if start_seconds is None else int(start_seconds * rate)
    end = num_samples if end_seconds is None else int(end_seconds * rate)
    segment = f"the segment from {start / rate:.3f} to {end / rate:.3f} s"
    if not 0 <= start < num_samples or end > num_samples + int(MAX_OVERSHOOT_SECONDS * rate):
        message = f"{segment} lies beyond the recording, which lasts {num_samples / rate:.3f} s"
        raise DataError(message, fix="correct the times in segments")
    if end <= start:
        raise DataError(f"{segment} has no samples", fix="correct the times in segments")
    return start, min(end, num_samples)


def _column(num_channels: int, channel: int | None) -> int:
    if channel is None and num_channels > 1:
        raise DataError(
            f"has {num_channels} channels, and none was chosen",
            fix="write the channel (from 0) as the fifth column of segments, or A or B in reco2file_and_channel",
        )
    if channel is not None and not 0 <= channel < num_channels:
        raise DataError(
            f"found {num_channels} channel(s), expected channel {channel}, counted from 0",
            fix="correct the channel in segments or reco2file_and_channel",
        )
    return channel or 0
