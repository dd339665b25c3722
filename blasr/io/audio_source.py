"""Opening audio with libsndfile: from files, from commands, from archives and from the standard input.

What libsndfile refuses without a usable reason is described here. Streamed wave files, whose header does not declare
their length, are given one.
"""

from __future__ import annotations

import functools
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import soundfile

from blasr.errors import BlasrError, DataError, FormatError
from blasr.io.kaldi.pipes import FILE_FIX, file_before_pipe, run_pipeline
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.io.kaldi.tables import read_value
from blasr.io.kaldi.waves import WAVE_FILE
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

Source = Path | BinaryIO | io.RawIOBase


@contextmanager
def open_audio(
    entry: str | Path, *, allow_pipes: bool = False, utterance: str | None = None, is_command: bool = False
) -> Iterator[Any]:
    """Open audio as a ``soundfile.SoundFile``. The entry and the utterance are added to errors that are raised inside.

    Args:
        entry: a file, an entry ``FILE.ark:OFFSET`` of ``wav.scp``, ``-`` for the standard input, or a command.
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
        source = _source(entry, is_command)
        try:
            file = soundfile.SoundFile(source)
        except soundfile.SoundFileError as error:
            raise _unreadable(error, source) from None
        with file:
            _check_opened(file)
            yield file
    except BlasrError as error:
        raise error.at(path=entry, utterance=utterance) from None


def _source(entry: str | Path, is_command: bool) -> Source:
    """Return what libsndfile can open: a checked file, or its bytes."""
    if is_command:
        return _checked_bytes(_command_output(str(entry)))
    if str(entry) == STANDARD_INPUT:
        return _checked_bytes(_standard_input())
    if isinstance(entry, str) and (target := ScriptEntry.parse(entry)).offset and Path(target.file).is_file():
        return _checked_bytes(read_value(entry, WAVE_FILE))
    path = Path(entry)
    if path.is_fifo():
        return _checked_bytes(path.read_bytes())
    if not path.is_file():
        message = "is a folder, not an audio file" if path.is_dir() else "no such audio file"
        where = "its entry in wav.scp; relative paths" if isinstance(entry, str) else "the path; relative ones"
        raise DataError(message, fix=f"correct {where} start from the current folder")
    return _checked_path(path)


@functools.lru_cache(maxsize=1)
def _command_output(command: str) -> bytes:
    """The audio that a command writes. It is kept for the next segment of the same recording."""
    return run_pipeline(command)


@functools.cache
def _standard_input() -> bytes:
    """The standard input, which can be read only once."""
    return sys.stdin.buffer.read()


def _checked_path(path: Path) -> Source:
    try:
        with path.open("rb") as stream:
            patch = _checked(stream, path.stat().st_size)
    except OSError as error:
        raise DataError(
            f"cannot be read: {error.strerror}", fix="make the file readable, or correct its path"
        ) from None
    return path if patch is None else _PatchedFile(path.open("rb"), *patch)


def _checked_bytes(data: bytes) -> Source:
    patch = _checked(io.BytesIO(data), len(data))
    if patch is not None:
        offset, replacement = patch
        data = data[:offset] + replacement + data[offset + len(replacement) :]
    return io.BytesIO(data)


def _checked(stream: BinaryIO, size: int) -> tuple[int, bytes] | None:
    """Check a wav or SPHERE header against the size of the file; libsndfile shortens the audio silently.

    Returns:
        None, or for a streamed wave file an offset and the bytes that must replace those of the file there.

    Raises:
        DataError: the file is truncated, or its header cannot be used.
    """
    if size == 0:
        raise DataError("is empty (0 bytes)", fix=COPY_AGAIN)
    wav = read_wav_header(stream, size)
    if wav is not None:
        return wav.size_field if wav.is_streamed else None
    stream.seek(0)
    if stream.read(7) == b"NIST_1A":
        try:
            header = SphereHeader.read_from(stream)
        except FormatError:
            raise DataError("is a SPHERE file with a damaged or incomplete header", fix=COPY_AGAIN) from None
        header.check()
        declared, found = header.audio_bytes or 0, size - header.num_bytes
        if declared > found:
            message = f"is truncated: found {found} bytes of audio, the header declares {declared}"
            raise DataError(message, fix=COPY_AGAIN)
    return None


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


def _unreadable(error: soundfile.SoundFileError, source: Source) -> DataError:
    """Return why libsndfile could not open a file, without the internals of its messages."""
    code = getattr(error, "code", None)
    reason = "its header is damaged or incomplete"
    if code == _UNKNOWN_FORMAT:
        reason = f"it begins with {_first_bytes(source)!r}"
    elif code in _UNKNOWN_ENCODINGS:
        reason = "libsndfile does not decode its encoding, or its header is damaged"
    return DataError(f"is not a readable audio file: {reason}", fix=_CONVERT)


def _first_bytes(source: Source) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return stream.read(16)
    source.seek(0)
    return source.read(16) or b""


def _check_opened(file: Any) -> None:
    """Check what libsndfile found.

    Raises:
        DataError: there are no samples, their number is unknown, or the file is truncated.
    """
    if file.format == "RAW":  # libsndfile takes files of some names for audio without a header
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
