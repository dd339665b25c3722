"""Kaldi's compressed matrices (``matrix/compressed-matrix.cc``): CM with quartiles per column, CM2 and CM3 linear.

Every step of the arithmetic has the same precision as in Kaldi. A matrix compressed here therefore has the same bytes
as one compressed by Kaldi, and a decompressed one has the same floats, bit for bit.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from functools import lru_cache
from math import isfinite
from typing import IO, Any, Final

import numpy as np

from blasr.errors import DataError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.units import AnyArray, FloatArray

COMPRESSED_KINDS: Final = frozenset({"CM", "CM2", "CM3"})
_HEADER: Final = np.dtype([("minimum", "<f4"), ("range", "<f4"), ("rows", "<i4"), ("columns", "<i4")])
_UNPACKED: Final = struct.Struct("<ffii")
_UINT16: Final = np.dtype("<u2")
_UINT8: Final = np.dtype("u1")
MAX_RANGE: Final = 1e38
"""If the smallest value and the range add up to less than this, no value of a compressed matrix is infinite."""
_ONE: Final = np.float32(1.0)
_LAST_PERCENTILES: Final = (65532, 65533, 65534, 65535)
_PER_UINT16: Final = np.float32(1.52590218966964e-05)


class CompressionMethod(IntEnum):
    """The values of ``copy-feats --compression-method``."""

    AUTOMATIC = 1
    """``SPEECH_FEATURE`` for more than eight rows, otherwise ``TWO_BYTE_AUTO``."""
    SPEECH_FEATURE = 2
    """CM: one byte per value, scaled by the quartiles of its column."""
    TWO_BYTE_AUTO = 3
    """CM2: two bytes per value, from the smallest to the largest."""
    TWO_BYTE_SIGNED_INTEGER = 4
    """CM2 for the integers from -32768 to 32767, for example wave data."""
    ONE_BYTE_AUTO = 5
    """CM3: one byte per value, from the smallest to the largest."""
    ONE_BYTE_UNSIGNED_INTEGER = 6
    """CM3 for the integers from 0 to 255."""
    ONE_BYTE_ZERO_ONE = 7
    """CM3 for values from 0 to 1."""


_FIXED_RANGES: Final = {
    CompressionMethod.TWO_BYTE_SIGNED_INTEGER: (-32768.0, 65535.0),
    CompressionMethod.ONE_BYTE_UNSIGNED_INTEGER: (0.0, 255.0),
    CompressionMethod.ONE_BYTE_ZERO_ONE: (0.0, 1.0),
}
_TWO_BYTES: Final = (CompressionMethod.TWO_BYTE_AUTO, CompressionMethod.TWO_BYTE_SIGNED_INTEGER)


def read_compressed(reader: BinaryReader, kind: str) -> FloatArray:
    """Read a compressed matrix after its first token, ``kind``; return float32 ``(T, F)``."""
    header = reader.take(_HEADER.itemsize, "the header of a compressed matrix")
    lowest, span, rows, columns = _UNPACKED.unpack(header)
    if not (isfinite(lowest) and isfinite(span)):
        raise reader.error("the range of a compressed matrix is not finite")
    if rows <= 0 or columns <= 0:
        if rows or columns:
            raise reader.error(f"a matrix cannot have {rows} rows and {columns} columns")
        return np.zeros((rows, columns), np.float32)
    form = kind.encode()
    body = reader.values(_UINT8, body_bytes(form, rows, columns), "a compressed matrix")
    with np.errstate(all="ignore"):  # the values may be infinite if the header is corrupt
        return expand(form, lowest, span, rows, columns, body)


def body_bytes(kind: bytes, rows: int, columns: int) -> int:
    """The number of bytes after the header of a compressed matrix; negative if its sizes are not valid."""
    if rows <= 0 or columns <= 0:
        return -1
    if kind == b"CM":
        return (rows + 8) * columns
    return rows * columns * (2 if kind == b"CM2" else 1)


def expand(kind: bytes, lowest: float, span: float, rows: int, columns: int, buffer: Any, start: int = 0) -> FloatArray:
    """Compute the values ``(T, F)`` of a compressed matrix.

    Args:
        kind: ``CM``, ``CM2`` or ``CM3``.
        lowest: the smallest value, from the header, like the next three.
        span: the range of the values.
        rows: T.
        columns: F.
        buffer: holds the bytes that follow the header.
        start: where they begin in the buffer.
    """
    if kind == b"CM":
        percentiles = np.ndarray((columns, 4), _UINT16, buffer, start)
        codes = np.ndarray((columns, rows), _UINT8, buffer, start + 8 * columns)
        return _expand_columns(percentiles, codes, np.float32(lowest), np.float32(span))
    dtype, levels = (_UINT16, 65535) if kind == b"CM2" else (_UINT8, 255)
    values = np.ndarray((rows, columns), dtype, buffer, start).astype(np.float32)
    np.multiply(values, np.float32(span * (1.0 / levels)), values)
    np.add(values, np.float32(lowest), values)
    return values


def write_compressed(stream: IO[bytes], matrix: AnyArray, method: CompressionMethod) -> None:
    """Write a matrix ``(T, F)`` in compressed form, to follow ``\\0B``.

    Raises:
        DataError: a value is not finite; a compressed matrix cannot store it.
    """
    values = np.asarray(matrix)
    if values.ndim != 2:
        raise ValueError(f"expected a matrix, found an array of shape {values.shape}")
    if values.size == 0:
        stream.write(b"CM " + np.zeros(1, _HEADER).tobytes())
        return
    if not np.all(np.isfinite(values)):
        raise DataError("a value is not finite, so the matrix cannot be compressed", fix="write it uncompressed")
    values = values.astype(np.float32, copy=False)
    if method is CompressionMethod.AUTOMATIC:
        method = CompressionMethod.SPEECH_FEATURE if len(values) > 8 else CompressionMethod.TWO_BYTE_AUTO
    header = np.zeros(1, _HEADER)
    header["rows"], header["columns"] = values.shape
    header["minimum"], header["range"] = _FIXED_RANGES.get(method) or _extent(values)
    minimum, extent = header["minimum"][0], header["range"][0]
    if method is CompressionMethod.SPEECH_FEATURE:
        percentiles = _percentiles(values, minimum, extent)
        body = percentiles.tobytes() + _column_codes(values, percentiles, minimum, extent).T.tobytes()
        stream.write(b"CM " + header.tobytes() + body)
    elif method in _TWO_BYTES:
        stream.write(b"CM2 " + header.tobytes() + _levels(values, minimum, extent, 65535).astype("<u2").tobytes())
    else:
        stream.write(b"CM3 " + header.tobytes() + _levels(values, minimum, extent, 255).astype("u1").tobytes())


def _extent(values: FloatArray) -> tuple[Any, Any]:
    """The smallest value and the range, which is never zero (``ComputeGlobalHeader``)."""
    lowest, highest = values.flat[values.argmin()], values.max()  # the first of equal values: it may be 0 or -0
    if highest == lowest:
        highest = np.float32(float(lowest) + (1.0 + abs(float(lowest))))
    with np.errstate(over="ignore"):
        extent = np.float32(highest - lowest)
    if not np.isfinite(extent):
        raise DataError("the range of the values exceeds a 32-bit float", fix="write the matrix uncompressed")
    return lowest, extent


def _levels(values: AnyArray, minimum: Any, extent: Any, highest: int) -> AnyArray:
    """The nearest of the levels 0 to ``highest``, as int64 (``FloatToUint16``, ``FloatToUint8``)."""
    with np.errstate(over="ignore"):
        share = np.clip((values - minimum) / extent, np.float32(0.0), _ONE)
    return np.asarray((share * np.float32(highest)).astype(np.float64) + 0.499).astype(np.int64)


def _percentiles(values: FloatArray, minimum: Any, extent: Any) -> AnyArray:
    """``(F, 4)``: the quartiles of every column as uint16, strictly ascending (``ComputeColHeader``)."""
    rows = len(values)
    quarter = rows // 4
    places = [0, quarter, 3 * quarter, rows - 1] if rows >= 5 else list(range(rows))
    found = _levels(np.partition(values, places, axis=0)[places], minimum, extent, 65535)
    percentiles = np.empty((4, values.shape[1]), np.int64)
    for number, last in enumerate(_LAST_PERCENTILES):
        lowest = percentiles[number - 1] + 1 if number else 0
        percentiles[number] = np.minimum(np.maximum(found[number], lowest), last) if number < len(found) else lowest
    return np.ascontiguousarray(percentiles.T, "<u2")


def _bounds(percentiles: AnyArray, minimum: Any, extent: Any) -> AnyArray:
    """``(F, 4)``: the percentiles as floats (``Uint16ToFloat``), each of the four contiguous in memory."""
    bounds = percentiles.T.astype(np.float32, order="C")
    bounds *= extent * _PER_UINT16
    bounds += minimum
    return np.asarray(bounds.T)


def _column_codes(values: FloatArray, percentiles: AnyArray, minimum: Any, extent: Any) -> AnyArray:
    """``(T, F)`` uint8: 0 to 64 below the first quartile, 192 to 255 above the third (``FloatToChar``)."""
    bounds = _bounds(percentiles, minimum, extent)
    codes = np.empty(values.shape, np.uint8)
    parts = np.where(values < bounds[:, 1], 0, np.where(values < bounds[:, 2], 1, 2))
    for part, (first, steps) in enumerate(((0, 64), (64, 128), (192, 63))):
        low, high = bounds[:, part], bounds[:, part + 1]
        with np.errstate(all="ignore"):  # the quotient is not finite if two quartiles are the same float
            place = ((values - low) / (high - low) * np.float32(steps)).astype(np.float64) + 0.5
        place = np.clip(np.where(np.isfinite(place), place, 0.0), 0, steps)
        chosen = parts == part
        codes[chosen] = (first + place.astype(np.int64))[chosen]
    return codes


_PART: Final = np.repeat([0, 1, 2], [65, 128, 63])
"""For every code: the number of the interval between percentiles that it belongs to."""
_STEP: Final = (np.arange(256) - np.array([0, 64, 192])[_PART]).astype(np.float32)
_SHARE: Final = np.array([1 / 64.0, 1 / 128.0, 1 / 63.0])[_PART]
_STEPS: Final = np.zeros((3, 256), np.float32)
"""For every interval and code: the step. It is multiplied by its share if the share is a power of two, because then the
order of the operations does not change the rounding."""
_STEPS[_PART, np.arange(256)] = np.where(_PART < 2, _STEP * _SHARE, _STEP)
_CHOICE: Final = (np.arange(4)[:, None] == _PART).astype(np.float32)
_MOST_COLUMNS: Final = 4096
_LAST: Final = slice(193, 256)
"""The codes of the last interval. Its share is not a power of two."""
_ORDINARY: Final = (1e-30, 1e30)
"""Ranges for which every product with a step or share keeps its full 24 bits."""


def _expand_columns(percentiles: AnyArray, codes: AnyArray, minimum: Any, extent: Any) -> FloatArray:
    """``(F, T)`` codes to ``(T, F)`` values (``CharToFloat``), by a table of 256 values for every column."""
    if len(codes) > _MOST_COLUMNS:  # the table of all columns would need much memory
        parts = [slice(first, first + _MOST_COLUMNS) for first in range(0, len(codes), _MOST_COLUMNS)]
        return np.hstack([_expand_columns(percentiles[part], codes[part], minimum, extent) for part in parts])
    table = _table(_bounds(percentiles, minimum, extent), minimum, extent)
    return np.asarray(table.take(codes + _first_places(len(codes))).T.copy())


@lru_cache(maxsize=16)
def _first_places(columns: int) -> AnyArray:
    """``(F, 1)``: where each column's values begin in the table."""
    return np.arange(0, 256 * columns, 256)[:, None]


def _table(bounds: AnyArray, minimum: Any, extent: Any) -> AnyArray:
    """``(F, 256)``: the values of the codes. Kaldi computes steps in 32 bits, shares and sums in 64."""
    differences = bounds[:, 1:] - bounds[:, :-1]
    smallest, largest = _ORDINARY
    if not smallest < extent < largest or abs(minimum) > largest:
        return np.asarray(
            ((differences[:, _PART] * _STEP).astype(np.float64) * _SHARE + bounds[:, _PART]).astype(np.float32)
        )
    # These matrices have one number in every column. Nothing is rounded in the sums, and one product serves all rows.
    table, lowest = differences @ _STEPS, bounds @ _CHOICE
    last = table[:, _LAST].astype(np.float64)
    last *= _SHARE[-1]
    last += lowest[:, _LAST]
    table += lowest
    table[:, _LAST] = last
    return np.asarray(table)
