"""Audio that arrives in a pipe: raw 16-bit PCM, or a wave file whose length may be unknown."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np

from blasr.errors import DataError, FormatError
from blasr.io.audio import missing_channel
from blasr.units import FloatArray

_CONVERT: Final = "convert it on the way, for example: ffmpeg -i IN -f s16le -ac 1 -ar RATE -"
_OTHERS: Final = {
    b"ID3": "MP3",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"NIST": "NIST SPHERE",
    b"FORM": "AIFF",
    b".snd": "AU",
    b"RIFF": "a RIFF file of another kind than WAVE",
    b"\x1aE\xdf\xa3": "Matroska or WebM",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b\x08": "a gzip archive",
}
_MP4: Final = b"ftyp"  # after four bytes
_PCM, _EXTENSIBLE = 1, 0xFFFE
_UNKNOWN: Final = 0x7FFFF000  # and above, or 0: the length of audio in a pipe, which programs cannot know
_MAX_CHUNK: Final = 1 << 20  # of a header before the audio, in bytes
_TEXT: Final = frozenset(b"\t\n\r" + bytes(range(32, 127)))


class PcmStream:
    """Reads a stream of audio piece by piece; a header of a wave file at its beginning is used and skipped.

    Args:
        stream: the audio.
        sample_rate: of raw PCM, in Hz; a wave file says its own.
        channel: the channel of a wave file, from 0; None for the mean of all.

    Attributes:
        sample_rate: in Hz.

    Raises:
        DataError: there is no audio.
        FormatError: the stream is something else, or a wave file of another encoding.
    """

    def __init__(self, stream: BinaryIO, sample_rate: int, *, channel: int | None = None) -> None:
        self._stream = stream
        self.sample_rate, self._channels, self._channel = sample_rate, 1, channel
        self._left: int | None = None  # bytes of audio in a wave file; None up to the end of the stream
        self._first = _read(stream, 12)
        if not self._first:
            raise DataError("is empty, expected audio", fix="check the program that writes it")
        if self._first[:4] == b"RIFF" and self._first[8:] == b"WAVE":
            self._read_header()
            self._first = b""
        else:
            self._check_raw()
        if channel is not None and channel >= self._channels:
            raise missing_channel(channel, self._channels)

    def pieces(self, seconds: float) -> Iterator[FloatArray]:
        """Yield samples ``(N,)`` in 16-bit range, each piece as soon as it is complete; the last one is shorter."""
        frame = 2 * self._channels
        size = max(1, round(seconds * self.sample_rate)) * frame
        content = self._first + self._read_audio(max(0, size - len(self._first)))
        while len(content) >= frame:
            values = np.frombuffer(content[: len(content) // frame * frame], "<i2").astype(np.float32)
            by_channel = values.reshape(-1, self._channels)
            yield by_channel.mean(axis=1) if self._channel is None else by_channel[:, self._channel].copy()
            content = self._read_audio(size)

    def _read_audio(self, size: int) -> bytes:
        """Return the next bytes, but none of what follows the audio of a wave file."""
        if self._left is None:
            return _read(self._stream, size)
        content = _read(self._stream, min(size, self._left))
        self._left -= len(content)
        return content

    def _check_raw(self) -> None:
        """Refuse what cannot be raw PCM."""
        for magic, name in _OTHERS.items():
            if self._first.startswith(magic):
                raise FormatError(f"is {name}, expected raw 16-bit PCM or a wave file", fix=_CONVERT)
        if self._first[4:8] == _MP4:
            raise FormatError("is MP4 or M4A, expected raw 16-bit PCM or a wave file", fix=_CONVERT)
        if len(self._first) >= 8 and set(self._first) <= _TEXT:
            start = self._first.decode("ascii")
            raise FormatError(f"begins with {start!r} and is not audio, expected raw 16-bit PCM", fix=_CONVERT)

    def _read_header(self) -> None:
        """Read the chunks of a wave file up to its audio."""
        found = False
        while len(header := _read(self._stream, 8)) == 8:
            name, length = struct.unpack("<4sI", header)
            if name == b"data":
                if not found:
                    raise FormatError("has no fmt chunk before its audio, so its sample rate is unknown", fix=_CONVERT)
                if 0 < length < _UNKNOWN:
                    self._left = length
                return
            if length > _MAX_CHUNK:
                raise FormatError(f"has a chunk {name!r} of {length} bytes before its audio", fix=_CONVERT)
            content = _read(self._stream, length + length % 2)
            if len(content) < length:
                break
            if name == b"fmt ":
                self._read_format(content)
                found = True
        raise FormatError("is truncated: it ends before its audio begins", fix=_CONVERT)

    def _read_format(self, content: bytes) -> None:
        if len(content) < 16:
            raise FormatError(f"has a damaged header: its fmt chunk has {len(content)} bytes, expected 16")
        code, self._channels, self.sample_rate, _, _, bits = struct.unpack("<HHIIHH", content[:16])
        if code == _EXTENSIBLE and len(content) >= 26:
            (code,) = struct.unpack("<H", content[24:26])
        if code != _PCM or bits != 16 or not self._channels or not self.sample_rate:
            what = f"encoding {code} with {bits} bits, {self._channels} channels and {self.sample_rate} Hz"
            raise FormatError(f"is a wave file with {what}, expected 16-bit PCM", fix=_CONVERT)


def _read(stream: BinaryIO, size: int) -> bytes:
    """Return ``size`` bytes, fewer only at the end; unbuffered streams return what is there."""
    content = b""
    while len(content) < size and (more := stream.read(size - len(content))):
        content += more
    return content
