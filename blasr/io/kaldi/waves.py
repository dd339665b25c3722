"""Recordings inside archives: RIFF wave files one behind the other, as ``wav-copy`` writes them (``feat/wave-reader``).

A wave has no header of Kaldi's before it. An entry of ``wav.scp`` points at one by ``FILE.ark:OFFSET``.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.model_stream import Reader, Writer
from blasr.units import FloatArray

_RIFF: Final = struct.Struct("<4sI4s")
_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")  # encoding, channels, rate, bytes a second, bytes a frame, bits a sample
_PCM: Final = 1
_STREAM_BYTES: Final = 0x7FFFF000
"""Sizes from here on, and 0, stand for "until the end", as programs that write to a pipe put them."""
_SCALE: Final = 32768.0


@dataclass(frozen=True, eq=False)
class Wave:
    """A recording.

    Attributes:
        samples: ``(channels, N)`` float32 in the range of 16-bit integers.
        sample_rate: in Hz.
    """

    samples: FloatArray
    sample_rate: int


def take_wave_file(reader: BinaryReader) -> bytes:
    """The bytes of the wave file at a reader's position, whose header tells where it ends."""
    head = reader.take(_RIFF.size, "the header of a wave")
    magic, size, kind = _RIFF.unpack(head)
    if magic != b"RIFF" or kind != b"WAVE":
        raise reader.error(f"expected a wave file, which begins with RIFF, found {head[:4]!r}")
    if size == 0 or size >= _STREAM_BYTES:
        return head + reader.rest()
    if size < 4:
        raise reader.error(f"a wave file of {size} bytes cannot be")
    return head + reader.take(size - 4, "a wave")


def _read(reader: Reader) -> Wave:
    data = take_wave_file(_binary(reader))
    try:
        return decode_wave(data)
    except DataError as error:
        raise reader.error(error.message) from None


def decode_wave(data: bytes) -> Wave:
    """The samples of a wave file; 16-bit PCM here, what else there is by libsndfile.

    Raises:
        DataError: it is truncated, corrupt or of an unknown encoding.
    """
    position, layout = _RIFF.size, None
    while position + _CHUNK.size <= len(data):
        name, size = _CHUNK.unpack_from(data, position)
        position += _CHUNK.size
        if name == b"fmt " and position + _FORMAT.size <= len(data):
            layout = _FORMAT.unpack_from(data, position)
        if name == b"data":
            break
        position += size + size % 2  # chunks are padded to even sizes
    else:
        raise DataError("the wave file ends before its samples")
    if layout is None:
        raise DataError("the wave file does not tell the format of its samples")
    encoding, channels, rate, _, _, bits = layout
    if encoding != _PCM or bits != 16:
        return _decode_other(data)
    if not 0 < channels <= 64 or not 0 < rate < 1 << 24:
        raise DataError(f"a wave file of {channels} channels at {rate} Hz cannot be")
    held = len(data) - position
    if size != 0 and size < _STREAM_BYTES and size > held:
        raise DataError(f"the wave file is truncated: {held} of the {size} bytes of its samples are there")
    count = (size if 0 < size < _STREAM_BYTES else held) // (2 * channels)
    samples = np.frombuffer(data, "<i2", count * channels, position).reshape(count, channels)
    return Wave(np.ascontiguousarray(samples.T, np.float32), rate)


def _decode_other(data: bytes) -> Wave:
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        raise DataError(f"no wave file that can be read: {error}") from None
    return Wave(np.ascontiguousarray(samples.T) * np.float32(_SCALE), int(rate))


def _write(writer: Writer, wave: Wave) -> None:
    writer = _binary_writer(writer)
    channels, count = wave.samples.shape
    samples = np.clip(np.trunc(wave.samples), -_SCALE, _SCALE - 1).astype("<i2").T.tobytes()
    layout = _FORMAT.pack(_PCM, channels, wave.sample_rate, 2 * channels * wave.sample_rate, 2 * channels, 16)
    writer.raw(_RIFF.pack(b"RIFF", 36 + len(samples), b"WAVE") + _CHUNK.pack(b"fmt ", len(layout)) + layout)
    writer.raw(_CHUNK.pack(b"data", 2 * channels * count) + samples)


WAVE: Final = Holder[Wave]("a wave", _read, _write, form="bare")
"""Recordings; see :class:`Wave`."""
WAVE_FILE: Final = Holder[bytes](
    "a wave",
    lambda reader: take_wave_file(_binary(reader)),
    lambda writer, data: _binary_writer(writer).raw(data),
    form="bare",
)
"""Recordings as the bytes of their wave files."""


def _binary(reader: Reader) -> BinaryReader:
    assert isinstance(reader, BinaryReader)
    return reader


def _binary_writer(writer: Writer) -> BinaryWriter:
    if not isinstance(writer, BinaryWriter):
        raise DataError("a wave has no text form", fix="write it without the option t")
    return writer
