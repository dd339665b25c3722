"""Kaldi's basic types in binary and in text: tokens, numbers, vectors and matrices (``base/io-funcs``).

A binary file starts with ``\\0B``. There a token ends in one space, a number is preceded by its size in bytes
(negative for unsigned ones), a vector of integers is a size byte, a count and the raw values, and ``FV``/``FM``
(``DV``/``DM``) are vectors and matrices of 32-bit (64-bit) floats. In text, white space separates everything and
floats have seven digits. :class:`BinaryReader` and :class:`blasr.io.kaldi.text_streams.TextReader` have the same methods, and
so have the writers, so that each model is read and written by one function.

Every failure is a :class:`FormatError` with the file and the byte or line; a declared size is checked against what is
left of the file before anything of that size is allocated.
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
from blasr.units import AnyArray, IntArray

BINARY_HEADER: Final = b"\0B"
PIECE: Final = 1 << 18
"""Bytes read at a time where the size of what is left is unknown (a compressed stream)."""
MAX_TOKEN: Final = 4096
"""Bytes of the longest token, so that a file without spaces is not read whole in search of one."""

_WHITE: Final = re.compile(rb"[ \n\t\r\v\f]")
_FLOAT_TYPES: Final[dict[str, np.dtype[Any]]] = {"F": np.dtype("<f4"), "D": np.dtype("<f8")}
_SIZED_INT: Final = np.dtype([("size", "i1"), ("value", "<i4")])


class BinaryReader:
    """Reads Kaldi's binary basic types from a stream.

    Args:
        stream: the bytes; ``offset`` counts from where it stands.
        path: named in errors.
        size: bytes in the stream; None if unknown, as in a gzip stream.
    """

    binary: Final = True

    def __init__(self, stream: IO[bytes], path: str | os.PathLike[str], size: int | None = None) -> None:
        self.path = path
        self.offset = 0
        """Bytes from the start of the stream to the next unread one."""
        self._stream: Any = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
        self._size = size

    def seek(self, offset: int) -> None:
        """Go to an offset from the start of the stream."""
        if self._size is not None and not 0 <= offset <= self._size:
            raise self.error(f"the offset {offset} lies outside the file's {self._size} bytes")
        try:
            self._stream.seek(offset)
        except (EOFError, OSError, zlib.error) as error:  # a compressed stream is read up to the offset
            raise self.error(f"unreadable up to byte {offset}: {error}") from error
        self.offset = offset

    def error(self, message: str, *, fix: str | None = None) -> FormatError:
        """The error to raise for what was found at the present offset."""
        return FormatError(f"byte {self.offset}: {message}", path=self.path, fix=fix)

    def _read(self, count: int) -> bytes:
        try:
            data: bytes = self._stream.read(count)
        except (EOFError, OSError, zlib.error) as error:
            raise self.error(f"unreadable: {error}") from error
        return data

    def take(self, count: int, what: str) -> bytes:
        """Exactly ``count`` bytes of ``what``."""
        if count < 0:
            raise self.error(f"{what} of {count} bytes cannot be")
        if self._size is not None:
            data = self._read(count) if count <= self._size - self.offset else b""
            found = self._size - self.offset if not data else len(data)
        else:
            pieces: list[bytes] = []
            found = 0
            while found < count and (piece := self._read(min(count - found, PIECE))):
                pieces.append(piece)
                found += len(piece)
            data = b"".join(pieces)
        if len(data) < count:
            raise self.error(f"truncated: {what} needs {count} bytes, {found} are left")
        self.offset += count
        return data

    def values(self, dtype: DTypeLike, count: int, what: str) -> AnyArray:
        """``count`` raw values of ``what``, in an array of their own."""
        kind = np.dtype(dtype)
        size = count * kind.itemsize
        if count < 0 or (self._size is not None and size > self._size - self.offset):
            self.check_count(count, kind.itemsize, f"values of {what}")
        if size > PIECE and self._size is None:
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
        while found < size:  # some streams give less than they have at a time
            if not (more := self._read(size - found)):
                raise self.error(f"truncated: {what} needs {size} bytes, {found} are left")
            array.view(np.uint8)[found : found + len(more)] = np.frombuffer(more, np.uint8)
            found += len(more)
        self.offset += size

    def rest(self) -> bytes:
        """Everything up to the end of the stream."""
        pieces = []
        while piece := self._read(PIECE):
            pieces.append(piece)
        data = b"".join(pieces)
        self.offset += len(data)
        return data

    def until(self, byte: bytes) -> bytes:
        """Everything up to the next such byte, that byte included, or up to the end of the stream."""
        data = bytearray()
        while piece := self._window():
            end = piece.find(byte) + 1
            data += self._read(end or len(piece))
            if end:
                break
        self.offset += len(data)
        return bytes(data)

    def at(self, byte: bytes) -> bool:
        """Whether this byte comes next; it is not taken."""
        return self._window()[:1] == byte

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Take what comes next if the pattern matches it; None, and nothing is taken, if not, or not in the buffer."""
        match = pattern.match(self._window())
        if match is not None:
            self._stream.read(end := match.end())  # it lies in the buffer
            self.offset += end
        return match

    def _window(self) -> bytes:
        """Bytes that can be read next, without taking them; none at the end."""
        try:
            window: bytes = self._stream.peek(1)
        except (EOFError, OSError, zlib.error) as error:
            raise self.error(f"unreadable: {error}") from error
        return window

    def try_token(self, *, leave_newline: bool = False) -> str | None:
        """The next token, or None at the end of the stream; of the space behind it one character is taken.

        Args:
            leave_newline: do not take a new line, which ends a value that is empty in text.
        """
        data = b""
        while len(data) <= MAX_TOKEN:
            window = self._window()
            if not window:
                if data:
                    raise self.error("truncated: the file ends inside a token")
                return None
            if not data and (white := len(window) - len(window.lstrip())):
                self._skip(white)
                continue
            found = _WHITE.search(window)
            end = found.start() if found else len(window)
            data += window[:end]
            self._skip(end + (found is not None and not (leave_newline and found.group() == b"\n")))
            if found:
                try:
                    return data.decode("utf-8")
                except UnicodeDecodeError:
                    raise self.error(f"{data[:80]!r} is not UTF-8") from None
        raise self.error(f"no space after {MAX_TOKEN} bytes, where a token was expected")

    def _skip(self, count: int) -> None:
        self._read(count)
        self.offset += count

    def token(self, what: str = "a token") -> str:
        """The next token, which is ``what`` the caller expects."""
        token = self.try_token()
        if token is None:
            raise self.error(f"truncated: expected {what}, found the end of the file")
        return token

    def expect(self, *expected: str) -> str:
        """The next token, which must be one of ``expected``."""
        token = self.token(" or ".join(expected))
        if token not in expected:
            raise self.error(f"expected {' or '.join(expected)}, found {token!r}")
        return token

    def _sized(self, size: int, code: str, what: str) -> Any:
        data = self.take(1 + abs(size), what)
        found = int.from_bytes(data[:1], "little", signed=True)
        if found != size:
            raise self.error(f"expected the size byte {size} of {what}, found {found}")
        return struct.unpack(f"<{code}", data[1:])[0]

    def int32(self, what: str = "an integer") -> int:
        """A signed 32-bit integer."""
        return int(self._sized(4, "i", what))

    def uint32(self, what: str = "an unsigned integer") -> int:
        """An unsigned 32-bit integer."""
        return int(self._sized(-4, "I", what))

    def float32(self, what: str = "a number") -> float:
        """A 32-bit float, or a 64-bit one as Kaldi accepts in its place."""
        size = self.take(1, what)[0]
        if size not in (4, 8):
            raise self.error(f"expected the size byte 4 or 8 of {what}, found {size}")
        return float(struct.unpack("<f" if size == 4 else "<d", self.take(size, what))[0])

    def check_count(self, count: int, item_bytes: int, what: str) -> int:
        """``count`` again, once it is certain that so many items of at least ``item_bytes`` each can follow."""
        if count < 0:
            raise self.error(f"{count} {what} cannot be")
        if self._size is not None and count * item_bytes > self._size - self.offset:
            raise self.error(f"truncated: {count} {what} cannot lie in the {self._size - self.offset} bytes left")
        return count

    def int_vector(self, what: str = "a vector of integers") -> IntArray:
        """A ``std::vector<int32>`` as ``WriteIntegerVector`` stores it."""
        head = self.take(5, what)
        if head[0] != 4:
            raise self.error(f"expected the size byte 4 of {what}, found {head[0]}")
        count = int.from_bytes(head[1:], "little", signed=True)
        data = self.take(4 * self.check_count(count, 4, f"values of {what}"), what)
        return np.frombuffer(data, "<i4").astype(np.int32)

    def int_rows(self, rows: int, columns: int, what: str) -> IntArray:
        """``(rows, columns)`` integers, each with its size byte."""
        self.check_count(rows, 5 * columns, what)
        return self.sized_ints(rows * columns, what).reshape(rows, columns)

    def sized_ints(self, count: int, what: str) -> IntArray:
        """``count`` integers, each with its size byte."""
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
        """A float32 or float64 vector, as stored."""
        return self._values(self.token(what), 1, what)

    def float_matrix(self, what: str = "a matrix", kind: str | None = None) -> AnyArray:
        """A float32 or float64 matrix, as stored. ``kind`` is its first token, if read already."""
        return self._values(self.token(what) if kind is None else kind, 2, what)


