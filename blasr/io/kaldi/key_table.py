"""A table of utterance-ids on disk, to find the row of an id without a dictionary in memory.

The ids are stored consecutively in one array. A sorted array of their 64-bit hashes is searched by bisection. Both are
memory-mapped, so that a look-up reads a few pages, however many ids there are. The caller decides what a row means:
the frames of an alignment, or a line of a script file.

An index folder holds these arrays, the caller's own, and a manifest of the files that the index was built from.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from blasr.errors import DataError, FormatError
from blasr.units import AnyArray

REBUILD: Final = "remove the folder, so that the index is built again"
"""What to do about a damaged or stale index."""

_ARRAYS: Final = ("names", "name_offsets", "hashes", "rows")
_MANIFEST: Final = "index.json"
_VERSION: Final = 2
_BLOCK_ROWS: Final = 1 << 15
"""Ids that are compared or joined at a time."""


def _hash(key: bytes) -> int:
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "little")


class KeyTable:
    """Ids and their rows, which count from 0 in the order of :attr:`names`.

    Attributes:
        names: uint8: all ids in UTF-8, stored consecutively.
        name_offsets: int64 ``(N + 1,)``: row n has the id ``names[name_offsets[n]:name_offsets[n + 1]]``.
        hashes: uint64 ``(N,)``, sorted.
        rows: int64 ``(N,)``: the row of each hash.
    """

    def __init__(self, names: AnyArray, name_offsets: AnyArray, hashes: AnyArray, rows: AnyArray) -> None:
        self.names = names
        self.name_offsets = name_offsets
        self.hashes = hashes
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        for first, last in zip(self.name_offsets[:-1], self.name_offsets[1:], strict=True):
            yield self.names[first:last].tobytes().decode()

    @classmethod
    def of(cls, names: AnyArray, name_offsets: AnyArray, hashes: AnyArray, path: str) -> Self:
        """Return the table of ids whose hashes are in the order of the rows.

        Raises:
            DataError: an id appears twice; names ``path``.
        """
        rows = np.argsort(hashes, kind="stable")
        table = cls(names, name_offsets, hashes[rows], rows)
        equal = np.flatnonzero(table.hashes[1:] == table.hashes[:-1])
        for position in equal.tolist():
            first, second = (table.key(int(row)) for row in table.rows[position : position + 2])
            if first == second:
                raise DataError("the utterance appears twice", path=path, utterance=first)
        return table

    @classmethod
    def joined(cls, tables: Sequence[KeyTable], path: str) -> Self:
        """Return one table with the ids of several, one table after the other.

        Raises:
            DataError: an id appears twice; names ``path``.
        """
        starts = np.cumsum([0, *(len(table.names) for table in tables)])
        offsets = [table.name_offsets[1:] + start for table, start in zip(tables, starts[:-1], strict=True)]
        hashes = [np.empty(len(table), np.uint64) for table in tables]
        for table, own in zip(tables, hashes, strict=True):
            own[table.rows] = table.hashes
        names = np.concatenate([table.names for table in tables])
        return cls.of(names, np.concatenate([np.zeros(1, np.int64), *offsets]), np.concatenate(hashes), path)

    def key(self, row: int) -> str:
        """The id of a row."""
        return bytes(self.names[self.name_offsets[row] : self.name_offsets[row + 1]]).decode()

    def row(self, key: str) -> int | None:
        """The row of an id; None if the table lacks it."""
        data = key.encode()
        wanted = np.uint64(_hash(data))
        position = int(np.searchsorted(self.hashes, wanted))
        while position < len(self.hashes) and self.hashes[position] == wanted:
            row = int(self.rows[position])
            if self.names[self.name_offsets[row] : self.name_offsets[row + 1]].tobytes() == data:
                return row
            position += 1
        return None

    def rows_of(self, others: KeyTable) -> AnyArray:
        """Return the row of every id of another table, or -1 if this table lacks it: int64 ``(len(others),)``."""
        found = np.full(len(others), -1, np.int64)
        if not len(self):
            return found
        for start in range(0, len(others), _BLOCK_ROWS):
            hashes, rows = others.hashes[start : start + _BLOCK_ROWS], others.rows[start : start + _BLOCK_ROWS]
            positions = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
            same = self.hashes[positions] == hashes
            mine, theirs = self.rows[positions[same]], rows[same]
            equal = self._equal(mine, others, theirs)
            found[theirs[equal]] = mine[equal]
            for row in theirs[~equal].tolist():  # another id has the same hash
                number = self.row(others.key(row))
                found[row] = -1 if number is None else number
        return found

    def _equal(self, rows: AnyArray, others: KeyTable, theirs: AnyArray) -> AnyArray:
        """Whether the ids of ``rows`` are those of the rows ``theirs`` of another table: bool, like ``rows``."""
        starts, sizes = self.name_offsets[rows], self.name_offsets[rows + 1] - self.name_offsets[rows]
        other_starts = others.name_offsets[theirs]
        equal = sizes == others.name_offsets[theirs + 1] - other_starts
        sizes = np.where(equal, sizes, 0)
        different = take_ranges(self.names, starts, sizes) != take_ranges(others.names, other_starts, sizes)
        equal[np.repeat(np.arange(len(rows)), sizes)[different]] = False
        return np.asarray(equal)

    def lines(self, rows: AnyArray) -> Iterator[bytes]:
        """Yield the ids of rows, each with a newline after it, in blocks of lines."""
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = rows[start : start + _BLOCK_ROWS]
            sizes = self.name_offsets[block + 1] - self.name_offsets[block]
            text = np.full(int(sizes.sum()) + len(block), ord("\n"), np.uint8)
            is_name = np.ones(len(text), bool)
            is_name[np.cumsum(sizes + 1) - 1] = False
            text[is_name] = take_ranges(self.names, self.name_offsets[block], sizes)
            yield text.tobytes()

    def save(self, folder: Path) -> None:
        """Write the arrays to an existing folder."""
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Map the arrays of a folder; :class:`FormatError` if they do not form a table."""
        names, name_offsets, hashes, rows = (load_array(folder, name) for name in _ARRAYS)
        count = len(rows)
        consistent = len(name_offsets) == count + 1 and len(hashes) == count and name_offsets[-1] == len(names)
        if not consistent:
            raise FormatError("the arrays of the index do not fit each other", path=folder, fix=REBUILD)
        return cls(names, name_offsets, hashes, rows)


