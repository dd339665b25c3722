"""Utterance-ids on disk: from an id to its row without a dictionary in memory.

The ids lie one behind the other in one array, and a sorted array of their 64-bit hashes leads to them by bisection.
Both are memory-mapped, so that looking up touches a few pages, however many ids there are. What the rows mean is the
caller's: frames of an alignment, lines of a script.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from blasr.errors import DataError, FormatError
from blasr.units import AnyArray

_ARRAYS: Final = ("names", "name_offsets", "hashes", "rows")
_MANIFEST: Final = "index.json"
_VERSION: Final = 1


def _hash(key: bytes) -> int:
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "little")


class KeyTable:
    """Ids and their rows, which count from 0 in the order of :attr:`names`.

    Attributes:
        names: uint8: all ids in UTF-8, one behind the other.
        name_offsets: int64 ``(N + 1,)``.
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

    def row(self, key: str) -> int | None:
        """The row of an id; None if it is not there."""
        data = key.encode()
        wanted = np.uint64(_hash(data))
        place = int(np.searchsorted(self.hashes, wanted))
        while place < len(self.hashes) and self.hashes[place] == wanted:
            row = int(self.rows[place])
            if self.names[self.name_offsets[row] : self.name_offsets[row + 1]].tobytes() == data:
                return row
            place += 1
        return None

    def save(self, folder: Path) -> None:
        """Write the arrays to a folder that is there."""
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Map the arrays of a folder; :class:`FormatError` if they cannot be those of a table."""
        names, name_offsets, hashes, rows = (load_array(folder, name) for name in _ARRAYS)
        count = len(rows)
        fits = len(name_offsets) == count + 1 and len(hashes) == count and name_offsets[-1] == len(names)
        if not fits:
            raise FormatError("its arrays do not fit each other", path=folder, fix="build the index anew")
        return cls(names, name_offsets, hashes, rows)


class KeyCollector:
    """Gathers ids in the order of their rows."""

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
        """The table of all ids; :class:`DataError` with ``path`` if one was given twice."""
        hashes = np.array(self._hashes, np.uint64)
        rows = np.argsort(hashes, kind="stable")
        table = KeyTable(np.array(self._names, np.uint8), np.array(self._offsets, np.int64), hashes[rows], rows)
        same = np.flatnonzero(table.hashes[1:] == table.hashes[:-1])
        for place in same.tolist():
            first, second = (self._name(int(row)) for row in table.rows[place : place + 2])
            if first == second:
                raise DataError("the utterance stands there twice", path=path, utterance=first)
        return table

    def _name(self, row: int) -> str:
        return self._names[self._offsets[row] : self._offsets[row + 1]].decode()


def load_array(folder: Path, name: str) -> AnyArray:
    """Map a one-dimensional array of an index folder; :class:`FormatError` if there is none."""
    try:
        mapped: AnyArray = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        message = f"the index has no array {name!r} that can be read: {error}"
        raise FormatError(message, path=folder, fix="build the index anew") from None
    if mapped.ndim != 1:
        raise FormatError(f"the array {name!r} of the index is not one row", path=folder, fix="build the index anew")
    return np.asarray(mapped)


def describe(sources: Iterable[Path]) -> list[dict[str, Any]]:
    """Names, sizes and times of change of the files that an index is made of."""
    found = []
    for path in sources:
        state = path.stat()
        found.append({"path": str(path.resolve()), "size": state.st_size, "mtime_ns": state.st_mtime_ns})
    return found


def write_manifest(folder: Path, kind: str, sources: Sequence[dict[str, Any]], **counts: int) -> None:
    """Note what an index is of."""
    manifest = {"version": _VERSION, "kind": kind, "sources": list(sources), **counts}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def check_manifest(folder: Path, kind: str, sources: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The manifest of an index.

    Args:
        folder: the index.
        kind: what it must be of.
        sources: what it must have been built of; by default what the manifest names.

    Raises:
        FormatError: there is no index of this kind.
        DataError: a file that it was built of has changed since, or is gone.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        noted = manifest["sources"]
        fits = manifest["version"] == _VERSION and manifest["kind"] == kind
        present = describe(Path(source["path"]) for source in noted) if sources is None else list(sources)
    except FileNotFoundError as error:
        if error.filename is not None and not str(error.filename).endswith(_MANIFEST):
            message = f"the index is stale: {error.filename} is gone"
            raise DataError(message, path=folder, fix="build the index anew") from None
        raise FormatError("there is no index here", path=folder, fix="build it first") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"its manifest cannot be read: {error}", path=folder, fix="build the index anew") from None
    if not fits:
        raise FormatError(f"no index of {kind}, of version {_VERSION}", path=folder, fix="build the index anew")
    if present != noted:
        changed = [str(source["path"]) for source in [*noted, *present] if (source in noted) != (source in present)]
        message = f"the index is stale: {changed[0] if changed else 'the order of its files'} has changed since"
        raise DataError(message, path=folder, fix="build the index anew")
    return dict(manifest)
