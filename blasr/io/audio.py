"""Speech from audio files, whole or in part, in Kaldi's range of 16-bit integers.

libsndfile decodes the files: wav, flac, NIST SPHERE (sph), ogg, mp3 and others. A segment is read by seeking.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from blasr.errors import DataError
from blasr.io.audio_source import open_audio
from blasr.io.recording_entry import RecordingEntry
from blasr.io.sphere import is_compressed
from blasr.io.wav_header import COPY_AGAIN
from blasr.units import AnyArray, FloatArray

_INT16_SCALE: Final = 32768.0  # libsndfile's floats multiplied by this are in the range of 16-bit integers

MAX_OVERSHOOT_SECONDS: Final = 0.5
"""How far a segment may end after its recording. It is shortened (Kaldi's ``extract-segments --max-overshoot``)."""

_PLAIN_SUBTYPES: Final = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "ULAW", "ALAW")
"""Encodings without a state: if the last sample is there, every sample can be read and is finite."""
_BLOCK_SAMPLES: Final = 1 << 18
_MAX_SAMPLE: Final = 1e6
"""The largest sample of floating-point audio, whose full scale is 1. The power of much larger ones overflows."""


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
        mono_has_any_channel: whether a file with one channel is accepted for any channel number, for telephone calls
            with the two sides in separate files.
        sample_rate: the rate in Hz that the file must have; None for any.
    """

    start_seconds: float | None = None
    end_seconds: float | None = None
    channel: int | None = None
    mono_has_any_channel: bool = False
    sample_rate: int | None = None


def audio_info(path: str | Path, *, verify: bool = False, allow_pipes: bool = False) -> AudioInfo:
    """Read the header of an audio file and check it against the file's size.

    If ``path`` is an entry of ``wav.scp`` with a speed or a channel (:class:`blasr.io.RecordingEntry`), the numbers of
    samples and of channels are those of the entry.

    Args:
        path: the audio file, or an entry of ``wav.scp``.
        verify: also check that every sample can be read and is a finite number.
        allow_pipes: run a command in place of a file.

    Raises:
        DataError: the file is missing, truncated or empty, or is not audio.
    """
    with _open_entry(path, allow_pipes) as (file, entry):
        if verify:
            _check_samples(file)
        num_channels = file.channels
        if entry.channel is not None:
            column_of(num_channels, _chosen_by(entry))
            num_channels = 1
        return AudioInfo(file.samplerate, round(file.frames / entry.speed), num_channels)


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
    as in Kaldi's ``featbin/extract-segments.cc``. If the entry has a speed (:class:`blasr.io.RecordingEntry`), times
    count at this speed, but the samples are those of the file.

    Args:
        path: the audio file, or an entry of ``wav.scp``; a command only with ``allow_pipes``.
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
    times = selection.start_seconds, selection.end_seconds
    with _open_entry(path, allow_pipes, utterance) as (file, entry):
        start_seconds, end_seconds = (None if time is None else time * entry.speed for time in times)
        rate = int(file.samplerate)
        if selection.sample_rate is not None and rate != selection.sample_rate:
            wanted = selection.sample_rate
            raise DataError(
                f"found a sample rate of {rate} Hz, expected {wanted} Hz",
                fix=f"resample it (sox {entry.source} -r {wanted} OUT.wav) or set features.sample_rate={rate}",
                reason="another sample rate",
            )
        start, end = sample_range(file.frames, rate, start_seconds, end_seconds)
        first, last = max(start - margin_samples, 0), min(end + margin_samples, file.frames)
        column = column_of(file.channels if entry.channel is None else 1, selection)
        if entry.channel is not None:
            column = column_of(file.channels, _chosen_by(entry))
        samples = _read_samples(file, first, last)[:, column]
        _check_finite(samples, first, rate)
    speech = np.ascontiguousarray(samples) * np.float32(_INT16_SCALE)
    return speech, rate, slice(start - first, end - first)


def read_channels(path: str | Path, channel: int | None = None) -> tuple[FloatArray, int, int]:
    """Read all channels of a file, or one of them, and open the file only once.

    Args:
        path: the audio file; ``-`` is the standard input, and a named pipe is read to its end.
        channel: the only channel to read, from 0.

    Returns:
        The samples, float32 ``(C, N)`` in the range of 16-bit integers; the sample rate; the file's channels.

    Raises:
        DataError: as :func:`read_audio`.
    """
    with open_audio(path) as file:
        samples = _read_samples(file, 0, file.frames)
        if channel is not None:
            if not 0 <= channel < file.channels:
                raise missing_channel(channel, file.channels)
            samples = samples[:, channel : channel + 1]
        _check_finite(samples, 0, file.samplerate)
        speech = np.ascontiguousarray(samples.T) * np.float32(_INT16_SCALE)
        return speech, int(file.samplerate), int(file.channels)


@contextmanager
def _open_entry(
    path: str | Path, allow_pipes: bool, utterance: str | None = None
) -> Iterator[tuple[Any, RecordingEntry]]:
    """Open what an entry names; yield the ``soundfile.SoundFile``, and the channel and speed to take of it.

    A SPHERE file that libsndfile does not decode is expanded by the entry's own ``sph2pipe`` if commands are allowed.
    """
    entry = RecordingEntry.parse(path) if isinstance(path, str) else RecordingEntry(str(path))
    source: str | Path = entry.source if isinstance(path, str) else path
    if entry.expander is not None and allow_pipes and is_compressed(entry.source):
        entry = RecordingEntry(entry.expander, None, entry.speed)
        source = entry.source
    with open_audio(source, allow_pipes=allow_pipes, utterance=utterance, is_command=entry.is_command) as file:
        yield file, entry


def _chosen_by(entry: RecordingEntry) -> AudioSelection:
    return AudioSelection(channel=entry.channel)


def _check_samples(file: Any) -> None:
    """Check that every sample can be read and is finite; of plain encodings only the last one is read."""
    if file.subtype in _PLAIN_SUBTYPES and file.format != "FLAC":
        _read_samples(file, file.frames - 1, file.frames)
        return
    for start in range(0, file.frames, _BLOCK_SAMPLES):
        samples = _read_samples(file, start, min(start + _BLOCK_SAMPLES, file.frames))
        _check_finite(samples, start, file.samplerate)


def _check_finite(samples: AnyArray, start: int, rate: int) -> None:
    """Refuse samples ``(N,)`` or ``(N, channels)`` whose power is no number; ``start`` is the place of the first."""
    if (np.abs(samples) <= _MAX_SAMPLE).all():  # false for NaN
        return
    finite = np.isfinite(samples)
    if finite.all():
        reason, what, good = "too large", f"above {_MAX_SAMPLE:g} times full scale", np.abs(samples) <= _MAX_SAMPLE
    else:
        reason, what, good = "not finite", "NaN or infinite", finite
    wrong = ~good.reshape(len(samples), -1).all(axis=1)
    place = (start + int(np.argmax(wrong))) / rate
    raise DataError(
        f"has samples that are {reason}: {int(wrong.sum())} are {what}, the first at {place:.3f} s",
        fix="write it again from its source, or leave it out",
        reason=f"with samples that are {reason}",
    )


def _read_samples(file: Any, start: int, end: int) -> AnyArray:
    """Read samples ``start`` to ``end`` of every channel: ``(N, channels)`` in libsndfile's range of -1 to 1."""
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


