"""Kaldi's basic types in text: the counterpart of :mod:`blasr.io.kaldi.binary_streams`, with the same methods."""

from __future__ import annotations

import os
import re
from typing import IO, Final

import numpy as np

from blasr.errors import FormatError
from blasr.units import AnyArray, FloatArray, IntArray

_TOKEN: Final = re.compile(r"\S+")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,10}\Z")
_INT32: Final = range(-(1 << 31), 1 << 31)
_UINT32: Final = range(1 << 32)
_DTYPES: Final = {False: np.float32, True: np.float64}


class TextReader:
    """Reads Kaldi's basic types from text.

    Args:
        text: the whole text.
        path: named in errors.
        first_line: the number of the text's first line.
    """

    binary: Final = False

    def __init__(self, text: str, path: str | os.PathLike[str], first_line: int = 1) -> None:
        self.path = path
        self._first_line = first_line
        self._text = text
        self._position = 0

    def error(self, message: str, *, fix: str | None = None) -> FormatError:
        """The error to raise for what was found on the present line."""
        line = self._text.count("\n", 0, self._position) + self._first_line
        return FormatError(message, path=self.path, line=line, fix=fix)

    def try_token(self) -> str | None:
        """The next token, or None at the end of the text."""
        match = _TOKEN.search(self._text, self._position)
        if match is None:
            return None
        self._position = match.end()
        return match.group()

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
            raise self.error(f"expected {' or '.join(expected)}, found {token[:80]!r}")
        return token

    def _integer(self, limits: range, what: str) -> int:
        token = self.token(what)
        if not _INTEGER.match(token) or (value := int(token)) not in limits:
            raise self.error(f"expected {what}, found {token[:80]!r}")
        return value

    def int32(self, what: str = "an integer") -> int:
        """A signed 32-bit integer."""
        return self._integer(_INT32, what)

    def uint32(self, what: str = "an unsigned integer") -> int:
        """An unsigned 32-bit integer."""
        return self._integer(_UINT32, what)

    def float32(self, what: str = "a number") -> float:
        """A number."""
        token = self.token(what)
        try:
            return float(token)
        except ValueError:
            raise self.error(f"expected {what}, found {token[:80]!r}") from None

    def rest(self) -> list[str]:
        """All tokens that are left."""
        tokens = self._text[self._position :].split()
        self._position = len(self._text)
        return tokens

    def integers(self, tokens: list[str], what: str = "an integer") -> IntArray:
        """The integers that tokens stand for."""
        try:
            return np.array(tokens, np.bytes_).astype(np.int32) if tokens else np.zeros(0, np.int32)
        except (ValueError, OverflowError):
            wrong = next((t for t in tokens if not _INTEGER.match(t) or int(t) not in _INT32), tokens[0])
            raise self.error(f"expected {what}, found {wrong[:80]!r}") from None

    def check_count(self, count: int, item_bytes: int, what: str) -> int:
        """``count`` again, once it is certain that so many items can follow (each takes two characters or more)."""
        if count < 0:
            raise self.error(f"{count} {what} cannot be")
        if item_bytes and count > len(self._text) - self._position:
            raise self.error(f"truncated: {count} {what} cannot lie in the text left")
        return count

    def int_vector(self, what: str = "a vector of integers") -> IntArray:
        """Integers between brackets, on one or more lines."""
        if self.token(f"the [ of {what}") != "[":
            raise self.error(f"expected the [ of {what}")
        values: list[int] = []
        while (token := self.token(f"the ] of {what}")) != "]":
            if not _INTEGER.match(token) or (value := int(token)) not in _INT32:
                raise self.error(f"expected an integer of {what}, found {token[:80]!r}")
            values.append(value)
        return np.array(values, np.int32)

    def int_rows(self, rows: int, columns: int, what: str) -> IntArray:
        """``(rows, columns)`` integers."""
        self.check_count(rows, columns, what)
        values = [self.int32(what) for _ in range(rows * columns)]
        return np.array(values, np.int32).reshape(rows, columns)

    def _lines(self, what: str) -> list[list[float]]:
        """The numbers between the next brackets, line by line without the empty ones."""
        if self.token(f"the [ of {what}") != "[":
            raise self.error(f"expected the [ of {what}")
        end = self._text.find("]", self._position)
        if end < 0:
            raise self.error(f"truncated: {what} has no closing ]")
        lines = []
        for line in self._text[self._position : end].split("\n"):
            try:
                if values := [float(token) for token in line.split()]:
                    lines.append(values)
            except ValueError as error:
                raise self.error(f"{what} holds something else than numbers: {error}") from None
            self._position += len(line) + 1
        self._position = end + 1
        return lines

    def float_vector(self, what: str = "a vector") -> AnyArray:
        """A vector of float32: ``[ 1 2 3 ]``."""
        lines = self._lines(what)
        if len(lines) > 1:
            raise self.error(f"expected {what}, found a matrix of {len(lines)} rows")
        return _float32(lines[0] if lines else [])

    def float_matrix(self, what: str = "a matrix", kind: str | None = None) -> AnyArray:
        """A matrix of float32, one line per row between the brackets. ``kind`` is binary's and must be None."""
        if kind is not None:
            raise self.error(f"expected {what}, found {kind[:80]!r}")
        lines = self._lines(what)
        width = len(lines[0]) if lines else 0
        if any(len(line) != width for line in lines):
            row = next(row for row, line in enumerate(lines) if len(line) != width)
            raise self.error(f"row {row} of {what} has {len(lines[row])} columns, the rows above have {width}")
        return _float32(lines).reshape(len(lines), width)


class TextWriter:
    """Writes Kaldi's basic types as text, as a C++ stream of precision 7 does."""

    binary: Final = False

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def token(self, token: str) -> None:
        """A token and a space."""
        self._stream.write(f"{token} ")

    def newline(self) -> None:
        """A new line."""
        self._stream.write("\n")

    def line(self, text: str) -> None:
        """Text as it is, and the end of the line."""
        self._stream.write(f"{text}\n")

    def int32(self, value: int) -> None:
        """An integer and a space."""
        self._stream.write(f"{value} ")

    uint32 = int32

    def float32(self, value: float) -> None:
        """A number of seven digits and a space."""
        self._stream.write(f"{value:.7g} ")

    def int_vector(self, values: AnyArray | list[int] | tuple[int, ...]) -> None:
        """Integers between brackets, and the end of the line."""
        self._stream.write(f"[ {''.join(f'{value} ' for value in values)}]\n")

    def int_rows(self, rows: AnyArray) -> None:
        """One line per row."""
        self._stream.writelines("".join(f"{value} " for value in row) + "\n" for row in rows.tolist())

    def float_vector(self, values: AnyArray, *, double: bool = False) -> None:
        """Numbers between brackets, and the end of the line."""
        self._stream.write(f" [ {_numbers(np.asarray(values, _DTYPES[double]))}]\n")

    def float_matrix(self, values: AnyArray, *, double: bool = False) -> None:
        """Rows on lines of their own between brackets."""
        array = np.asarray(values, _DTYPES[double])
        if array.size == 0:
            self._stream.write(" [ ]\n")
        else:
            self._stream.write(" [" + "".join(f"\n  {_numbers(row)}" for row in array) + "]\n")


def _numbers(values: AnyArray) -> str:
    return "".join(f"{value:.7g} " for value in values.tolist())


def _float32(values: list[float] | list[list[float]]) -> FloatArray:
    with np.errstate(over="ignore"):  # what is too large becomes infinite, as it does in a C++ stream's reader
        return np.array(values, np.float64).astype(np.float32)
