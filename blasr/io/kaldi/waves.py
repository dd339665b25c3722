"""Recordings inside archives: consecutive RIFF wave files, as ``wav-copy`` writes them (``feat/wave-reader``).

Kaldi's ``\\0B`` does not precede a wave. An entry ``FILE.ark:OFFSET`` of ``wav.scp`` points at one.
"""

from __future__ import annotations

import struct
from typing import Final

from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.holders import Holder

_RIFF: Final = struct.Struct("<4sI4s")
STREAM_BYTES: Final = 0x7FFFF000
"""These and larger sizes, and 0, mean "until the end". Programs that write to a pipe use them."""


def read_wave_file(reader: BinaryReader) -> bytes:
    """Read the bytes of a wave file, up to the end that its header declares.

    Raises:
        FormatError: there is no wave file, or it is truncated.
    """
    header = reader.take(_RIFF.size, "the header of a wave")
    magic, size, kind = _RIFF.unpack(header)
    if magic != b"RIFF" or kind != b"WAVE":
        raise reader.error(f"expected a wave file, which begins with RIFF, found {header[:4]!r}")
    if size == 0 or size >= STREAM_BYTES:
        return header + reader.rest()
    if size < 4:
        raise reader.error(f"the header declares {size} bytes, which is too few for a wave file")
    return header + reader.take(size - 4, "a wave")


WAVE_FILE: Final = Holder[bytes]("a wave", read_wave_file, None, BinaryWriter.raw, None, has_header=False)
"""Recordings as the bytes of their wave files."""
