"""Kaldi's basic types in binary form: tokens, numbers, vectors and matrices (``base/io-funcs``).

A binary file starts with ``\\0B``. A token ends in one space. A number follows its size in bytes, which is negative for
unsigned numbers. A vector of integers is a size byte, a count and the raw values. ``FV`` and ``FM`` (``DV`` and ``DM``)
are vectors and matrices of 32-bit (64-bit) floats.

:mod:`blasr.io.kaldi.text_streams` has the text form. The readers of both forms have the same methods, and so do the
writers, so that one function reads or writes a model in either form.

Every failure is a :class:`FormatError` with the file and the byte or line. A declared size is checked against what is
left of the file before memory of that size is allocated.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from typing import IO, Any, Final

import numpy as np
from numpy.typing import DTypeLike

from blasr.errors import FormatError
from blasr.io.kaldi.token_reader import TokenReader
from blasr.units import AnyArray, IntArray

BINARY_HEADER: Final = b"\0B"
CHUNK_BYTES: Final = 1 << 18
"""Bytes read at a time if the size of the rest is unknown, as in a compressed stream."""
MAX_TOKEN_BYTES: Final = 4096
"""The length of the longest token, so that a file without spaces is not read whole in search of one."""

_WHITE_SPACE: Final = re.compile(rb"[ \n\t\r\v\f]")
_FLOAT_TYPES: Final[dict[str, np.dtype[Any]]] = {"F": np.dtype("<f4"), "D": np.dtype("<f8")}
_SIZED_INT: Final = np.dtype([("size", "i1"), ("value", "<i4")])


class BinaryReader(TokenReader):
    """Reads Kaldi's basic types from a binary stream.

    Args:
        stream: the bytes; ``offset`` counts from its current position.
        path: the file to name in errors.
        size: the number of bytes in the stream; None if it is unknown, as in a gzip stream.
    """

    binary: Final = True

    def __init__(self, stream: IO[bytes], path: str | os.PathLike[str], size: int | None = None) -> None:
        self.path = path
        self.offset = 0
        """The number of bytes that have been read."""
        self._stream: Any = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
        self._size = size

    def seek(self, offset: int) -> None:
        """Move to an offset from the start of the stream."""
        if self._size is not None and not 0 <= offset <= self._size:
            raise self.error(f"the offset {offset} is outside the file, which has {self._size} bytes")
        try:
            self._stream.seek(offset)
        except (EOFError, OSError, zlib.error) as error:  # a compressed stream is decompressed up to the offset
            raise self.error(f"unreadable up to byte {offset}: {error}") from error
        self.offset = offset

    def error(self, message: str, *, fix: str | None = None) -> FormatError:
        """The error to raise for what was found at the current offset."""
        return FormatError(f"byte {self.offset}: {message}", path=self.path, fix=fix)

    def _read(self, count: int) -> bytes:
        try:
            data: bytes = self._stream.read(count)
        except (EOFError, OSError, zlib.error) as error:
            raise self.error(f"unreadable: {error}") from error
        return data

    def take(self, count: int, what: str) -> bytes:
        """Read exactly ``count`` bytes. ``what`` names them in errors."""
        if count < 0:
            raise self.error(f"{what} cannot have {count} bytes")
        if self._size is not None:
            data = self._read(count) if count <= self._size - self.offset else b""
            found = self._size - self.offset if not data else len(data)
        else:
            pieces: list[bytes] = []
            found = 0
            while found < count and (piece := self._read(min(count - found, CHUNK_BYTES))):
                pieces.append(piece)
                found += len(piece)
            data = b"".join(pieces)
        if len(data) < count:
            raise self.error(f"truncated: {what} needs {count} bytes, {found} are left")
        self.offset += count
        return data

    def values(self, dtype: DTypeLike, count: int, what: str) -> AnyArray:
        """Read ``count`` raw values into a new array. ``what`` names them in errors."""
        kind = np.dtype(dtype)
        size = count * kind.itemsize
        if count < 0 or (self._size is not None and size > self._size - self.offset):
            self.check_count(count, kind.itemsize, f"values of {what}")
        if size > CHUNK_BYTES and self._size is None:
            return np.frombuffer(bytearray(self.take(size, what)), kind)
        array = np.empty(count, kind)
        if size:
            self._fill(array, size, what)
        return array

    def _fill(self, array: AnyArray, size: int, what: str) -> None:
        try:
            found = self._stream.readinto(array)
        except (EOFError, OSError, zlib.error) as error:
            raise self.error(f"unreadable: {error}") from error
        while found < size:  # a stream may return fewer bytes than were requested
            if not (more := self._read(size - found)):
                raise self.error(f"truncated: {what} needs {size} bytes, {found} are left")
            array.view(np.uint8)[found : found + len(more)] = np.frombuffer(more, np.uint8)
            found += len(more)
        self.offset += size

    def rest(self) -> bytes:
        """Read everything up to the end of the stream."""
        pieces = []
        while piece := self._read(CHUNK_BYTES):
            pieces.append(piece)
        data = b"".join(pieces)
        self.offset += len(data)
        return data

    def until(self, byte: bytes) -> bytes:
        """Read up to and including the next ``byte``, or up to the end of the stream."""
        data = bytearray()
        while piece := self._window():
            end = piece.find(byte) + 1
            data += self._read(end or len(piece))
            if end:
                break
        self.offset += len(data)
        return bytes(data)

    def at(self, byte: bytes) -> bool:
        """Whether ``byte`` comes next; nothing is read."""
        return self._window()[:1] == byte

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Read what comes next if the pattern matches it within the buffer; otherwise read nothing and return None."""
        match = pattern.match(self._window())
        if match is not None:
            self._stream.read(end := match.end())  # it is in the buffer
            self.offset += end
        return match

    def _window(self) -> bytes:
        """Look at the bytes in the buffer without reading them; empty at the end of the stream."""
        try:
            window: bytes = self._stream.peek(1)
        except (EOFError, OSError, zlib.error) as error:
            raise self.error(f"unreadable: {error}") from error
        return window

    def try_token(self, *, leave_newline: bool = False) -> str | None:
        """Read the next token and one character of the white space after it; None at the end of the stream.

        Args:
            leave_newline: leave a newline unread. It ends a value that is empty in text form.
        """
        data = b""
        while len(data) <= MAX_TOKEN_BYTES:
            window = self._window()
            if not window:
                if data:
                    raise self.error("truncated: the file ends inside a token")
                return None
            if not data and (leading_space := len(window) - len(window.lstrip())):
                self._skip(leading_space)
                continue
            found = _WHITE_SPACE.search(window)
            end = found.start() if found else len(window)
            data += window[:end]
            self._skip(end + (found is not None and not (leave_newline and found.group() == b"\n")))
            if found:
                try:
                    return data.decode("utf-8")
                except UnicodeDecodeError:
                    raise self.error(f"{data[:80]!r} is not UTF-8") from None
        raise self.error(f"expected a token, found no space within {MAX_TOKEN_BYTES} bytes")

    def _skip(self, count: int) -> None:
        self._read(count)
        self.offset += count

    def _sized(self, size: int, code: str, what: str) -> Any:
        data = self.take(1 + abs(size), what)
        found = int.from_bytes(data[:1], "little", signed=True)
        if found != size:
            raise self.error(f"expected the size byte {size} of {what}, found {found}")
        return struct.unpack(f"<{code}", data[1:])[0]

    def int32(self, what: str = "an integer") -> int:
        """Read a signed 32-bit integer."""
        return int(self._sized(4, "i", what))

    def uint32(self, what: str = "an unsigned integer") -> int:
        """Read an unsigned 32-bit integer."""
        return int(self._sized(-4, "I", what))

    def float32(self, what: str = "a number") -> float:
        """Read a 32-bit float, or a 64-bit one, which Kaldi accepts in its place."""
        size = self.take(1, what)[0]
        if size not in (4, 8):
            raise self.error(f"expected the size byte 4 or 8 of {what}, found {size}")
        return float(struct.unpack("<f" if size == 4 else "<d", self.take(size, what))[0])

    def check_count(self, count: int, item_bytes: int, what: str) -> int:
        """Return ``count`` if the rest of the file has room for so many items of at least ``item_bytes`` each.

        Raises:
            FormatError: the count is negative or too large.
        """
        if count < 0:
            raise self.error(f"there cannot be {count} {what}")
        if self._size is not None and count * item_bytes > self._size - self.offset:
            raise self.error(f"truncated: {count} {what} do not fit in the {self._size - self.offset} bytes left")
        return count

    def int_vector(self, what: str = "a vector of integers") -> IntArray:
        """Read a ``std::vector<int32>``, as ``WriteIntegerVector`` stores it."""
        head = self.take(5, what)
        if head[0] != 4:
            raise self.error(f"expected the size byte 4 of {what}, found {head[0]}")
        count = int.from_bytes(head[1:], "little", signed=True)
        data = self.take(4 * self.check_count(count, 4, f"values of {what}"), what)
        return np.frombuffer(data, "<i4").astype(np.int32)

    def int_rows(self, rows: int, columns: int, what: str) -> IntArray:
        """Read ``(rows, columns)`` integers, each after its size byte."""
        self.check_count(rows, 5 * columns, what)
        return self.sized_ints(rows * columns, what).reshape(rows, columns)

    def sized_ints(self, count: int, what: str) -> IntArray:
        """Read ``count`` integers, each after its size byte."""
        cells = np.frombuffer(self.take(5 * self.check_count(count, 5, what), what), _SIZED_INT)
        if np.count_nonzero(cells["size"] != 4):
            raise self.error(f"a size byte among the {what} is not 4")
        return cells["value"].astype(np.int32)

    def _values(self, kind: str, dimensions: int, what: str) -> AnyArray:
        dtype = _FLOAT_TYPES.get(kind[:1])
        if dtype is None or kind[1:] != "VM"[dimensions - 1]:
            raise self.error(f"expected {what}, found {kind[:40]!r}")
        cells = np.frombuffer(self.take(5 * dimensions, "a size"), _SIZED_INT)
        if any(size != 4 for size in cells["size"].tolist()):
            raise self.error(f"a size byte of {what} is not 4")
        shape = cells["value"].tolist()
        count = 1
        for size in shape:
            count *= self.check_count(size, 0, "rows or columns")
        return self.values(dtype, count, what).reshape(shape)

    def float_vector(self, what: str = "a vector") -> AnyArray:
        """Read a vector, float32 or float64 as stored."""
        return self._values(self.token(what), 1, what)

    def float_matrix(self, what: str = "a matrix", kind: str | None = None) -> AnyArray:
        """Read a matrix, float32 or float64 as stored. ``kind`` is its first token if that has been read already."""
        return self._values(self.token(what) if kind is None else kind, 2, what)


