"""Opening audio with libsndfile: from files, from commands, from archives and from the standard input.

What libsndfile refuses without a usable reason is described here. Streamed wave files, whose header does not declare
their length, are given one. Of SPHERE files, the header is read here, and libsndfile decodes the samples.
"""

from __future__ import annotations

import functools
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import soundfile

from blasr.errors import BlasrError, DataError, FormatError
from blasr.io.audio_archives import recording_at
from blasr.io.file_part import FilePart
from blasr.io.kaldi.pipes import FILE_FIX, file_before_pipe, run_pipeline
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.io.sphere import SphereHeader
from blasr.io.wav_header import COPY_AGAIN, read_wav_header

STANDARD_INPUT: Final = "-"
"""The name of the standard input in place of a file."""

_LOGGED_FORMATS: Final = ("AIFF", "AU", "RF64", "W64")
"""Formats for which libsndfile reports a truncated file in its log only."""
_LOGGED_SIZES: Final = re.compile(r": (\d+) \(should be (\d+)\)")
_UNKNOWN_FORMAT: Final = 1  # libsndfile's SF_ERR_UNRECOGNISED_FORMAT
_UNKNOWN_ENCODINGS: Final = (4, 18)  # SF_ERR_UNSUPPORTED_ENCODING, SFE_UNIMPLEMENTED
_UNKNOWN_LENGTH: Final = 1 << 62
_CONVERT: Final = "copy it again from its source, or convert it to wav or flac with sox or ffmpeg"


@contextmanager
def open_audio(
    entry: str | Path, *, allow_pipes: bool = False, utterance: str | None = None, is_command: bool = False
) -> Iterator[Any]:
    """Open audio as a ``soundfile.SoundFile``. The entry and the utterance are added to errors that are raised inside.

    Args:
        entry: a file, a place ``FILE:OFFSET`` in an archive, ``-`` for the standard input, or a command.
        allow_pipes: run a command in place of a file.
        utterance: the utterance-id to name in errors.
        is_command: whether the entry is a command.

    Raises:
        DataError: the audio is missing, truncated, damaged or empty, or is not audio.
    """
    try:
        if is_command and (file_name := file_before_pipe(str(entry))) is not None:
            raise DataError(f"{file_name!r} is a file, not a program", fix=FILE_FIX)
        if is_command and not allow_pipes:
            raise DataError("is a command, and commands are not allowed", fix="pass --allow-pipes to run it")
        with _source(entry, is_command) as source:
            try:
                file = soundfile.SoundFile(source.file, **source.raw)
            except soundfile.SoundFileError as error:
                raise _unreadable(error, source.file) from None
            with file:
                _check_opened(file, source)
                yield file
    except BlasrError as error:
        raise error.at(path=entry, utterance=utterance) from None


@dataclass(frozen=True)
class _AudioSource:
    """What libsndfile opens: a file or a stream; and how, if it has no header that libsndfile reads."""

    file: Path | BinaryIO | io.RawIOBase
    raw: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> _AudioSource:
        return self

    def __exit__(self, *_: object) -> None:
        if not isinstance(self.file, Path):
            self.file.close()


def _source(entry: str | Path, is_command: bool) -> _AudioSource:
    """Return what libsndfile can open, after a check of the header."""
    if is_command:
        return _checked(io.BytesIO(command_output(str(entry))))
    if str(entry) == STANDARD_INPUT:
        return _checked(io.BytesIO(_standard_input()))
    if isinstance(entry, str) and (target := ScriptEntry.parse(entry)).offset:
        if Path(target.file).is_file():
            return _checked(recording_at(Path(target.file), target.offset))
        entry = target.file
    path = Path(entry)
    if path.is_fifo():
        return _checked(io.BytesIO(path.read_bytes()))
    if not path.is_file():
        message = "is a folder, not an audio file" if path.is_dir() else "no such audio file"
        where = "its entry in wav.scp; relative paths" if isinstance(entry, str) else "the path; relative ones"
        raise DataError(message, fix=f"correct {where} start from the current folder")
    try:
        return _checked(FilePart(path, 0, path.stat().st_size), path)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise DataError(message, fix="make the file readable, or correct its path") from None


@functools.lru_cache(maxsize=1)
def command_output(command: str) -> bytes:
    """Return the audio that a command writes. It is kept for the next segment of the same recording."""
    return run_pipeline(command)


@functools.cache
def _standard_input() -> bytes:
    """The standard input, which can be read only once."""
    return sys.stdin.buffer.read()


