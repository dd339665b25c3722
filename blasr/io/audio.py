"""Speech from audio files, whole or in part, in Kaldi's range of 16-bit integers.

libsndfile reads the files: wav, flac, NIST SPHERE (sph), ogg, mp3 and others. A segment is read by seeking.
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
from typing import Any, BinaryIO, Final

import numpy as np
import soundfile

from blasr.errors import BlasrError, DataError
from blasr.io.kaldi.pipes import run_pipeline
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.io.kaldi.tables import read_value
from blasr.io.kaldi.waves import STREAM_BYTES, WAVE_FILE
from blasr.io.sphere import SphereHeader
from blasr.units import AnyArray, FloatArray

_INT16_SCALE: Final = 32768.0  # libsndfile's floats multiplied by this are in the range of 16-bit integers

MAX_OVERSHOOT_SECONDS: Final = 0.5
"""How far a segment may end after its recording. It is shortened (Kaldi's ``extract-segments --max-overshoot``)."""

_LOGGED_FORMATS: Final = ("AIFF", "AU", "RF64", "W64")
"""Formats for which libsndfile reports a truncated file in its log only."""
_LOGGED_SIZES: Final = re.compile(r": (\d+) \(should be (\d+)\)")
_SPEED_COMMAND: Final = re.compile(r"sox -t wav ([^|]+?) -t wav - speed (\d+(?:\.\d+)?) \|\s*")
_COPY_AGAIN: Final = "copy it again from its source"


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of an audio file declares."""

    sample_rate: int
    num_samples: int
    num_channels: int

    @property
    def seconds(self) -> float:
        """The duration."""
        return self.num_samples / self.sample_rate


@dataclass(frozen=True, slots=True)
class AudioSelection:
    """What to read from a recording, and which sample rate it must have.

    Attributes:
        start_seconds: where to start; None for the beginning.
        end_seconds: where to end; None for the end.
        channel: which channel, from 0. It may be None if the file has only one.
        mono_has_any_channel: whether a file with one channel has the wanted channel, whatever its number. This is so
            if the two sides of a telephone call were split into two files.
        sample_rate: the rate in Hz that the file must have; None for any.
    """

    start_seconds: float | None = None
    end_seconds: float | None = None
    channel: int | None = None
    mono_has_any_channel: bool = False
    sample_rate: int | None = None


def is_pipe(entry: str) -> bool:
    """Whether an entry of ``wav.scp`` is a command that must be run (see also :func:`file_and_speed`)."""
    return entry.rstrip().endswith("|") and file_and_speed(entry)[0] == entry


def file_and_speed(entry: str) -> tuple[str, float]:
    """Split an entry of ``wav.scp`` into the file and the speed at which it is played.

    Usually these are the entry itself and 1. Kaldi's ``utils/data/perturb_data_dir_speed.sh`` writes the command
    ``sox -t wav FILE -t wav - speed 0.9 |`` instead of a file. It is parsed here and never run.
    """
    match = _SPEED_COMMAND.fullmatch(entry)
    if match is None or match[1] == "-" or not 0.5 <= float(match[2]) <= 2:
        return entry, 1.0
    return match[1], float(match[2])


def audio_info(path: str | Path, *, verify: bool = False, allow_pipes: bool = False) -> AudioInfo:
    """Read the header of an audio file and check it against the file's size.

    If ``path`` is an entry with a speed (:func:`file_and_speed`), the number of samples is the one at this speed.

    Args:
        path: the audio file, or an entry of ``wav.scp``.
        verify: also check that the last sample can be read.
        allow_pipes: run a command in place of a file.

    Raises:
        DataError: the file is missing, truncated or empty, or is not audio.
    """
    file_path, speed = file_and_speed(path) if isinstance(path, str) else (path, 1.0)
    with _open_audio(file_path, allow_pipes) as file:
        if verify:
            _read_samples(file, file.frames - 1, file.frames)
        return AudioInfo(file.samplerate, round(file.frames / speed), file.channels)


def read_audio(
    path: str | Path, *, channel: int | None = None, sample_rate: int | None = None
) -> tuple[FloatArray, int]:
    """Read a whole recording; return its samples, float32 ``(N,)`` in the range of 16-bit integers, and its rate.

    Args:
        path: the audio file.
        channel: which channel, from 0. It may be None if the file has only one.
        sample_rate: the rate in Hz that the file must have; None for any.

    Raises:
        DataError: the file is missing, truncated or empty, is not audio, or has another rate or no such channel.
    """
    samples, rate, _ = read_segment(path, AudioSelection(channel=channel, sample_rate=sample_rate))
    return samples, rate


def read_segment(
    path: str | Path,
    selection: AudioSelection,
    *,
    margin_samples: int = 0,
    utterance: str | None = None,
    allow_pipes: bool = False,
) -> tuple[FloatArray, int, slice]:
    """Read a segment of a recording and the audio around it; return the samples, their rate, and the segment's place.

    Positions are ``int(seconds * rate)``. A segment that ends up to half a second after the recording is shortened,
    as in Kaldi's ``featbin/extract-segments.cc``. If the entry has a speed (:func:`file_and_speed`), times count at
    this speed, but the samples are those of the file.

    Args:
        path: the audio file, an entry ``FILE.ark:OFFSET`` of ``wav.scp`` or, with ``allow_pipes``, a command.
        selection: what to read.
        margin_samples: how many samples to read before and after the segment; fewer near the ends of the recording.
        utterance: the utterance-id to name in errors.
        allow_pipes: run a command in place of a file.

    Returns:
        The samples, float32 ``(N,)`` in the range of 16-bit integers; the sample rate; the slice of the samples that
        is the segment itself.

    Raises:
        DataError: as :func:`read_audio`, or the segment is not inside the recording.
    """
    path, speed = file_and_speed(path) if isinstance(path, str) else (path, 1.0)
    times = selection.start_seconds, selection.end_seconds
    start_seconds, end_seconds = (None if time is None else time * speed for time in times)
    with _open_audio(path, allow_pipes, utterance) as file:
        rate = int(file.samplerate)
        if selection.sample_rate is not None and rate != selection.sample_rate:
            wanted = selection.sample_rate
            raise DataError(
                f"found a sample rate of {rate} Hz, expected {wanted} Hz",
                fix=f"resample it (sox {path} -r {wanted} OUT.wav) or set features.sample_rate={rate}",
            )
        start, end = _sample_range(file.frames, rate, start_seconds, end_seconds)
        first, last = max(start - margin_samples, 0), min(end + margin_samples, file.frames)
        is_only_channel = selection.mono_has_any_channel and file.channels == 1
        column = 0 if is_only_channel else _column(file.channels, selection.channel)
        samples = _read_samples(file, first, last)
    speech = np.ascontiguousarray(samples[:, column]) * np.float32(_INT16_SCALE)
    return speech, rate, slice(start - first, end - first)


@contextmanager
def _open_audio(entry: str | Path, allow_pipes: bool, utterance: str | None = None) -> Iterator[Any]:
    """Open an audio file with libsndfile. The entry and the utterance are added to errors that are raised inside."""
    try:
        source: Path | io.BytesIO
        if isinstance(entry, str) and is_pipe(entry):
            if not allow_pipes:
                raise DataError("is a command, and commands are not allowed", fix="pass --allow-pipes to run it")
            source = io.BytesIO(_command_output(entry))
        elif isinstance(entry, str) and (target := ScriptEntry.parse(entry)).offset and Path(target.file).is_file():
            source = io.BytesIO(read_value(entry, WAVE_FILE))
        else:
            source = _checked_path(Path(entry))
        try:
            file = soundfile.SoundFile(source)
        except soundfile.SoundFileError as error:
            what = getattr(error, "error_string", error)
            raise DataError(f"is not a readable audio file ({what})", fix="convert it to wav or flac") from None
        with file:
            if file.frames <= 0:
                raise DataError("has no samples", fix="record it again or remove it")
            sizes = _LOGGED_SIZES.search(file.extra_info) if file.format in _LOGGED_FORMATS else None
            if sizes and int(sizes[1]) > int(sizes[2]):
                message = f"is truncated: found {sizes[2]} bytes, the header declares {sizes[1]}"
                raise DataError(message, fix=_COPY_AGAIN)
            yield file
    except BlasrError as error:
        raise error.at(path=entry, utterance=utterance) from None


@functools.lru_cache(maxsize=1)
def _command_output(command: str) -> bytes:
    """The audio that a command writes. It is kept for the next segment of the same recording."""
    return run_pipeline(command)


def _checked_path(path: Path) -> Path:
    """Return ``path`` if a wav or SPHERE header fits the file's size; libsndfile shortens the audio silently if not."""
    if not path.is_file():
        message = "is a folder, not an audio file" if path.is_dir() else "no such audio file"
        raise DataError(message, fix="correct its entry in wav.scp; relative paths start from the current folder")
    size = path.stat().st_size
    if size == 0:
        raise DataError("is empty (0 bytes)", fix=_COPY_AGAIN)
    with path.open("rb") as stream:
        magic = stream.read(12)
        if magic[:4] == b"RIFF" and magic[8:] == b"WAVE":
            declared, found = _wav_data_bytes(stream, size)
        elif magic[:7] == b"NIST_1A":
            header = SphereHeader.read(path)
            if header.compression is not None:
                message = f"is SPHERE compressed with {header.compression}, which libsndfile does not decode"
                raise DataError(message, fix=f"expand it with NIST's sph2pipe: sph2pipe -f sph {path} OUT.sph")
            declared, found = header.audio_bytes or 0, size - header.num_bytes
        else:
            return path
    if declared > found:
        message = f"is truncated: found {found} bytes of audio, the header declares {declared}"
        raise DataError(message, fix=_COPY_AGAIN)
    return path


def _wav_data_bytes(stream: BinaryIO, size: int) -> tuple[int, int]:
    """The bytes that the data chunk declares (0 if it was written to a pipe), and those that the file has."""
    while len(header := stream.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"data":
            return (0 if length >= STREAM_BYTES else length), size - stream.tell()
        stream.seek(length + length % 2, 1)  # chunks are padded to even sizes
    raise DataError(f"is truncated: the {size} bytes end before the audio begins", fix=_COPY_AGAIN)


def _read_samples(file: Any, start: int, end: int) -> AnyArray:
    """Read samples ``start`` to ``end`` of every channel: ``(N, channels)`` in libsndfile's range of -1 to 1."""
    try:
        file.seek(start)
        samples: AnyArray = file.read(end - start, dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        message = f"is truncated or corrupt: samples {start} to {end} cannot be decoded"
        raise DataError(message, fix=_COPY_AGAIN) from None
    if len(samples) < end - start:
        message = f"is truncated: found {start + len(samples)} samples, expected at least {end}"
        raise DataError(message, fix=_COPY_AGAIN)
    return samples


def _sample_range(
    num_samples: int, rate: int, start_seconds: float | None, end_seconds: float | None
) -> tuple[int, int]:
    start = 0 if start_seconds is None else int(start_seconds * rate)
    end = num_samples if end_seconds is None else int(end_seconds * rate)
    segment = f"the segment from {start / rate:.3f} to {end / rate:.3f} s"
    if not 0 <= start < num_samples or end > num_samples + int(MAX_OVERSHOOT_SECONDS * rate):
        message = f"{segment} is outside the recording, which lasts {num_samples / rate:.3f} s"
        raise DataError(message, fix="correct the times in segments")
    if end <= start:
        raise DataError(f"{segment} has no samples", fix="correct the times in segments")
    return start, min(end, num_samples)


def _column(num_channels: int, channel: int | None) -> int:
    if channel is None and num_channels > 1:
        raise DataError(
            f"has {num_channels} channels, and none is chosen",
            fix="write the channel (from 0) as the fifth column of segments, or A or B in reco2file_and_channel",
        )
    if channel is not None and not 0 <= channel < num_channels:
        raise DataError(
            f"found {num_channels} channel(s), expected channel {channel}, counted from 0",
            fix="correct the channel in segments or reco2file_and_channel",
        )
    return channel or 0
