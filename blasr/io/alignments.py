"""Kaldi's archives of integer vectors, such as the alignments ``ali.*.gz``: binary or text, plain or gzipped."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from blasr.errors import FormatError
from blasr.io.atomic import atomic_open
from blasr.io.binary import BINARY_HEADER, BinaryReader, sized_ints
from blasr.io.tables import Specifier, TableName, open_table, table_key
from blasr.units import AnyArray, IntArray

_ALIGNMENT_FILE: Final = re.compile(r"ali\.([0-9]+)(?:\.gz)?\Z")
_SIZED_INT: Final = np.dtype([("size", "i1"), ("value", "<i4")])
_HEADER: Final = BINARY_HEADER + b"\4"


def alignment_files(folder: Specifier) -> list[Path]:
    """The ``ali.N.gz`` (or ``ali.N``) files of a folder in the order of N; :class:`FormatError` if it has none."""
    numbered = {path: match for path in Path(folder).iterdir() if (match := _ALIGNMENT_FILE.match(path.name))}
    if not numbered:
        raise FormatError("the folder has no ali.*.gz", path=folder, fix="name a folder that `blasr align` wrote")
    return sorted(numbered, key=lambda path: (int(numbered[path][1]), path.name))


def read_alignments(specifier: Specifier) -> Iterator[tuple[str, IntArray]]:
    """Utterance-ids and integer vectors ``(T,)``, such as one transition-id (from 1) per frame.

    Args:
        specifier: a file, an rspecifier, or a folder, whose ``ali.*.gz`` are read one after the other.

    Raises:
        FormatError: a file is truncated, corrupt or of another kind, or ``specifier`` is a command.
    """
    if Path(specifier).is_dir():
        for path in alignment_files(specifier):
            yield from _read_archive(str(path))
        return
    table = TableName.parse(specifier)
    if table.kind == "scp":
        raise FormatError("alignments are read from archives, not by script", path=table.path, fix="name the archive")
    yield from _read_archive(table.path)


def _read_archive(path: str) -> Iterator[tuple[str, IntArray]]:
    with open_table(path) as (stream, size):
        data = BinaryReader(stream, path, size).rest()
    space = data.find(b" ")
    if space >= 0 and data.startswith(_HEADER[:2], space + 1):
        yield from _parse_binary(data, path)
    else:
        yield from _parse_text(data, path)


def _parse_binary(data: bytes, path: str) -> Iterator[tuple[str, IntArray]]:
    position = 0
    while position < len(data):
        space = data.find(b" ", position)
        try:
            utterance = data[position:space].decode("utf-8") if space > position else ""
        except UnicodeDecodeError:
            utterance = ""
        if utterance.split() != [utterance]:
            raise FormatError(f"byte {position}: expected an utterance-id and a space", path=path)
        start = space + 1 + len(_HEADER) + 4
        if data[space + 1 : start - 4] != _HEADER or start > len(data):
            raise FormatError(f"byte {space + 1}: expected a vector of integers", path=path, utterance=utterance)
        (count,) = struct.unpack_from("<i", data, start - 4)
        if count < 0 or 5 * count > len(data) - start:
            message = f"byte {start}: truncated: {count} integers cannot lie in the {len(data) - start} bytes left"
            raise FormatError(message, path=path, utterance=utterance)
        cells = np.frombuffer(data, _SIZED_INT, count, start)
        if np.any(cells["size"] != 4):
            raise FormatError(f"byte {start}: a size byte is not 4", path=path, utterance=utterance)
        yield utterance, cells["value"].astype(np.int32)
        position = start + 5 * count


def _parse_text(data: bytes, path: str) -> Iterator[tuple[str, IntArray]]:
    lines = data.split(b"\n")
    if lines.pop():
        raise FormatError("truncated: the last line does not end", path=path, line=len(lines) + 1)
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        try:
            utterance = fields[0].decode("utf-8")
            values = np.array(fields[1:], dtype=np.bytes_).astype(np.int32)
        except (ValueError, OverflowError):
            message = f"expected an utterance-id and integers, found {line[:80]!r}"
            raise FormatError(message, path=path, line=number) from None
        yield utterance, values


def write_alignments(path: Specifier, items: Iterable[tuple[str, AnyArray]]) -> int:
    """Write integer vectors as a binary archive, gzipped if the name ends in ``.gz``; the number of utterances."""
    count = 0
    with atomic_open(path, "wb") as stream:
        for utterance, values in items:
            array = np.asarray(values)
            stream.write(table_key(utterance, path) + _HEADER + struct.pack("<i", array.size) + sized_ints(array))
            count += 1
    return count
