"""Kaldi's compressed matrices (``matrix/compressed-matrix``): CM with quartiles per column, CM2 and CM3 linear."""

from __future__ import annotations

import io
from typing import Final

import numpy as np

from blasr.io.binary import BINARY_HEADER, BinaryReader
from blasr.units import FloatArray

COMPRESSED_KINDS: Final = frozenset({"CM", "CM2", "CM3"})
_HEADER: Final = np.dtype([("minimum", "<f4"), ("range", "<f4"), ("rows", "<i4"), ("columns", "<i4")])


def read_compressed(reader: BinaryReader, kind: str) -> FloatArray:
    """A compressed matrix whose first token, ``kind``, has been read; float32 ``(T, F)``."""
    from kaldiio.matio import read_matrix_or_vector

    header = reader.take(_HEADER.itemsize, "the header of a compressed matrix")
    fields = np.frombuffer(header, _HEADER)[0]
    rows, columns = int(fields["rows"]), int(fields["columns"])
    reader.check_count(rows, 0, "rows")
    reader.check_count(columns, 0, "columns")
    if not (np.isfinite(fields["minimum"]) and np.isfinite(fields["range"])):
        raise reader.error("the range of a compressed matrix is not finite")
    size = {"CM": 8 * columns + rows * columns, "CM2": 2 * rows * columns, "CM3": rows * columns}[kind]
    body = reader.take(size, "a compressed matrix")
    if rows * columns == 0:
        return np.zeros((rows, columns), np.float32)
    with np.errstate(all="ignore"):  # a corrupt header may overflow; the values are then infinite
        matrix = read_matrix_or_vector(io.BytesIO(BINARY_HEADER + f"{kind} ".encode() + header + body))
        return np.ascontiguousarray(matrix, np.float32)