class BinaryWriter:
    """Writes Kaldi's binary basic types."""

    binary: Final = True

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def token(self, token: str) -> None:
        """A token and its space."""
        self.stream.write(f"{token} ".encode())

    def newline(self) -> None:
        """Nothing: text alone has lines."""

    def int32(self, value: int) -> None:
        """A signed 32-bit integer."""
        self.stream.write(struct.pack("<bi", 4, value))

    def uint32(self, value: int) -> None:
        """An unsigned 32-bit integer."""
        self.stream.write(struct.pack("<bI", -4, value))

    def float32(self, value: float) -> None:
        """A 32-bit float."""
        self.stream.write(struct.pack("<bf", 4, value))

    def int_vector(self, values: AnyArray | list[int] | tuple[int, ...]) -> None:
        """A ``std::vector<int32>``."""
        array = np.asarray(values, "<i4")
        self.stream.write(struct.pack("<bi", 4, array.size) + array.tobytes())

    def int_rows(self, rows: AnyArray) -> None:
        """Integers with a size byte each; in text, one line per row."""
        self.stream.write(sized_ints(rows))

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self.stream.write(data)

    def float_vector(self, values: AnyArray, *, double: bool = False) -> None:
        """A vector of 32-bit floats, or of 64-bit ones."""
        self._array(np.asarray(values, "<f8" if double else "<f4"), 1)

    def float_matrix(self, values: AnyArray, *, double: bool = False) -> None:
        """A matrix of 32-bit floats, or of 64-bit ones."""
        self._array(np.asarray(values, "<f8" if double else "<f4"), 2)

    def _array(self, array: AnyArray, dimensions: int) -> None:
        if array.ndim != dimensions:
            raise ValueError(f"expected an array of {dimensions} dimensions, found one of shape {array.shape}")
        kind = ("F" if array.itemsize == 4 else "D") + "VM"[dimensions - 1]
        self.stream.write(f"{kind} ".encode() + sized_ints(np.array(array.shape)))
        self.stream.write(np.ascontiguousarray(array).data)


def sized_ints(values: AnyArray) -> bytes:
    """Integers as Kaldi stores them one by one: a size byte 4 before each."""
    array = np.asarray(values)
    cells = np.empty(array.size, _SIZED_INT)
    cells["size"] = 4
    cells["value"] = array.reshape(-1)
    return cells.tobytes()
