"""Speech from audio files, whole or in part, in the range of 16-bit integers that Kaldi works in.

Whatever libsndfile reads can be read: wav, flac, NIST sphere (sph), ogg, mp3. A segment is read by seeking.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from blasr.errors import DataError
from blasr.units import AnyArray, FloatArray

SCALE = 32768.0
"""libsndfile's floats times this are 16-bit integers."""

MAX_OVERSHOOT_SECONDS = 0.5
"""How far a segment may end beyond its recording; it is cut there (Kaldi's extract-segments --max-overshoot)."""

_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0x7FFFFFFF - 36, 0xFFFFFFFF, 0xFFFFFFFF - 36)  # written by programs that stream


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


def audio_info(path: str | Path, *, verify: bool = False) -> AudioInfo:
    """The header of an audio file, checked against the file's size and, with ``verify``, by reading the last sample.

    Raises:
        DataError: the file is missing, truncated, empty or no audio.
    """
    path = Path(path)
    with _open(path) as file:
        if verify:
            _read_samples(file, file.frames - 1, file.frames, path, None)
        return AudioInfo(file.samplerate, file.frames, file.channels)


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
) -> tuple[FloatArray, int]:
    """The samples ``(N,)`` from ``start_seconds`` (else the beginning) to ``end_seconds`` (else the end), and the rate.

    Sample positions are ``int(seconds * rate)``, and an end up to half a second beyond the recording is cut to it,
    as in Kaldi's ``featbin/extract-segments.cc``. With ``mono_has_any_channel``, a file of one channel is taken to hold
    the one asked for (Kaldi's telephone recordings are split into sides that keep their names). ``utterance`` is
    named in errors; the rest is as in :func:`read_audio`.

    Raises:
        DataError: as :func:`read_audio`, or the segment does not lie within the recording.
    """
    path = Path(path)
    with _open(path, utterance) as file:
        rate = int(file.samplerate)
        if sample_rate is not None and rate != sample_rate:
            raise DataError(
                f"found a sample rate of {rate} Hz, expected {sample_rate} Hz",
                path=path,
                utterance=utterance,
                fix=f"resample it (sox {path} -r {sample_rate} OUT.wav) or set features.sample_rate={rate}",
            )
        start, end = _sample_range(file.frames, rate, start_seconds, end_seconds, path, utterance)
        column = 0 if mono_has_any_channel and file.channels == 1 else _column(file.channels, channel, path, utterance)
        try:
            file.seek(start)
            samples = file.read(end - start, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise _truncated(path, utterance, f"its audio cannot be decoded ({error})") from None
        if len(samples) < end - start:
            raise _truncated(
                path, utterance, f"found {start + len(samples)} samples, the header declares {file.frames}"
            )
    return np.ascontiguousarray(samples[:, column]) * np.float32(SCALE), rate


def _read_samples(file: Any, start: int, end: int, path: Path, utterance: str | None) -> AnyArray:
    """Samples ``start`` to ``end`` of every channel, ``(N, channels)``, in libsndfile's range of -1 to 1."""
    try:
        file.seek(start)
        samples: AnyArray = file.read(end - start, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise _truncated(path, utterance, f"its audio cannot be decoded ({error})") from None
    if len(samples) < end - start:
        raise _truncated(path, utterance, f"found {start + len(samples)} samples, expected at least {end}")
    return samples


@contextmanager
def _open(path: Path, utterance: str | None = None) -> Iterator[Any]:
    if not path.is_file():
        found = "is a folder, not an audio file" if path.is_dir() else "no such audio file"
        raise DataError(
            found,
            path=path,
            utterance=utterance,
            fix="correct its entry in wav.scp; relative paths start from the current folder",
        )
    _check_size(path, utterance)
    try:
        file = soundfile.SoundFile(path)
    except soundfile.SoundFileError as error:
        raise DataError(
            f"is no readable audio file ({getattr(error, 'error_string', error)})",
            path=path,
            utterance=utterance,
            fix="convert it to wav or flac",
        ) from None
    with file:
        if file.frames <= 0:
            raise DataError("has no samples", path=path, utterance=utterance, fix="record it again or take it out")
        yield file


def _check_size(path: Path, utterance: str | None) -> None:
    """Compare the sizes in a wav or sphere header with the file: libsndfile would shorten the audio silently."""
    size = path.stat().st_size
    if size == 0:
        raise DataError("is empty (0 bytes)", path=path, utterance=utterance, fix="copy it again from its source")
    with path.open("rb") as stream:
        magic = stream.read(12)
        if magic[:4] == b"RIFF" and magic[8:12] == b"WAVE":
            declared, held = _wav_data_bytes(stream, size)
        elif magic[:7] == b"NIST_1A":
            declared, held = _sphere_data_bytes(stream, size)
        else:
            return
    if declared > held:
        raise _truncated(path, utterance, f"found {held} bytes of audio, the header declares {declared}")


def _wav_data_bytes(stream: BinaryIO, size: int) -> tuple[int, int]:
    """Bytes that the data chunk declares and those that the file holds of it (the chunk of a stream declares none)."""
    while len(header := stream.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        held = size - stream.tell()
        if name == b"data":
            return (0 if length in _UNKNOWN_SIZES else length), held
        stream.seek(length + length % 2, 1)  # chunks are padded to even sizes
    return 1, 0  # the file ends before its data chunk


def _sphere_data_bytes(stream: BinaryIO, size: int) -> tuple[int, int]:
    """Bytes that an uncompressed sphere header declares and those that the file holds."""
    stream.seek(0)
    header_bytes = int(stream.read(16)[8:].strip() or 0)
    stream.seek(0)
    fields: dict[bytes, bytes] = {}
    for line in stream.read(header_bytes).splitlines():
        name, _, value = line.partition(b" ")
        fields[name] = value.split(b" ")[-1]
    if b"shorten" in fields.get(b"sample_coding", b""):
        return 0, 0
    try:
        samples = int(fields[b"sample_count"])
        declared = samples * int(fields[b"sample_n_bytes"]) * int(fields[b"channel_count"])
    except (KeyError, ValueError):
        return 0, 0  # libsndfile will say what is wrong with such a header
    return declared, size - header_bytes


def _sample_range(
    num_samples: int,
    rate: int,
    start_seconds: float | None,
    end_seconds: float | None,
    path: Path,
    utterance: str | None,
) -> tuple[int, int]:
    start = 0 if start_seconds is None else int(start_seconds * rate)
    end = num_samples if end_seconds is None else int(end_seconds * rate)
    limit = num_samples + int(MAX_OVERSHOOT_SECONDS * rate)
    if not 0 <= start < num_samples or end > limit:
        times = f"from {start / rate:.3f} to {end / rate:.3f} s"
        raise DataError(
            f"the segment {times} lies beyond the recording's {num_samples / rate:.3f} s",
            path=path,
            utterance=utterance,
            fix="correct the times in segments",
        )
    end = min(end, num_samples)
    if end <= start:
        raise DataError(
            f"the segment from {start / rate:.3f} to {end / rate:.3f} s has no samples",
            path=path,
            utterance=utterance,
            fix="correct the times in segments",
        )
    return start, end


def _column(num_channels: int, channel: int | None, path: Path, utterance: str | None) -> int:
    if channel is None and num_channels == 1:
        return 0
    if channel is None:
        raise DataError(
            f"has {num_channels} channels, and none was chosen",
            path=path,
            utterance=utterance,
            fix="write the channel (from 0) as the fifth column of segments, or A or B in reco2file_and_channel",
        )
    if not 0 <= channel < num_channels:
        raise DataError(
            f"found {num_channels} channel(s), expected channel {channel} (counted from 0)",
            path=path,
            utterance=utterance,
            fix="correct the channel in segments or reco2file_and_channel",
        )
    return channel


def _truncated(path: Path, utterance: str | None, what: str) -> DataError:
    return DataError(f"is truncated: {what}", path=path, utterance=utterance, fix="copy it again from its source")
