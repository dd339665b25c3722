"""Reading Kaldi's tables: archives (``.ark``) and scripts (``.scp``), plain or gzipped (``util/kaldi-table``).

A table is named by a path or by an rspecifier: ``ark:FILE``, ``scp:FILE``, ``ark:-`` for the standard input,
``ark:gunzip -c FILE |``, whose file is decompressed here, or another command where those are allowed. Both forms of
values, binary and text, are told apart as they come. Tables are read value by value, whatever their size.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from blasr.errors import BlasrError, FormatError
from blasr.io.kaldi.binary_streams import BINARY_HEADER, BinaryReader
from blasr.io.kaldi.extended_filenames import open_input
from blasr.io.kaldi.holders import MATRIX, VECTOR, Holder
from blasr.io.kaldi.pipes import is_command
from blasr.io.kaldi.plain_archives import read_plain_matrices
from blasr.io.kaldi.script_files import read_script
from blasr.io.kaldi.specifiers import Rspecifier, ScriptEntry, Specifier, cut
from blasr.io.kaldi.table_writer import MatrixWriter
from blasr.io.kaldi.text_streams import TextReader
from blasr.units import AnyArray, FloatArray

__all__ = [
    "MatrixWriter",
    "Specifier",
    "read_matrices",
    "read_script",
    "read_table",
    "read_value",
    "read_vectors",
]

T = TypeVar("T")
_LOG: Final = logging.getLogger(__name__)
_OPEN_FILES: Final = 16


def read_matrices(
    specifier: Specifier, dtype: DTypeLike = np.float32, *, allow_pipes: bool = False
) -> Iterator[tuple[str, FloatArray]]:
    """Utterance-ids and matrices ``(T, F)`` of a table, in its order; compressed ones are decompressed.

    Args:
        specifier: a path or an rspecifier.
        dtype: of the matrices.
        allow_pipes: run the commands that stand in place of files.

    Raises:
        FormatError: the table is truncated, corrupt, of another kind, or a command that is not allowed.
    """
    return _as_type(read_table(specifier, MATRIX, allow_pipes=allow_pipes), dtype)


def read_vectors(
    specifier: Specifier, dtype: DTypeLike = np.float32, *, allow_pipes: bool = False
) -> Iterator[tuple[str, FloatArray]]:
    """Utterance-ids and vectors ``(N,)`` of a table, in its order; otherwise as :func:`read_matrices`."""
    return _as_type(read_table(specifier, VECTOR, allow_pipes=allow_pipes), dtype)


def _as_type(items: Iterator[tuple[str, AnyArray]], dtype: DTypeLike) -> Iterator[tuple[str, FloatArray]]:
    wanted = np.dtype(dtype)
    for utterance, value in items:
        if value.dtype != wanted:
            with np.errstate(all="ignore"):  # what is too large for dtype becomes infinite
                value = value.astype(wanted)
        yield utterance, value


def read_table(specifier: Specifier, holder: Holder[T], *, allow_pipes: bool = False) -> Iterator[tuple[str, T]]:
    """Keys and values of a table, in its order.

    With the option ``p`` (``scp,p:FILE``), values that cannot be read are warned of and skipped; an archive ends there.

    Args:
        specifier: a path or an rspecifier.
        holder: the kind of its values.
        allow_pipes: run the commands that stand in place of files.

    Raises:
        FormatError: the table is truncated, corrupt, of another kind, or a command that is not allowed.
    """
    table = Rspecifier.parse(specifier)
    if table.kind == "scp":
        yield from _read_by_script(table, holder, allow_pipes)
        return
    try:
        with open_input(table.path, allow_pipes=allow_pipes) as (stream, size):
            reader = BinaryReader(stream, table.path, size)
            if size is not None and holder.read is MATRIX.read:
                reader.seek((yield from read_plain_matrices(stream.fileno(), size)))  # type: ignore[misc]
            yield from read_archive(reader, holder)
    except FormatError as error:
        if not table.permissive:
            raise
        _LOG.warning("the rest of the archive is left out: %s", error)


def read_archive(reader: BinaryReader, holder: Holder[T]) -> Iterator[tuple[str, T]]:
    """Keys and values from a reader's position to the end of its stream."""
    line = 1
    while True:
        head = None if holder.head is None else reader.match(holder.head)
        key = reader.try_token(leave_newline=True) if head is None else head[1].decode("ascii")
        if key is None:
            return
        try:
            if head is not None and holder.read_body is not None:
                value = holder.read_body(reader, head)
            else:
                value, lines = read_behind_key(reader, holder, line)
                line += lines
        except FormatError as error:
            raise error.at(utterance=key) from None
        yield key, value


