"""A fast reader of plain archives of matrices, with few system calls and little other work for every matrix.

Small matrices are copied from a block of the file that contains many of them. A large one is read directly into its own
memory, together with the start of the next entry (``preadv``). Entries that do not have the usual binary form are left
to the general reader.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from struct import Struct
from typing import Any, Final

import numpy as np

from blasr.io.kaldi.compression import MAX_RANGE, body_bytes, expand
from blasr.units import AnyArray

_ENTRY_START: Final = re.compile(rb"([!-~]{1,400}) \0B(?:([FD])M \x04....\x04....|(CM[23]?) .{16})", re.DOTALL)
_ENTRY_START_BYTES: Final = 512
_BLOCK_BYTES: Final = 1 << 18
_MAX_SMALL_BYTES: Final = _BLOCK_BYTES >> 3
"""The size of the largest matrix that is copied from a block."""
_MAX_BYTES: Final = 1 << 30
_SIZES: Final = Struct("<ixi")
_COMPRESSED: Final = Struct("<ffii")
_FLOATS: Final[dict[bytes, np.dtype[Any]]] = {b"F": np.dtype("<f4"), b"D": np.dtype("<f8")}


def read_plain_matrices(descriptor: int, size: int) -> Generator[tuple[str, AnyArray], None, int]:
    """Yield keys and matrices as long as entries have the usual form and are complete; return the offset after them.

    This is one function, because a call for every entry would take a noticeable part of the time.

    Args:
        descriptor: an open regular file; its position is neither used nor changed.
        size: the number of bytes in the file.
    """
    block, scratch = bytearray(_BLOCK_BYTES), np.empty(0, np.uint8)
    next_start = memoryview(block)[:_ENTRY_START_BYTES]
    block_offset = 0  # where the block begins in the file
    place, filled = 0, 0  # block[place:filled] has not been used yet
    just_read = False  # whether the block begins with the current entry
    while True:
        match = _ENTRY_START.match(block, place, filled)
        if match is None:
            if just_read:
                return block_offset + place
        else:
            key, kind, form = match.groups()
            body = match.end()
            position = block_offset + body
            if kind:
                rows, columns = _SIZES.unpack_from(block, body - 9)
                dtype = _FLOATS[kind]
                count = rows * columns * dtype.itemsize
                if min(rows, columns) < 0 or count > size - position or count > _MAX_BYTES:
                    return block_offset + place
            else:
                lowest, span, rows, columns = _COMPRESSED.unpack_from(block, body - 16)
                count = body_bytes(form, rows, columns)
                if not 0 < count <= size - position or count > _MAX_BYTES or not abs(lowest) + abs(span) < MAX_RANGE:
                    return block_offset + place
            end = body + count
            if end <= filled:
                data: Any = block[body:end] if kind else block
                place, just_read = end, False
            elif count > _MAX_SMALL_BYTES:
                if kind:
                    data = np.empty(count, np.uint8)
                else:
                    if count > len(scratch):
                        scratch = np.empty(count, np.uint8)
                    data = scratch[:count]
                found = os.preadv(descriptor, [data, next_start], position)
                if found < count:
                    return block_offset + place
                block_offset, body, place, filled, just_read = position + count, 0, 0, found - count, False
            elif just_read:
                return block_offset + place
            else:
                match = None
        if match is None:
            block_offset, place, just_read = block_offset + place, 0, True
            filled = os.preadv(descriptor, [block], block_offset)
        elif kind:
            yield key.decode("ascii"), np.ndarray((rows, columns), dtype, data)
        else:
            yield key.decode("ascii"), expand(form, lowest, span, rows, columns, data, body)