def sample_range(
    num_samples: int, rate: int, start_seconds: float | None, end_seconds: float | None
) -> tuple[int, int]:
    """Return the samples from ``start`` to ``end`` (exclusive) of a segment; None is the beginning or the end.

    Raises:
        DataError: the segment has no samples, or ends more than half a second after the recording.
    """
    start = 0 if start_seconds is None else int(start_seconds * rate)
    end = num_samples if end_seconds is None else int(end_seconds * rate)
    segment = f"the segment from {start / rate:.3f} to {end / rate:.3f} s"
    if not 0 <= start < num_samples or end > num_samples + int(MAX_OVERSHOOT_SECONDS * rate):
        message = f"{segment} is outside the recording, which lasts {num_samples / rate:.3f} s"
        raise DataError(message, fix="correct the times in segments", reason="a segment outside its recording")
    if end <= start:
        raise DataError(f"{segment} has no samples", fix="correct the times in segments", reason="an empty segment")
    return start, min(end, num_samples)


def column_of(num_channels: int, selection: AudioSelection) -> int:
    """Return the channel, from 0, that a selection takes of a file.

    Raises:
        DataError: there is no such channel, or none is chosen and the file has several.
    """
    channel = selection.channel
    if num_channels == 1 and selection.mono_has_any_channel:
        return 0
    if channel is None and num_channels > 1:
        raise DataError(
            f"has {num_channels} channels, and none is chosen",
            reason="with several channels, none of them chosen",
            fix="write the channel (from 0) as the fifth column of segments, or A or B in reco2file_and_channel",
        )
    if channel is not None and not 0 <= channel < num_channels:
        fix = "correct the channel in segments, reco2file_and_channel or wav.scp"
        raise missing_channel(channel, num_channels, fix)
    return channel or 0


def missing_channel(channel: int, num_channels: int, fix: str | None = None) -> DataError:
    """Return the error for a channel that a file lacks; by default, the fix is to choose another channel, or none."""
    if num_channels == 1:
        found, choice = "one channel, which is number 0,", "leave out the channel"
    else:
        found, choice = f"{num_channels} channels, counted from 0,", f"choose a channel from 0 to {num_channels - 1}"
    message = f"has {found} so there is no channel {channel}"
    return DataError(message, fix=fix or choice, reason="without the chosen channel")
