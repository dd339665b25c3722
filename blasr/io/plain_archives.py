"""The quickest way through a plain archive of matrices: one system call, and little else, for every matrix.

The head of the next entry is small and follows the body of the present one, so both are read at once, each to its own
place (``preadv``). What does not look like the usual binary form is left to the general reader.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from math import isfinite
from struct import Struct
from typing import Any, Final

import numpy as np

from blasr.io.compression import body_bytes, expand
from blasr.units import AnyArray

_HEAD: Final = re.compile(rb"([!-~]{1,400}) \0B(?:([FD])M \x04(....)\x04(....)|(CM[23]?) (.{16}))", re.DOTALL)
_HEAD_BYTES: Final = 512
_LARGEST: Final = 1 << 30
_SIZE: Final = Struct("<i")
_RANGE: Final = Struct("<ff")
_FLOATS: Final[dict[bytes, np.dtype[Any]]] = {b"F": np.dtype("<f4"), b"D": np.dtype("<f8")}


def read_plain_matrices(descriptor: int, size: int) -> Iterator[tuple[str, AnyArray, int]]:
    """Keys, matrices and the offset behind each, as far as the entries have the usual form and are whole.

    Args:
        descriptor: an open regular file; its position is neither used nor changed.
        size: of the file in bytes.
    """
    head, scratch = bytearray(_HEAD_BYTES), np.empty(0, np.uint8)
    held, position = os.preadv(descriptor, [head], 0), 0
    while match := _HEAD.match(head, 0, held):
        key, kind, rows, columns, compressed, header = match.groups()
        position += match.end()
        if kind:
            shape = int(_SIZE.unpack(rows)[0]), int(_SIZE.unpack(columns)[0])
            if min(shape) < 0:
                return
            dtype = _FLOATS[kind]
            count = shape[0] * shape[1] * dtype.itemsize
            if count > size - position or count > _LARGEST:
                return
            body: Any = np.empty(shape, dtype)
        else:
            form = compressed.decode()
            count = body_bytes(form, header)
            lowest, span = _RANGE.unpack_from(header)
            if not 0 < count <= size - position or count > _LARGEST or not (isfinite(lowest) and isfinite(span)):
                return
            if count > len(scratch):
                scratch = np.empty(count, np.uint8)
            body = scratch[:count]
        held = os.preadv(descriptor, [body, head] if count else [head], position) - count
        if held < 0:
            return
        position += count
        yield key.decode("ascii"), body if kind else expand(form, header, body), position
