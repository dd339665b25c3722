"""Kaldi's basic types in text form: white space separates everything, and floats have seven digits.

This is the counterpart of :mod:`blasr.io.kaldi.binary_streams`, with the same methods.
"""

from __future__ import annotations

import os
import re
from typing import IO, Final

import numpy as np

from blasr.errors import FormatError
from blasr.io.kaldi.token_reader import TokenReader
from blasr.units import AnyArray, FloatArray, IntArray

_TOKEN: Final = re.compile(r"\S+")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,10}\Z")
_INT32: Final = range(-(1 << 31), 1 << 31)
_UINT32: Final = range(1 << 32)
_DTYPES: Final = {False: np.float32, True: np.float64}


class TextReader(TokenReader):
    """Reads Kaldi's basic types from text.

    Args:
        text: the whole text.
        path: the file to name in errors.
        first_line: the number that the text's first line has in the file.
    """

    binary: Final = False

    def __init__(self, text: str, path: str | os.PathLike[str], first_line: int = 1) -> None:
        self.path = path
        self._first_line = first_line
        self._text = text
        self._position = 0

    def error(self, message: str, *, fix: str | None = None) -> FormatError:
        """The error to raise for what was found on the current line."""
        line = self._text.count("\n", 0, self._position) + self._first_line
        return FormatError(message, path=self.path, line=line, fix=fix)

    def try_token(self) -> str | None:
        """Read the next token; None at the end of the text."""
        match = _TOKEN.search(self._text, self._position)
        if match is None:
            return None
        self._position = match.end()
        return match.group()

    def _integer(self, limits: range, what: str) -> int:
        token = self.token(what)
        if not _INTEGER.match(token) or (value := int(token)) not in limits:
            raise self.error(f"expected {what}, found {token[:80]!r}")
        return value

    def int32(self, what: str = "an integer") -> int:
        """Read a signed 32-bit integer."""
        return self._integer(_INT32, what)

    def uint32(self, what: str = "an unsigned integer") -> int:
        """Read an unsigned 32-bit integer."""
        return self._integer(_UINT32, what)

    def float32(self, what: str = "a number") -> float:
        """Read a number."""
        token = self.token(what)
        try:
            return float(token)
        except ValueError:
            raise self.error(f"expected {what}, found {token[:80]!r}") from None

    def rest(self) -> list[str]:
        """Read all tokens that are left."""
        tokens = self._text[self._position :].split()
        self._position = len(self._text)
        return tokens

    def integers(self, tokens: list[str], what: str = "an integer") -> IntArray:
        """Convert tokens to integers."""
        try:
            digits = np.array(tokens, np.bytes_)
            if b"_" in digits.tobytes():  # numpy reads 1_0 as 10
                raise ValueError
            return digits.astype(np.int32) if tokens else np.zeros(0, np.int32)
        except (ValueError, OverflowError):
            wrong = next((t for t in tokens if not _INTEGER.match(t) or int(t) not in _INT32), tokens[0])
            raise self.error(f"expected {what}, found {wrong[:80]!r}") from None

    def check_count(self, count: int, item_bytes: int, what: str) -> int:
        """Return ``count`` if the rest of the text has room for so many items of at least one character each.

        Raises:
            FormatError: the count is negative or too large.
        """
        if count < 0:
            raise self.error(f"there cannot be {count} {what}")
        if item_bytes and count > len(self._text) - self._position:
            raise self.error(f"truncated: {count} {what} do not fit in the text left")
        return count

    def int_vector(self, what: str = "a vector of integers") -> IntArray:
        """Read integers between brackets, on one or more lines."""
        if self.token(f"the [ of {what}") != "[":
            raise self.error(f"expected the [ of {what}")
        values: list[int] = []
        while (token := self.token(f"the ] of {what}")) != "]":
            if not _INTEGER.match(token) or (value := int(token)) not in _INT32:
                raise self.error(f"expected an integer of {what}, found {token[:80]!r}")
            values.append(value)
        return np.array(values, np.int32)

    def int_rows(self, rows: int, columns: int, what: str) -> IntArray:
        """Read ``(rows, columns)`` integers."""
        self.check_count(rows, columns, what)
        values = [self.int32(what) for _ in range(rows * columns)]
        return np.array(values, np.int32).reshape(rows, columns)

    def _lines(self, what: str) -> list[list[float]]:
        """Read the numbers between the next brackets, line by line; empty lines are left out."""
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
                raise self.error(f"{what} contains something that is not a number: {error}") from None
            self._position += len(line) + 1
        self._position = end + 1
        return lines

    def float_vector(self, what: str = "a vector") -> AnyArray:
        """Read a vector of float32: ``[ 1 2 3 ]``."""
        lines = self._lines(what)
        if len(lines) > 1:
            raise self.error(f"expected {what}, found a matrix of {len(lines)} rows")
        return _float32(lines[0] if lines else [])

    def float_matrix(self, what: str = "a matrix", kind: str | None = None) -> AnyArray:
        """Read a matrix of float32, one line per row. ``kind`` exists in the binary form only and must be None."""
        if kind is not None:
            raise self.error(f"expected {what}, found {kind[:80]!r}")
        lines = self._lines(what)
        width = len(lines[0]) if lines else 0
        if any(len(line) != width for line in lines):
            row = next(row for row, line in enumerate(lines) if len(line) != width)
            raise self.error(f"row {row} of {what} has {len(lines[row])} columns, the rows above have {width}")
        return _float32(lines).reshape(len(lines), width)


class TextWriter:
    """Writes Kaldi's basic types as text, like a C++ stream of precision 7."""

    binary: Final = False

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def token(self, token: str) -> None:
        """Write a token and a space."""
        self._stream.write(f"{token} ")

    def newline(self) -> None:
        """Write a newline."""
        self._stream.write("\n")

    def line(self, text: str) -> None:
        """Write text unchanged and end the line."""
        self._stream.write(f"{text}\n")

    def int32(self, value: int) -> None:
        """Write an integer and a space."""
        self._stream.write(f"{value} ")

    uint32 = int32

    def float32(self, value: float) -> None:
        """Write a number with seven digits and a space."""
        self._stream.write(f"{value:.7g} ")

    def int_vector(self, values: AnyArray | list[int] | tuple[int, ...]) -> None:
        """Write integers between brackets and end the line."""
        self._stream.write(f"[ {''.join(f'{value} ' for value in values)}]\n")

    def int_rows(self, rows: AnyArray) -> None:
        """Write one line per row."""
        self._stream.writelines("".join(f"{value} " for value in row) + "\n" for row in rows.tolist())

    def float_vector(self, values: AnyArray, *, double: bool = False) -> None:
        """Write numbers between brackets and end the line."""
        self._stream.write(f" [ {_numbers(np.asarray(values, _DTYPES[double]))}]\n")

    def float_matrix(self, values: AnyArray, *, double: bool = False) -> None:
        """Write each row on a line of its own, all between brackets."""
        array = np.asarray(values, _DTYPES[double])
        if array.size == 0:
            self._stream.write(" [ ]\n")
        else:
            self._stream.write(" [" + "".join(f"\n  {_numbers(row)}" for row in array) + "]\n")


def _numbers(values: AnyArray) -> str:
    return "".join(f"{value:.7g} " for value in values.tolist())


def _float32(values: list[float] | list[list[float]]) -> FloatArray:
    with np.errstate(over="ignore"):  # numbers that are too large become infinite, as when a C++ stream reads them
        return np.array(values, np.float64).astype(np.float32)
