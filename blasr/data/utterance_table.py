"""The utterances of a data directory as memory-mapped arrays, which processes share and which start without parsing.

The table is built once from a data directory that has been read and checked. It does not have the transcripts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, overload

import numpy as np

from blasr.data.check import TABLES
from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import BlasrError, DataError, FormatError
from blasr.io.atomic import atomic_dir
from blasr.io.kaldi import (
    REBUILD,
    KeyCollector,
    KeyTable,
    check_manifest,
    describe_files,
    load_array,
    write_manifest,
)
from blasr.units import AnyArray

_COLUMNS: Final = ("speaker", "recording", "channel", "start_seconds", "end_seconds", "speed")
_NAMES: Final = "names.json"


class UtteranceTable(Sequence[Utterance]):
    """The utterances of a folder that :func:`open_data_dir` wrote; an :class:`Utterance` is made at each access.

    Args:
        folder: the folder.

    Raises:
        FormatError: a file is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = KeyTable.load(folder)
        self.columns = {name: load_array(folder, name) for name in _COLUMNS}
        self.recordings = MappedTexts(folder / "recordings")
        try:
            names = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
            self.speakers: list[str] = names["speakers"]
            self.sides: dict[str, tuple[str, str]] = {key: (file, side) for key, (file, side) in names["sides"].items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"the names cannot be read: {error}", path=folder, fix=REBUILD) from None
        if any(len(column) != len(self.keys) for column in self.columns.values()):
            raise FormatError("the arrays of the table do not fit each other", path=folder, fix=REBUILD)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let another process map the files instead of copying the arrays to it."""
        return type(self), (self.folder,)

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> Utterance: ...
    @overload
    def __getitem__(self, index: slice) -> list[Utterance]: ...
    def __getitem__(self, index: int | slice) -> Utterance | list[Utterance]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        row = range(len(self))[index]
        speaker, recording, channel, start, end, speed = (self.columns[name][row].item() for name in _COLUMNS)
        return Utterance(
            self.keys.key(row),
            self.speakers[speaker],
            self.recordings.keys_by_row.key(recording),
            None if channel < 0 else channel,
            None if np.isnan(start) else start,
            None if np.isnan(end) else end,
            None,
            speed,
        )


class MappedTexts(Mapping[str, str]):
    """Texts by their names, both memory-mapped: the entries of ``wav.scp``."""

    def __init__(self, folder: Path) -> None:
        self.keys_by_row = KeyTable.load(folder)
        self._texts, self._offsets = load_array(folder, "texts"), load_array(folder, "text_offsets")
        if len(self._offsets) != len(self.keys_by_row) + 1 or self._offsets[-1] != len(self._texts):
            raise FormatError("the arrays of the table do not fit each other", path=folder, fix=REBUILD)

    def __len__(self) -> int:
        return len(self.keys_by_row)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys_by_row)

    def __getitem__(self, key: str) -> str:
        row = self.keys_by_row.row(key)
        if row is None:
            raise KeyError(key)
        return bytes(self._texts[self._offsets[row] : self._offsets[row + 1]]).decode()

    @staticmethod
    def save(folder: Path, texts: Mapping[str, str], source: str) -> None:
        """Write texts to a new folder."""
        folder.mkdir()
        collector, blob, offsets = KeyCollector(), bytearray(), [0]
        for key, text in texts.items():
            collector.add(key)
            blob += text.encode()
            offsets.append(len(blob))
        collector.table(source).save(folder)
        np.save(folder / "texts.npy", np.frombuffer(bytes(blob), np.uint8), allow_pickle=False)
        np.save(folder / "text_offsets.npy", np.array(offsets, np.int64), allow_pickle=False)


class UtteranceSelection(Mapping[str, Utterance]):
    """Some utterances of a table by their ids, in the table's order.

    Args:
        table: the table.
        rows: the rows of the table, increasing: int64 ``(N,)``.
    """

    def __init__(self, table: UtteranceTable, rows: AnyArray) -> None:
        self.table, self.rows = table, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        return (self.table.keys.key(row) for row in self.rows)

    @property
    def names(self) -> UtteranceNames:
        """The utterance-ids by their places."""
        return UtteranceNames(self.table.keys, self.rows)

    @property
    def speakers(self) -> AnyArray:
        """A number for the speaker of each utterance: int32 ``(N,)``."""
        return np.asarray(self.table.columns["speaker"][self.rows])

    def rows_in(self, keys: KeyTable) -> AnyArray:
        """Return the row of each utterance in a table of ids, or -1 if it lacks the utterance: int64 ``(N,)``."""
        return np.asarray(keys.rows_of(self.table.keys)[self.rows])

    def contains_rows_of(self, others: UtteranceSelection) -> AnyArray:
        """Whether each utterance of another selection is also in this one: bool ``(len(others),)``."""
        chosen = np.zeros(len(self.table) + 1, bool)  # the last one stands for -1
        chosen[self.rows] = True
        return np.asarray(chosen[others.rows_in(self.table.keys)])

    def digest_into(self, digest: Any) -> None:
        """Update a digest with the utterance-ids, one a line."""
        for lines in self.table.keys.lines(self.rows):
            digest.update(lines)

    def _row(self, name: object) -> int | None:
        row = self.table.keys.row(name) if isinstance(name, str) else None
        if row is None:
            return None
        place = int(np.searchsorted(self.rows, row))
        return row if place < len(self.rows) and self.rows[place] == row else None

    def __contains__(self, name: object) -> bool:
        return self._row(name) is not None

    def __getitem__(self, name: str) -> Utterance:
        row = self._row(name)
        if row is None:
            raise KeyError(name)
        return self.table[row]

    def values_by_place(self) -> SelectedUtterances:
        """Return the utterances as a sequence, in the same order."""
        return SelectedUtterances(self.table, self.rows)

    def select(self, places: Sequence[int] | AnyArray) -> UtteranceSelection:
        """Return the utterances at these places, which count from 0 and increase."""
        return UtteranceSelection(self.table, self.rows[np.asarray(places, np.int64)])


class SelectedUtterances(Sequence[Utterance]):
    """Some utterances of a table by their places; see :class:`UtteranceSelection`."""

    def __init__(self, table: UtteranceTable, rows: AnyArray) -> None:
        self._table, self._rows = table, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Utterance: ...
    @overload
    def __getitem__(self, index: slice) -> SelectedUtterances: ...
    def __getitem__(self, index: int | slice) -> Utterance | SelectedUtterances:
        if isinstance(index, slice):
            return SelectedUtterances(self._table, self._rows[index])
        return self._table[int(self._rows[index])]


class UtteranceNames(Sequence[str]):
    """Utterance-ids by their places; a text is made at each access.

    Args:
        keys: the ids.
        rows: their rows, int64 ``(N,)``.
    """

    def __init__(self, keys: KeyTable, rows: AnyArray) -> None:
        self._keys, self._rows = keys, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> UtteranceNames: ...
    def __getitem__(self, index: int | slice) -> str | UtteranceNames:
        if isinstance(index, slice):
            return UtteranceNames(self._keys, self._rows[index])
        return self._keys.key(int(self._rows[index]))


def open_data_dir(path: Path, folder: Path, *, allow_pipes: bool = False) -> tuple[DataDir, UtteranceSelection]:
    """Return a data directory whose utterances are in a table, and all of its utterances by their ids.

    Args:
        path: the data directory.
        folder: the table; it is built if it is absent, or of other files than the data directory has now.
        allow_pipes: whether commands in ``wav.scp`` may run.

    Raises:
        DataError: as :meth:`DataDir.read`, or there are no utterances.
    """
    kind, described = _identity(path, allow_pipes)
    try:
        check_manifest(folder, kind, described)
        table = UtteranceTable(folder)
    except BlasrError:
        data_dir = DataDir.read(path, allow_pipes=allow_pipes)
        if not data_dir.utterances:
            raise DataError("has no utterances", path=path, fix="check it with `blasr data check`") from None
        _write(data_dir, folder, kind, described)
        table = UtteranceTable(folder)
    data_dir = DataDir(path, table, table.recordings, table.sides, allow_pipes)
    return data_dir, UtteranceSelection(table, np.arange(len(table)))


def has_table(path: Path, folder: Path, *, allow_pipes: bool = False) -> bool:
    """Whether ``folder`` has the complete table of a data directory as its files are now."""
    try:
        check_manifest(folder, *_identity(path, allow_pipes))
    except BlasrError:
        return False
    return True


def _identity(path: Path, allow_pipes: bool) -> tuple[str, list[dict[str, Any]]]:
    """Return the kind of the table of a data directory, and what it is built from."""
    sources = [file for name in sorted(TABLES) if (file := path / name).is_file()]
    return f"utterances{' with commands' if allow_pipes else ''}", describe_files(sources)


def _write(data_dir: DataDir, folder: Path, kind: str, described: list[dict[str, Any]]) -> None:
    """Write the table of a data directory that has been read."""
    utterances, source = data_dir.utterances, str(data_dir.path)
    speakers = {name: number for number, name in enumerate(sorted({item.speaker for item in utterances}))}
    recordings = {name: number for number, name in enumerate(data_dir.recordings)}
    keys = KeyCollector()
    for item in utterances:
        keys.add(item.id)

    def column(values: Iterator[Any], kind_of_number: Any) -> AnyArray:
        return np.fromiter(values, kind_of_number, len(utterances))

    columns = {
        "speaker": column((speakers[item.speaker] for item in utterances), np.int32),
        "recording": column((recordings[item.recording] for item in utterances), np.int32),
        "channel": column((-1 if item.channel is None else item.channel for item in utterances), np.int32),
        "start_seconds": column((_or_nan(item.start_seconds) for item in utterances), np.float64),
        "end_seconds": column((_or_nan(item.end_seconds) for item in utterances), np.float64),
        "speed": column((item.speed for item in utterances), np.float64),
    }
    with atomic_dir(folder) as temporary:
        keys.table(source).save(temporary)
        for name, values in columns.items():
            np.save(temporary / f"{name}.npy", values, allow_pickle=False)
        MappedTexts.save(temporary / "recordings", data_dir.recordings, source)
        names = {"speakers": list(speakers), "sides": data_dir.reco2file_and_channel}
        (temporary / _NAMES).write_text(json.dumps(names), encoding="utf-8")
        write_manifest(temporary, kind, described, {"utterances": len(utterances)})


def _or_nan(seconds: float | None) -> float:
    return float("nan") if seconds is None else seconds
