"""Wave files with any header, for tests."""

from __future__ import annotations

import struct

import numpy as np

RAMP = np.arange(-4000, 4000, dtype=np.int16)
"""One second at 8 kHz, all samples different."""


def wav_bytes(
    audio: bytes = RAMP.tobytes(),
    *,
    code: int = 1,
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    declared: int | None = None,
    riff: int | None = None,
    tail: bytes = b"",
    order: str = "<",
) -> bytes:
    """Return a wave file.

    Args:
        audio: the bytes of the samples.
        code: of the encoding; 1 is PCM, 3 floats.
        channels: that the header declares.
        rate: likewise.
        bits: likewise, of a sample.
        declared: the size of the data chunk; by default that of ``audio``.
        riff: the size of the file; by default the right one.
        tail: bytes after the audio.
        order: ``<``, or ``>`` for a file in the byte order of RIFX.
    """
    width = channels * bits // 8 & 0xFFFF
    fmt = struct.pack(f"{order}HHIIHH", code, channels, rate, rate * width & 0xFFFFFFFF, width, bits)
    size = len(audio) if declared is None else declared
    chunks = struct.pack(f"{order}4sI", b"fmt ", 16) + fmt + struct.pack(f"{order}4sI", b"data", size)
    body = b"WAVE" + chunks + audio + tail
    magic = b"RIFF" if order == "<" else b"RIFX"
    return struct.pack(f"{order}4sI", magic, len(body) if riff is None else riff) + body