def _checked(stream: FilePart | io.BytesIO, path: Path | None = None) -> _AudioSource:
    """Check a wav or SPHERE header against the size of the stream; libsndfile shortens the audio silently.

    Args:
        stream: the audio.
        path: its file, if it is all of it; libsndfile reads that faster.

    Raises:
        DataError: the audio is truncated, or its header cannot be used.
    """
    size = stream.seek(0, io.SEEK_END)
    if size == 0:
        raise DataError("is empty (0 bytes)", fix=COPY_AGAIN)
    binary = cast(BinaryIO, stream)
    wav = read_wav_header(binary, size)
    stream.seek(0)
    if wav is not None and wav.is_streamed:
        return _AudioSource(_PatchedFile(binary, *wav.size_field))
    if wav is None and stream.read(7) == b"NIST_1A":
        return _checked_sphere(stream, size)
    stream.seek(0)
    if path is None:
        return _AudioSource(stream)
    stream.close()
    return _AudioSource(path)


def _checked_sphere(stream: FilePart | io.BytesIO, size: int) -> _AudioSource:
    """Return the samples of a SPHERE file: as many as its header declares, without what may follow them."""
    try:
        header = SphereHeader.read_from(cast(BinaryIO, stream))
    except FormatError:
        raise DataError("is a SPHERE file with a damaged or incomplete header", fix=COPY_AGAIN) from None
    header.check()
    found = size - header.num_bytes
    declared = found if header.audio_bytes is None else header.audio_bytes
    if declared > found:
        message = f"is truncated: found {found} bytes of audio, the header declares {declared}"
        raise DataError(message, fix=COPY_AGAIN)
    if isinstance(stream, FilePart):
        samples: FilePart | io.BytesIO = stream.part(header.num_bytes, declared)
        stream.close()
    else:
        samples = io.BytesIO(stream.getvalue()[header.num_bytes : header.num_bytes + declared])
    raw = {"samplerate": header.sample_rate, "channels": header.num_channels, "format": "RAW"}
    return _AudioSource(samples, {**raw, "subtype": header.coding.subtype, "endian": header.coding.endian})


class _PatchedFile(io.RawIOBase):
    """A file in which some bytes are replaced by others as it is read.

    Args:
        stream: the file; it is closed with this one.
        offset: where the bytes are.
        replacement: what they are.
    """

    def __init__(self, stream: BinaryIO, offset: int, replacement: bytes) -> None:
        super().__init__()
        self._stream, self._offset, self._replacement = stream, offset, replacement

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        position = self._stream.tell()
        data = bytearray(self._stream.read(len(buffer)))
        first, last = max(position, self._offset), min(position + len(data), self._offset + len(self._replacement))
        if first < last:
            part = self._replacement[first - self._offset : last - self._offset]
            data[first - position : last - position] = part
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _unreadable(error: soundfile.SoundFileError, source: Path | BinaryIO | io.RawIOBase) -> DataError:
    """Return why libsndfile could not open a file, without the internals of its messages."""
    code = getattr(error, "code", None)
    reason = "its header is damaged or incomplete"
    if code == _UNKNOWN_FORMAT:
        reason = f"it begins with {_first_bytes(source)!r}"
    elif code in _UNKNOWN_ENCODINGS:
        reason = "libsndfile does not decode its encoding, or its header is damaged"
    return DataError(f"is not a readable audio file: {reason}", fix=_CONVERT)


def _first_bytes(source: Path | BinaryIO | io.RawIOBase) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return stream.read(16)
    source.seek(0)
    return source.read(16) or b""


def _check_opened(file: Any, source: _AudioSource) -> None:
    """Check what libsndfile found.

    Raises:
        DataError: there are no samples, their number is unknown, or the file is truncated.
    """
    if file.format == "RAW" and not source.raw:  # libsndfile takes files of some names for audio without a header
        raise DataError("is not a readable audio file: it has no header", fix=_CONVERT)
    if file.frames <= 0:
        raise DataError("has no samples", fix="record it again or remove it")
    if file.frames >= _UNKNOWN_LENGTH:
        message = f"is a streamed {file.format.lower()} file: its header does not declare the number of samples"
        raise DataError(message, fix="write it again: sox IN OUT, or ffmpeg -i IN OUT")
    sizes = _LOGGED_SIZES.search(file.extra_info) if file.format in _LOGGED_FORMATS else None
    if sizes and int(sizes[1]) > int(sizes[2]):
        message = f"is truncated: found {sizes[2]} bytes, the header declares {sizes[1]}"
        raise DataError(message, fix=COPY_AGAIN)
