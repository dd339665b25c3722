"""Kaldi's tables of matrices and vectors: archives (``.ark``) and scripts (``.scp``), plain or gzipped.

A table is named by a path or by an rspecifier (``ark:FILE``, ``scp:FILE``, ``ark:-`` for the standard input); options
such as ``ark,s,cs:`` are accepted and change nothing. A command (``ark:gunzip -c F|``) is never run: name the file.
"""

from __future__ import annotations

import gzip
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, Self

import numpy as np
from numpy.typing import DTypeLike

from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.binary import BINARY_HEADER, BinaryReader, BinaryWriter
from blasr.io.compression import COMPRESSED_KINDS, read_compressed
from blasr.io.text import TextReader
from blasr.units import AnyArray, FloatArray

_RSPECIFIER: Final = re.compile(r"(ark|scp)((?:,(?:o|no|s|ns|cs|ncs|p|np|t|b|bg))*):(.*)", re.DOTALL)
_SCP_VALUE: Final = re.compile(r"(?P<path>.*?)(?::(?P<offset>[0-9]+))?(?:\[(?P<range>[0-9:,]*)\])?\Z")
_BUFFER: Final = 1 << 18

Specifier = str | os.PathLike[str]


@dataclass(frozen=True)
class TableName:
    """Where a table is and which of the two kinds it has."""

    kind: Literal["ark", "scp"]
    path: str

    @classmethod
    def parse(cls, specifier: Specifier) -> Self:
        """Read an rspecifier or a path; a path ending in ``.scp`` is a script, any other an archive."""
        text = os.fspath(specifier).strip()
        match = _RSPECIFIER.fullmatch(text)
        kind, path = (match[1], match[3].strip()) if match else ("scp" if text.endswith(".scp") else "ark", text)
        if not path:
            raise FormatError(f"{text!r} names no file")
        refuse_command(path)
        return cls("scp" if kind == "scp" else "ark", path)


def refuse_command(text: str, *, path: Specifier | None = None, line: int | None = None) -> None:
    """Raise :class:`FormatError` if ``text`` is a command instead of a file's name."""
    if text.endswith("|") or text.startswith("|"):
        raise FormatError(
            f"{text!r} is a command, and blasr runs none to read a table",
            path=path,
            line=line,
            fix="name the file itself (one ending in .gz is decompressed), or run the command into a file first",
        )


@contextmanager
def open_table(path: str) -> Iterator[tuple[IO[bytes], int | None]]:
    """A byte stream (gzip undone) and its size, None where only reading to the end would tell."""
    if path == "-":
        yield sys.stdin.buffer, None
        return
    with ExitStack() as stack:
        try:
            stream: Any = stack.enter_context(Path(path).open("rb", buffering=_BUFFER))
        except OSError as error:
            raise FormatError(f"cannot be opened: {error.strerror}", path=path) from None
        size: int | None = os.fstat(stream.fileno()).st_size if Path(path).is_file() else None
        if path.endswith(".gz"):
            if size == 0:
                raise FormatError("the file is empty, without so much as a gzip header", path=path)
            stream, size = stack.enter_context(gzip.GzipFile(fileobj=stream)), None
        yield stream, size


def read_matrices(specifier: Specifier, dtype: DTypeLike = np.float32) -> Iterator[tuple[str, FloatArray]]:
    """Utterance-ids and matrices ``(T, F)`` of a table, in its order; compressed ones are decompressed.

    Raises:
        FormatError: the table is truncated, corrupt, of another kind, or a command.
    """
    return _read_table(specifier, _read_matrix, dtype)


def read_vectors(specifier: Specifier, dtype: DTypeLike = np.float32) -> Iterator[tuple[str, FloatArray]]:
    """Utterance-ids and vectors ``(N,)`` of a table, in its order; :class:`FormatError` as :func:`read_matrices`."""
    return _read_table(specifier, _read_vector, dtype)


Reader = BinaryReader | TextReader


def _read_matrix(reader: Reader) -> AnyArray:
    if isinstance(reader, TextReader):
        return reader.float_matrix()
    kind = reader.token("a matrix")
    return read_compressed(reader, kind) if kind in COMPRESSED_KINDS else reader.float_matrix(kind=kind)


def _read_vector(reader: Reader) -> AnyArray:
    return reader.float_vector()


def _read_table(
    specifier: Specifier, read_value: Callable[[Reader], AnyArray], dtype: DTypeLike
) -> Iterator[tuple[str, FloatArray]]:
    table = TableName.parse(specifier)
    values = _read_archive if table.kind == "ark" else _read_script
    for utterance, value in values(table.path, read_value):
        with np.errstate(all="ignore"):  # what is too large for dtype becomes infinite
            array = value.astype(dtype, copy=not value.flags.writeable)
        yield utterance, array