def read_behind_key(reader: BinaryReader, holder: Holder[T], line: int = 1) -> tuple[T, int]:
    """The value at the reader's position, in whichever form it has, and the number of lines it took."""
    if holder.form == "bare":
        return holder.read(reader), 0
    if holder.form == "either" and reader.at(BINARY_HEADER[:1]):
        if (header := reader.take(len(BINARY_HEADER), "a header")) != BINARY_HEADER:
            raise reader.error(f"expected {holder.what}, found {header!r}")
        return holder.read(reader), 0
    data = reader.until(holder.text_end)
    if not data.endswith(holder.text_end):
        raise reader.error(f"truncated: {holder.what} in text does not end")
    if holder.text_end != b"\n":
        data += reader.until(b"\n")
    if b"\0" in data:
        raise reader.error(f"expected {holder.what}, found {data[:40]!r}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise reader.error(f"expected {holder.what}, found {data[:40]!r}, which is not UTF-8") from None
    entry = TextReader(text, reader.path, line)
    value = holder.read(entry)
    if (more := entry.try_token()) is not None:
        raise entry.error(f"expected the end of {holder.what}, found {more[:80]!r}")
    return value, text.count("\n")


def read_value(name: str, holder: Holder[T], *, allow_pipes: bool = False) -> T:
    """The one value of a file such as ``global_cmvn.stats``: ``FILE``, ``FILE:OFFSET``, ``FILE:OFFSET[RANGES]``.

    Raises:
        FormatError: as :func:`read_table`.
    """
    with ExitStack() as stack:
        return Files(stack, allow_pipes=allow_pipes).read(ScriptEntry.parse(name), holder)


class Files:
    """The files that a script points into, the last few of them kept open."""

    def __init__(self, stack: ExitStack, *, allow_pipes: bool = False) -> None:
        self._allow_pipes = allow_pipes
        self._open: OrderedDict[str, tuple[ExitStack, BinaryReader]] = OrderedDict()
        stack.callback(self._close)

    def _close(self) -> None:
        while self._open:
            self._open.popitem()[1][0].close()

    def _reader_of(self, name: str) -> BinaryReader:
        if name in self._open:
            self._open.move_to_end(name)
            return self._open[name][1]
        if len(self._open) >= _OPEN_FILES:
            self._open.popitem(last=False)[1][0].close()
        stack = ExitStack()
        stream, size = stack.enter_context(open_input(name, allow_pipes=self._allow_pipes))
        reader = BinaryReader(stream, name, size)
        if not is_command(name) and name != "-":
            self._open[name] = stack, reader
        return reader

    def read(self, entry: ScriptEntry, holder: Holder[T]) -> T:
        """The value that an entry points at, the part that its range leaves."""
        if is_command(entry.file):
            with open_input(entry.file, allow_pipes=self._allow_pipes) as (stream, size):
                value, _ = read_behind_key(BinaryReader(stream, entry.file, size), holder)
        else:
            reader = self._reader_of(entry.file)
            if entry.offset != reader.offset:
                reader.seek(entry.offset)
            value, _ = read_behind_key(reader, holder)
        if entry.ranges is None:
            return value
        if not isinstance(value, np.ndarray):
            raise FormatError(f"a range, [{entry.ranges}], of {holder.what} cannot be")
        try:
            return cut(value, entry.ranges)  # type: ignore[return-value]
        except ValueError as error:
            raise FormatError(str(error)) from None


def read_entry(files: Files, holder: Holder[T], key: str, text: str, path: str, line: int | None = None) -> T:
    """The value that a script's line points at; errors name the script where the fault is not the other file's."""
    try:
        return files.read(ScriptEntry.parse(text), holder)
    except BlasrError as error:
        raise error.at(path=path, line=line, utterance=key) from None


def _read_by_script(table: Rspecifier, holder: Holder[T], allow_pipes: bool) -> Iterator[tuple[str, T]]:
    with ExitStack() as stack:
        files = Files(stack, allow_pipes=allow_pipes)
        for key, text, line in read_script(table.path, allow_pipes=allow_pipes):
            try:
                value = read_entry(files, holder, key, text, table.path, line)
            except BlasrError as error:
                if not table.permissive:
                    raise
                _LOG.warning("an utterance is left out: %s", error)
                continue
            yield key, value
