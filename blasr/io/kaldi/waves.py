"""Recordings inside archives: consecutive RIFF wave files, as ``wav-copy`` writes them (``feat/wave-reader``).

Kaldi's ``\\0B`` does not precede a wave. An entry ``FILE.ark:OFFSET`` of ``wav.scp`` points at one.
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
from blasr.units import FloatArray

_RIFF: Final = struct.Struct("<4sI4s")
_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
"""Encoding, channels, sample rate, bytes per second, bytes per frame, bits per sample."""
_PCM: Final = 1
STREAM_BYTES: Final = 0x7FFFF000
"""These and larger sizes, and 0, mean "until the end". Programs that write to a pipe use them."""
INT16_SCALE: Final = 32768.0
"""libsndfile's floats multiplied by this are in the range of 16-bit integers."""


@dataclass(frozen=True, eq=False)
class Wave:
    """A recording.

    Attributes:
        samples: float32 ``(channels, N)`` in the range of 16-bit integers.
        sample_rate: in Hz.
    """

    samples: FloatArray
    sample_rate: int


def take_wave_file(reader: BinaryReader) -> bytes:
    """Read the bytes of a wave file, up to the end that its header declares."""
    head = reader.take(_RIFF.size, "the header of a wave")
    magic, size, kind = _RIFF.unpack(head)
    if magic != b"RIFF" or kind != b"WAVE":
        raise reader.error(f"expected a wave file, which begins with RIFF, found {head[:4]!r}")
    if size == 0 or size >= STREAM_BYTES:
        return head + reader.rest()
    if size < 4:
        raise reader.error(f"the header declares {size} bytes, which is too few for a wave file")
    return head + reader.take(size - 4, "a wave")


def _read_wave(reader: BinaryReader) -> Wave:
    data = take_wave_file(reader)
    try:
        return decode_wave(data)
    except DataError as error:
        raise reader.error(error.message) from None


def decode_wave(data: bytes) -> Wave:
    """Decode a wave file; libsndfile decodes everything but 16-bit PCM.

    Raises:
        DataError: the file is truncated, corrupt or has an unknown encoding.
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
        raise DataError("the wave file does not declare the format of its samples")
    encoding, channels, rate, _, _, bits = layout
    if encoding != _PCM or bits != 16:
        return _decode_other(data)
    if not 0 < channels <= 64 or not 0 < rate < 1 << 24:
        raise DataError(f"the wave file declares {channels} channels at {rate} Hz, which is not possible")
    held = len(data) - position
    if size != 0 and size < STREAM_BYTES and size > held:
        raise DataError(f"the wave file is truncated: found {held} of {size} bytes of samples")
    count = (size if 0 < size < STREAM_BYTES else held) // (2 * channels)
    samples = np.frombuffer(data, "<i2", count * channels, position).reshape(count, channels)
    return Wave(np.ascontiguousarray(samples.T, np.float32), rate)


def _decode_other(data: bytes) -> Wave:
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        raise DataError(f"the wave file cannot be read: {error}") from None
    return Wave(np.ascontiguousarray(samples.T) * np.float32(INT16_SCALE), int(rate))


def _write_wave(writer: BinaryWriter, wave: Wave) -> None:
    channels, count = wave.samples.shape
    samples = np.clip(np.trunc(wave.samples), -INT16_SCALE, INT16_SCALE - 1).astype("<i2").T.tobytes()
    layout = _FORMAT.pack(_PCM, channels, wave.sample_rate, 2 * channels * wave.sample_rate, 2 * channels, 16)
    writer.raw(_RIFF.pack(b"RIFF", 36 + len(samples), b"WAVE") + _CHUNK.pack(b"fmt ", len(layout)) + layout)
    writer.raw(_CHUNK.pack(b"data", 2 * channels * count) + samples)


WAVE: Final = Holder[Wave]("a wave", _read_wave, None, _write_wave, None, has_header=False)
"""Recordings; see :class:`Wave`."""
WAVE_FILE: Final = Holder[bytes]("a wave", take_wave_file, None, BinaryWriter.raw, None, has_header=False)
"""Recordings as the bytes of their wave files."""
