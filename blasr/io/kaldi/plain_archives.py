"""The quickest way through a plain archive of matrices: few system calls, and little else, for every matrix.

Small matrices are taken from a block of the file that holds many of them. A large one is read into its own place, along
with the head of the next entry behind it (``preadv``). What does not look like the usual binary form is left to the
general reader.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from struct import Struct
from typing import Any, Final

import numpy as np

from blasr.io.kaldi.compression import LARGEST_RANGE, body_bytes, expand
from blasr.units import AnyArray

_HEAD: Final = re.compile(rb"([!-~]{1,400}) \0B(?:([FD])M \x04....\x04....|(CM[23]?) .{16})", re.DOTALL)
_HEAD_BYTES: Final = 512
_BLOCK: Final = 1 << 18
_SMALL: Final = _BLOCK >> 3
"""Bytes of the largest matrix that is taken from a block."""
_LARGEST: Final = 1 << 30
_SIZES: Final = Struct("<ixi")
_COMPRESSED: Final = Struct("<ffii")
_FLOATS: Final[dict[bytes, np.dtype[Any]]] = {b"F": np.dtype("<f4"), b"D": np.dtype("<f8")}


def read_plain_matrices(descriptor: int, size: int) -> Generator[tuple[str, AnyArray], None, int]:
    """Keys and matrices, as far as the entries have the usual form and are whole; returns the offset behind them.

    Args:
        descriptor: an open regular file; its position is neither used nor changed.
        size: of the file in bytes.
    """
    block, scratch = bytearray(_BLOCK), np.empty(0, np.uint8)
    next_head = memoryview(block)[:_HEAD_BYTES]
    start, at, held, fresh = 0, 0, 0, False  # block[at:held] is unread; the block begins at `start` of the file
    while True:
        match = _HEAD.match(block, at, held)
        if match is None:
            if fresh:
                return start + at
        else:
            key, kind, form = match.groups()
            body = match.end()
            position = start + body
            if kind:
                rows, columns = _SIZES.unpack_from(block, body - 9)
                dtype = _FLOATS[kind]
                count = rows * columns * dtype.itemsize
                if min(rows, columns) < 0 or count > size - position or count > _LARGEST:
                    return start + at
            else:
                lowest, span, rows, columns = _COMPRESSED.unpack_from(block, body - 16)
                count = body_bytes(form, rows, columns)
                if not 0 < count <= size - position or count > _LARGEST or not abs(lowest) + abs(span) < LARGEST_RANGE:
                    return start + at
            end = body + count
            if end <= held:
                data: Any = block[body:end] if kind else block
                at, fresh = end, False
            elif count > _SMALL:
                if kind:
                    data = np.empty(count, np.uint8)
                else:
                    if count > len(scratch):
                        scratch = np.empty(count, np.uint8)
                    data = scratch[:count]
                found = os.preadv(descriptor, [data, next_head], position)
                if found < count:
                    return start + at
                start, body, at, held, fresh = position + count, 0, 0, found - count, False
            elif fresh:
                return start + at
            else:
                match = None
        if match is None:
            start, at, fresh = start + at, 0, True
            held = os.preadv(descriptor, [block], start)
        elif kind:
            yield key.decode("ascii"), np.ndarray((rows, columns), dtype, data)
        else:
            yield key.decode("ascii"), expand(form, lowest, span, rows, columns, data, body)