class KeyCollector:
    """Collects ids in the order of their rows."""

    def __init__(self) -> None:
        self._names = bytearray()
        self._offsets = array("q", [0])
        self._hashes = array("Q")

    def add(self, key: str) -> None:
        """Append an id."""
        data = key.encode()
        self._names += data
        self._offsets.append(len(self._names))
        self._hashes.append(_hash(data))

    def table(self, path: str) -> KeyTable:
        """The table of all ids; :class:`DataError`, which names ``path``, if an id was added twice."""
        hashes = np.array(self._hashes, np.uint64)
        return KeyTable.of(np.array(self._names, np.uint8), np.array(self._offsets, np.int64), hashes, path)


def take_ranges(array: AnyArray, starts: AnyArray, sizes: AnyArray) -> AnyArray:
    """Return the elements of ``array[starts[n]:starts[n] + sizes[n]]`` for every n, joined."""
    before = np.cumsum(sizes) - sizes
    return np.asarray(array[np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))])


def load_array(folder: Path, name: str) -> AnyArray:
    """Map a one-dimensional array of an index folder; :class:`FormatError` if it is missing or damaged."""
    try:
        mapped: AnyArray = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FormatError(
            f"the array {name!r} of the index cannot be read: {error}", path=folder, fix=REBUILD
        ) from None
    if mapped.ndim != 1:
        message = f"the array {name!r} of the index has {mapped.ndim} dimensions, expected one"
        raise FormatError(message, path=folder, fix=REBUILD)
    return np.asarray(mapped)


def describe_files(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The path, size and modification time of each file that an index is built from."""
    found = []
    for path in files:
        status = path.stat()
        found.append({"path": str(path.resolve()), "size": status.st_size, "mtime_ns": status.st_mtime_ns})
    return found


def write_manifest(folder: Path, kind: str, sources: Sequence[dict[str, Any]], properties: Mapping[str, Any]) -> None:
    """Record what an index contains and which files it was built from."""
    manifest = {"version": _VERSION, "kind": kind, "sources": list(sources), **properties}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def check_manifest(folder: Path, kind: str, sources: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Read the manifest of an index and check that the index is current.

    Args:
        folder: the index.
        kind: what it must contain.
        sources: descriptions of the files that it must have been built from; by default the files that the manifest
            names, as they are now.

    Raises:
        FormatError: the folder has no index of this kind.
        DataError: a file that the index was built from has changed since, or is gone.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        recorded = manifest["sources"]
        matches = manifest["version"] == _VERSION and manifest["kind"] == kind
        current = describe_files(Path(source["path"]) for source in recorded) if sources is None else list(sources)
    except FileNotFoundError as error:
        if error.filename is not None and not str(error.filename).endswith(_MANIFEST):
            raise DataError(f"the index is stale: {error.filename} is gone", path=folder, fix=REBUILD) from None
        raise FormatError("there is no index here", path=folder, fix="build it first") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"the manifest of the index cannot be read: {error}", path=folder, fix=REBUILD) from None
    if not matches:
        raise FormatError(f"this is not an index of {kind}, version {_VERSION}", path=folder, fix=REBUILD)
    if current != recorded:
        changed = [source["path"] for source in [*recorded, *current] if (source in recorded) != (source in current)]
        message = f"the index is stale: {changed[0] if changed else 'the order of its files'} has changed since"
        raise DataError(message, path=folder, fix=REBUILD)
    return dict(manifest)
