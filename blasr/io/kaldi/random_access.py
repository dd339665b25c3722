"""Values of a table by utterance, in any order, in memory that does not grow with the corpus."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import numpy as np

from blasr.errors import BlasrError, FormatError
from blasr.io.atomic import atomic_dir
from blasr.io.kaldi.binary import BinaryReader
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.key_table import KeyCollector, KeyTable, check_manifest, describe, load_array, write_manifest
from blasr.io.kaldi.pipes import is_command
from blasr.io.kaldi.scripts import parse_script_line
from blasr.io.kaldi.specifiers import Rspecifier, ScriptEntry, Specifier
from blasr.io.kaldi.streams import open_input
from blasr.io.kaldi.tables import Files, read_behind_key, read_entry
from blasr.units import AnyArray

T = TypeVar("T")
_KIND: Final = "a table"


class RandomAccessTable(Mapping[str, T]):
    """The values of a script or an archive by their keys; a context manager, and to be closed.

    The table is gone through once. What is kept is, for every key, its hash and the byte where its line of the script,
    or its value in the archive, begins: 32 bytes and the key itself, in memory or, with ``index``, in a folder that is
    mapped and used again as long as the table stays the same.

    Args:
        specifier: a script (``scp:FILE``), whose archives are opened as needed, or an archive (``ark:FILE``).
        holder: the kind of its values.
        index: the folder to keep the index in.
        allow_pipes: run the commands that stand in place of files.

    Raises:
        FormatError: the table cannot be read, or a gzipped or piped one is given, whose values cannot be sought.
        DataError: a key stands in it twice.
    """

    def __init__(
        self,
        specifier: Specifier,
        holder: Holder[T],
        *,
        index: Specifier | None = None,
        allow_pipes: bool = False,
    ) -> None:
        table = Rspecifier.parse(specifier)
        self._path, self._is_script = table.path, table.kind == "scp"
        if is_command(table.path) or table.path == "-" or table.path.endswith(".gz"):
            fix = "name a plain file, such as the .scp"
            raise FormatError("its values cannot be sought in any order", path=table.path, fix=fix)
        self._holder = holder
        self._stack = ExitStack()
        self._files = Files(self._stack, allow_pipes=allow_pipes)
        self._keys, self._starts = self._scan() if index is None else self._indexed(Path(index))
        self._script: BinaryReader | None = None
        if self._is_script:
            stream, size = self._stack.enter_context(open_input(self._path))
            self._script = BinaryReader(stream, self._path, size)

    def _scan(self) -> tuple[KeyTable, AnyArray]:
        keys, starts = KeyCollector(), array("q")
        with open_input(self._path) as (stream, size):
            reader = BinaryReader(stream, self._path, size)
            for key, start in self._script_lines(reader) if self._is_script else self._values(reader):
                keys.add(key)
                starts.append(start)
        return keys.table(self._path), np.array(starts, np.int64)

    def _script_lines(self, reader: BinaryReader) -> Iterator[tuple[str, int]]:
        number, start = 0, 0
        while line := reader.until(b"\n"):
            number += 1
            if line.strip():
                yield parse_script_line(line, self._path, number)[0], start
            start = reader.offset

    def _values(self, reader: BinaryReader) -> Iterator[tuple[str, int]]:
        while (key := reader.try_token(leave_newline=True)) is not None:
            start = reader.offset
            try:
                read_behind_key(reader, self._holder)
            except FormatError as error:
                raise error.at(utterance=key) from None
            yield key, start

    def _indexed(self, folder: Path) -> tuple[KeyTable, AnyArray]:
        sources = describe([Path(self._path)])
        try:
            check_manifest(folder, _KIND, sources)
            return KeyTable.load(folder), load_array(folder, "starts")
        except BlasrError:
            keys, starts = self._scan()
        with atomic_dir(folder) as temporary:
            keys.save(temporary)
            np.save(temporary / "starts.npy", starts, allow_pickle=False)
            write_manifest(temporary, _KIND, sources, utterances=len(keys))
        return KeyTable.load(folder), load_array(folder, "starts")

    def __getitem__(self, key: str) -> T:
        row = self._keys.row(key)
        if row is None:
            raise KeyError(key)
        start = int(self._starts[row])
        if self._script is None:
            return self._files.read(ScriptEntry(self._path, start), self._holder)
        self._script.seek(start)
        found, text = parse_script_line(self._script.until(b"\n"), self._path)
        if found != key:
            raise FormatError(f"changed while it was read: expected {key!r}, found {found!r}", path=self._path)
        return read_entry(self._files, self._holder, key, text, self._path)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._keys.row(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the files that were opened."""
        self._stack.close()