def _read_archive(path: str, read_value: Callable[[Reader], AnyArray]) -> Iterator[tuple[str, AnyArray]]:
    with open_table(path) as (stream, size):
        reader = BinaryReader(stream, path, size)
        first = reader.try_token()
        if first is None:
            return
        header = reader.take(2, f"the value of {first}")
        if header != BINARY_HEADER:
            rest = first.encode() + b" " + header + reader.rest()
            yield from _read_text_archive(rest, path, read_value)
            return
        yield first, read_value(reader)
        while (utterance := reader.try_token()) is not None:
            header = reader.take(2, f"the value of {utterance}")
            if header != BINARY_HEADER:
                raise reader.error(f"utterance {utterance}: expected a binary value, found {header!r}")
            yield utterance, read_value(reader)


def _read_text_archive(
    data: bytes, path: str, read_value: Callable[[Reader], AnyArray]
) -> Iterator[tuple[str, AnyArray]]:
    try:
        reader = TextReader(data.decode("utf-8"), path)
    except UnicodeDecodeError as error:
        raise FormatError(f"byte {error.start}: neither a binary archive nor UTF-8 text", path=path) from None
    while (utterance := reader.try_token()) is not None:
        yield utterance, read_value(reader)


def read_script(path: str) -> Iterator[tuple[str, str, int]]:
    """Utterance-ids, values and line numbers of an ``.scp`` file; :class:`FormatError` on an id without a value."""
    with open_table(path) as (stream, size):
        data = BinaryReader(stream, path, size).rest()
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError(f"byte {error.start} is not UTF-8", path=path) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        utterance, _, value = line.strip().partition(" ")
        if not value.strip():
            raise FormatError(f"expected an utterance-id and a file, found {line!r}", path=path, line=number)
        yield utterance, value.strip(), number


def _read_script(path: str, read_value: Callable[[Reader], AnyArray]) -> Iterator[tuple[str, AnyArray]]:
    with ExitStack() as stack:
        opened: str | None = None
        reader: BinaryReader
        for utterance, value, line in read_script(path):
            refuse_command(value, path=path, line=line)
            match = _SCP_VALUE.match(value)
            assert match is not None, "the pattern's first group takes whatever the others leave"
            if match["path"] != opened:
                stack.close()
                stream, size = stack.enter_context(open_table(match["path"]))
                reader, opened = BinaryReader(stream, match["path"], size), match["path"]
            reader.seek(int(match["offset"] or 0))
            array = _read_one(reader, read_value)
            yield utterance, _cut(array, match["range"], path, line) if match["range"] else array


def _read_one(reader: BinaryReader, read_value: Callable[[Reader], AnyArray]) -> AnyArray:
    header = reader.take(2, "a value")
    if header == BINARY_HEADER:
        return read_value(reader)
    text = (header + reader.until(b"]")).decode("utf-8", errors="replace")
    return read_value(TextReader(text, reader.path))


def _cut(array: AnyArray, ranges: str, path: str, line: int) -> AnyArray:
    """The part of an array that ``first:last`` of each dimension, both included, leaves."""
    for axis, limits in enumerate(ranges.split(",")):
        if limits in ("", ":"):
            continue
        first, colon, last = limits.partition(":")
        if axis >= array.ndim or not (colon and first and last and int(first) <= int(last) < array.shape[axis]):
            raise FormatError(f"the range [{ranges}] does not fit the shape {array.shape}", path=path, line=line)
        array = array.take(range(int(first), int(last) + 1), axis)
    return array


class MatrixWriter:
    """Writes matrices as 32-bit floats to a binary archive and, where asked, the script that points into it.

    A context manager: both files appear, complete, when it is left without an error. ``len()`` is the number of
    utterances written.

    Args:
        ark: the archive (not gzipped, so that the script's offsets hold).
        scp: the script.
    """

    def __init__(self, ark: Specifier, scp: Specifier | None = None) -> None:
        if os.fspath(ark).endswith(".gz"):
            raise DataError("an archive of matrices is not gzipped", path=ark, fix="end its name in .ark")
        self.ark = ark
        self.scp = scp
        self._stack = ExitStack()
        self._written: set[str] = set()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._script = stack.enter_context(atomic_open(self.scp, "w")) if self.scp is not None else None
            self._archive = stack.enter_context(atomic_open(self.ark, "wb"))  # renamed first: left in reverse order
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stack.__exit__(*exception)

    def __len__(self) -> int:
        return len(self._written)

    def write(self, utterance: str, matrix: AnyArray) -> None:
        """Append the ``(T, F)`` matrix of an utterance; :class:`DataError` on a bad or repeated utterance-id."""
        if utterance in self._written:
            raise DataError("the utterance is written a second time", path=self.ark, utterance=utterance)
        self._archive.write(table_key(utterance, self.ark))
        if self._script is not None:
            self._script.write(f"{utterance} {os.fspath(self.ark)}:{self._archive.tell()}\n")
        self._archive.write(BINARY_HEADER)
        BinaryWriter(self._archive).float_matrix(matrix)
        self._written.add(utterance)


def table_key(utterance: str, path: Specifier) -> bytes:
    """The key of a table's entry with its space; :class:`DataError` if the utterance-id cannot be one."""
    if utterance.split() != [utterance]:
        raise DataError(f"{utterance!r} cannot be an utterance-id: it is empty or holds white space", path=path)
    return f"{utterance} ".encode()
