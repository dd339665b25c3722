"""The header of RIFF wave files: what libsndfile refuses without a reason, and streams of unknown length.

A program that writes a wave file to a pipe cannot know its length. The ``data`` chunk then has the size 0 or one near
the largest 32-bit integer, and the audio lasts until the end of the file (Kaldi's ``feat/wave-reader.cc``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from blasr.errors import DataError
from blasr.io.kaldi.waves import STREAM_BYTES

COPY_AGAIN: Final = "copy it again from its source"

_MAX_CHANNELS: Final = 1024  # libsndfile's limit
_MAX_SAMPLE_RATE: Final = 1_000_000
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_BITS: Final = {_PCM: range(1, 33), _FLOAT: (32, 64)}
_DECODED: Final = frozenset((_PCM, 2, _FLOAT, 6, 7, 0x11, 0x31, 0x38, 0x40, 0x55, _EXTENSIBLE))
"""The codes of encodings that libsndfile decodes in a wave file."""
_NAMES: Final = {
    0x22: "TrueSpeech",
    0x42: "G.723.1",
    0x45: "G.726",
    0x64: "G.726",
    0x83: "G.729",
    0x92: "AC-3",
    0xFF: "AAC",
    0x160: "Windows Media Audio",
    0x161: "Windows Media Audio",
    0x162: "Windows Media Audio",
    0x1610: "AAC",
    0x2000: "AC-3",
    0xF1AC: "FLAC",
}
_CONVERT: Final = "convert it, for example: ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav"
_WRITE_AGAIN: Final = "write it again from its source, or repair its header with sox or ffmpeg"


@dataclass(frozen=True, slots=True)
class WavHeader:
    """Where the audio of a wave file is.

    Attributes:
        audio_start: the offset of the first sample, in bytes.
        audio_bytes: the length of the audio in bytes; that of the rest of the file for a stream.
        is_streamed: whether the header does not declare the length.
        is_big_endian: whether the file begins with ``RIFX``.
    """

    audio_start: int
    audio_bytes: int
    is_streamed: bool
    is_big_endian: bool = False

    @property
    def size_field(self) -> tuple[int, bytes]:
        """The offset of the size of the ``data`` chunk, and the four bytes that declare the length that was found."""
        size = min(self.audio_bytes, 0xFFFFFFFF)
        return self.audio_start - 4, struct.pack(">I" if self.is_big_endian else "<I", size)


def read_wav_header(stream: BinaryIO, size: int) -> WavHeader | None:
    """Read and check the header of a wave file of ``size`` bytes; return None if it is another kind of file.

    Raises:
        DataError: the header is damaged, the file is truncated, or libsndfile does not decode its audio.
    """
    stream.seek(0)
    magic = stream.read(12)
    if magic[:4] not in (b"RIFF", b"RIFX") or magic[8:] != b"WAVE":
        return None
    order = "<" if magic[:4] == b"RIFF" else ">"
    has_format = False
    while len(header := stream.read(8)) == 8:
        name, length = struct.unpack(f"{order}4sI", header)
        if name == b"data":
            if not has_format:
                raise DataError("has no fmt chunk before its audio, so its sample rate is unknown", fix=_WRITE_AGAIN)
            return _audio_of(stream, order, length, size)
        start = stream.tell()
        if start + length > size:
            break
        if name == b"fmt ":
            _check_format(stream.read(min(length, 40)), order)
            has_format = True
        stream.seek(start + length + length % 2)  # chunks are padded to even sizes
    raise DataError(f"is truncated: the {size} bytes end before the audio begins", fix=COPY_AGAIN)


def _check_format(content: bytes, order: str) -> None:
    """Check the ``fmt`` chunk."""
    if len(content) < 16:
        raise DataError(f"has a damaged header: its fmt chunk has {len(content)} bytes, expected 16", fix=_WRITE_AGAIN)
    code, channels, rate, _, _, bits = struct.unpack(f"{order}HHIIHH", content[:16])
    if code == _EXTENSIBLE and len(content) >= 26:
        code = struct.unpack(f"{order}H", content[24:26])[0]
    if code not in _DECODED:
        what = f"{_NAMES[code]} (0x{code:04x})" if code in _NAMES else f"0x{code:04x}"
        raise DataError(f"has audio in the encoding {what}, which libsndfile does not decode", fix=_CONVERT)
    wrong = None
    if not 0 < rate <= _MAX_SAMPLE_RATE:
        wrong = f"a sample rate of {rate} Hz, expected 1 to {_MAX_SAMPLE_RATE} Hz"
    elif not 0 < channels <= _MAX_CHANNELS:
        wrong = f"{channels} channels, expected 1 to {_MAX_CHANNELS}"
    elif code in _BITS and bits not in _BITS[code]:
        expected = "32 or 64" if code == _FLOAT else "8, 16, 24 or 32"
        wrong = f"{bits} bits per sample, expected {expected}"
    if wrong is not None:
        raise DataError(f"has a damaged header: it declares {wrong}", fix=_WRITE_AGAIN)


def _audio_of(stream: BinaryIO, order: str, declared: int, size: int) -> WavHeader:
    """Return where the audio is, which begins at the present position of the stream."""
    start = stream.tell()
    found = size - start
    later = _chunks(stream, order, start + declared + declared % 2, size)
    if declared >= STREAM_BYTES or (declared == 0 and found > 0 and later is None):
        return WavHeader(start, found, True, order == ">")
    if declared > found:
        message = f"is truncated: found {found} bytes of audio, the header declares {declared}"
        raise DataError(message, fix=COPY_AGAIN)
    if later is not None and b"data" in later:
        raise DataError(
            f"has {1 + later.count(b'data')} data chunks, expected one: it is unclear which audio belongs to it",
            fix="write the file again with one data chunk, for example: ffmpeg -i IN.wav OUT.wav",
        )
    return WavHeader(start, declared, False, order == ">")


def _chunks(stream: BinaryIO, order: str, offset: int, size: int) -> list[bytes] | None:
    """Return the names of the chunks from ``offset`` to the end of the file; None if something else is there."""
    names = []
    while offset + 8 <= size:
        stream.seek(offset)
        name, length = struct.unpack(f"{order}4sI", stream.read(8))
        if not all(32 <= byte < 127 for byte in name):
            return None
        names.append(name)
        offset += 8 + length + length % 2
    return names if offset in (size, size + 1) else None