class BinaryWriter:
    """Writes Kaldi's basic types in binary form."""

    binary: Final = True

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def token(self, token: str) -> None:
        """Write a token and a space."""
        self.stream.write(f"{token} ".encode())

    def newline(self) -> None:
        """Write nothing: only the text form has lines."""

    def int32(self, value: int) -> None:
        """Write a signed 32-bit integer."""
        self.stream.write(struct.pack("<bi", 4, value))

    def uint32(self, value: int) -> None:
        """Write an unsigned 32-bit integer."""
        self.stream.write(struct.pack("<bI", -4, value))

    def float32(self, value: float) -> None:
        """Write a 32-bit float."""
        self.stream.write(struct.pack("<bf", 4, value))

    def int_vector(self, values: AnyArray | list[int] | tuple[int, ...]) -> None:
        """Write a ``std::vector<int32>``."""
        array = np.asarray(values, "<i4")
        self.stream.write(struct.pack("<bi", 4, array.size) + array.tobytes())

    def int_rows(self, rows: AnyArray) -> None:
        """Write integers, each after its size byte; the text form has one line per row."""
        self.stream.write(sized_ints(rows))

    def raw(self, data: bytes) -> None:
        """Write bytes unchanged."""
        self.stream.write(data)

    def float_vector(self, values: AnyArray, *, double: bool = False) -> None:
        """Write a vector of 32-bit floats, or of 64-bit ones."""
        self._array(np.asarray(values, "<f8" if double else "<f4"), 1)

    def float_matrix(self, values: AnyArray, *, double: bool = False) -> None:
        """Write a matrix of 32-bit floats, or of 64-bit ones."""
        self._array(np.asarray(values, "<f8" if double else "<f4"), 2)

    def _array(self, array: AnyArray, dimensions: int) -> None:
        if array.ndim != dimensions:
            raise ValueError(f"expected an array of {dimensions} dimensions, found one of shape {array.shape}")
        kind = ("F" if array.itemsize == 4 else "D") + "VM"[dimensions - 1]
        self.stream.write(f"{kind} ".encode() + sized_ints(np.array(array.shape)))
        self.stream.write(np.ascontiguousarray(array).data)


def sized_ints(values: AnyArray) -> bytes:
    """Integers as Kaldi stores single ones: each after the size byte 4."""
    array = np.asarray(values)
    cells = np.empty(array.size, _SIZED_INT)
    cells["size"] = 4
    cells["value"] = array.reshape(-1)
    return cells.tobytes()
