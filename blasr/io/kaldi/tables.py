"""Reading Kaldi's tables: archives (``.ark``) and scripts (``.scp``), plain or gzipped (``util/kaldi-table``).

A table is named by a path or by an rspecifier: ``ark:FILE``, ``scp:FILE``, ``ark:-`` for the standard input,
``ark:gunzip -c FILE |`` (the file is decompressed here), or another command if commands are allowed. Each value may
be in binary or in text form. Tables are read value by value, whatever their size.
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
from blasr.io.kaldi.holders import MATRIX, Holder
from blasr.io.kaldi.pipes import is_command
from blasr.io.kaldi.script_files import read_script
from blasr.io.kaldi.specifiers import Rspecifier, ScriptEntry, Specifier, select_range
from blasr.io.kaldi.text_streams import TextReader
from blasr.units import FloatArray

logger = logging.getLogger(__name__)

T = TypeVar("T")
_MAX_OPEN_FILES: Final = 16


def read_matrices(
    specifier: Specifier, dtype: DTypeLike = np.float32, *, allow_pipes: bool = False
) -> Iterator[tuple[str, FloatArray]]:
    """Yield the utterance-ids and matrices ``(T, F)`` of a table, in its order; compressed ones are decompressed.

    Args:
        specifier: a path or an rspecifier.
        dtype: the type of the matrices' values.
        allow_pipes: run commands in place of files.

    Raises:
        FormatError: the table is truncated or corrupt, contains something else, or is a command that is not allowed.
    """
    wanted = np.dtype(dtype)
    for utterance, matrix in read_table(specifier, MATRIX, allow_pipes=allow_pipes):
        if matrix.dtype == wanted:
            yield utterance, matrix
        else:
            with np.errstate(all="ignore"):  # values that are too large for dtype become infinite
                converted = matrix.astype(wanted)
            yield utterance, converted


def read_table(specifier: Specifier, holder: Holder[T], *, allow_pipes: bool = False) -> Iterator[tuple[str, T]]:
    """Yield the keys and values of a table, in its order.

    With the option ``p`` (``scp,p:FILE``), a value that cannot be read is skipped with a warning. In an archive this
    skips all values after it as well.

    Args:
        specifier: a path or an rspecifier.
        holder: the kind of its values.
        allow_pipes: run commands in place of files.

    Raises:
        FormatError: the table is truncated or corrupt, contains something else, or is a command that is not allowed.
    """
    table = Rspecifier.parse(specifier)
    if table.kind == "scp":
        yield from _read_by_script(table, holder, allow_pipes)
        return
    try:
        with open_input(table.path, allow_pipes=allow_pipes) as (stream, size):
            reader = BinaryReader(stream, table.path, size)
            if size is not None and holder.read_plain_archive is not None:
                reader.seek((yield from holder.read_plain_archive(stream.fileno(), size)))
            yield from read_archive(reader, holder)
    except FormatError as error:
        if not table.permissive:
            raise
        logger.warning("skipping the rest of the archive: %s", error)


def read_archive(reader: BinaryReader, holder: Holder[T]) -> Iterator[tuple[str, T]]:
    """Yield the keys and values from a reader's position to the end of its stream."""
    line = 1
    while True:
        start = None if holder.entry_start is None else reader.match(holder.entry_start)
        key = reader.try_token(leave_newline=True) if start is None else start[1].decode("ascii")
        if key is None:
            return
        try:
            if start is not None and holder.read_after_start is not None:
                value = holder.read_after_start(reader, start)
            else:
                value, lines = _read_after_key(reader, holder, line)
                line += lines
        except FormatError as error:
            raise error.at(utterance=key) from None
        yield key, value


def _read_after_key(reader: BinaryReader, holder: Holder[T], line: int = 1) -> tuple[T, int]:
    """Read a value in whichever form it has; return it and the number of lines that it takes in text form."""
    if not holder.has_header:
        return holder.read(reader), 0
    if holder.read_binary is not None and reader.at(BINARY_HEADER[:1]):
        if (header := reader.take(len(BINARY_HEADER), "a header")) != BINARY_HEADER:
            raise reader.error(f"expected {holder.what}, found {header!r}")
        return holder.read(reader), 0
    data = reader.until(holder.text_end)
    if not data.endswith(holder.text_end):
        raise reader.error(f"truncated: the text form of {holder.what} does not end")
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
    """Read the one value that ``FILE``, ``FILE:OFFSET`` or ``FILE:OFFSET[RANGES]`` names, e.g. ``global_cmvn.stats``.

    Raises:
        FormatError: as :func:`read_table`.
    """
    with ExitStack() as stack:
        return _OpenFiles(stack, allow_pipes=allow_pipes).read(ScriptEntry.parse(name), holder)


class _OpenFiles:
    """The files that a script points into. The most recently used ones stay open."""

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
        if len(self._open) >= _MAX_OPEN_FILES:
            self._open.popitem(last=False)[1][0].close()
        stack = ExitStack()
        stream, size = stack.enter_context(open_input(name, allow_pipes=self._allow_pipes))
        reader = BinaryReader(stream, name, size)
        if not is_command(name) and name != "-":
            self._open[name] = stack, reader
        return reader

    def read(self, entry: ScriptEntry, holder: Holder[T]) -> T:
        """Read the value that an entry points at, or the part of it that the entry's ranges select."""
        if is_command(entry.file):
            with open_input(entry.file, allow_pipes=self._allow_pipes) as (stream, size):
                value, _ = _read_after_key(BinaryReader(stream, entry.file, size), holder)
        else:
            reader = self._reader_of(entry.file)
            if entry.offset != reader.offset:
                reader.seek(entry.offset)
            value, _ = _read_after_key(reader, holder)
        if entry.ranges is None:
            return value
        if not isinstance(value, np.ndarray):
            raise FormatError(f"the range [{entry.ranges}] cannot be taken of {holder.what}")
        try:
            return select_range(value, entry.ranges)  # type: ignore[return-value]
        except ValueError as error:
            raise FormatError(str(error)) from None


def _read_by_script(table: Rspecifier, holder: Holder[T], allow_pipes: bool) -> Iterator[tuple[str, T]]:
    with ExitStack() as stack:
        files = _OpenFiles(stack, allow_pipes=allow_pipes)
        for key, text, line in read_script(table.path, allow_pipes=allow_pipes):
            try:
                value = files.read(ScriptEntry.parse(text), holder)
            except BlasrError as error:
                placed = error.at(path=table.path, line=line, utterance=key)
                if not table.permissive:
                    raise placed from None
                logger.warning("skipping an utterance: %s", placed)
                continue
            yield key, value
