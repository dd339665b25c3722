from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError
from blasr.io.kaldi import key_table
from blasr.io.kaldi.key_table import (
    KeyCollector,
    KeyTable,
    check_manifest,
    describe_files,
    load_array,
    take_ranges,
    write_manifest,
)


def table_of(*keys: str) -> KeyTable:
    collector = KeyCollector()
    for key in keys:
        collector.add(key)
    return collector.table("ali")


@given(st.lists(st.text(min_size=1, max_size=5), unique=True))
def test_every_id_leads_to_its_row(keys: list[str]) -> None:
    table = table_of(*keys)
    assert list(table) == keys
    assert [table.row(key) for key in keys] == list(range(len(keys)))
    assert table.row("longer than five") is None


def test_ids_with_equal_hashes_are_distinguished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_table, "_hash", len)
    table = table_of("aa", "bb", "c")
    assert [table.row(key) for key in ("aa", "bb", "c", "dd")] == [0, 1, 2, None]


IDS = st.lists(st.text(min_size=1, max_size=3), unique=True)


@given(IDS, IDS)
def test_the_rows_of_another_table(keys: list[str], others: list[str]) -> None:
    expected = [keys.index(key) if key in keys else -1 for key in others]
    assert table_of(*keys).rows_of(table_of(*others)).tolist() == expected


@pytest.mark.parametrize("block", [1, 2, 100])
def test_the_rows_of_another_table_with_equal_hashes(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_table, "_hash", len)
    monkeypatch.setattr(key_table, "_BLOCK_ROWS", block)
    table = table_of("aa", "bb", "c", "\u00e9")  # the last one has two bytes
    others = table_of("bb", "x", "\u00e9", "c", "zz", "aa", "longer")
    assert table.rows_of(others).tolist() == [1, -1, 3, 2, -1, 0, -1]


@pytest.mark.parametrize("block", [1, 2, 100])
def test_the_ids_of_rows_as_lines(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_table, "_BLOCK_ROWS", block)
    table = table_of("a", "bb", "", "\u00e9")
    assert b"".join(table.lines(np.array([3, 0, 2, 1]))).decode() == "\u00e9\na\n\nbb\n"
    assert list(table.lines(np.zeros(0, np.int64))) == []


def test_ranges_are_joined() -> None:
    array = np.arange(10, 20)
    assert take_ranges(array, np.array([7, 0, 3]), np.array([3, 0, 2])).tolist() == [17, 18, 19, 13, 14]
    assert take_ranges(array, np.zeros(0, int), np.zeros(0, int)).tolist() == []


def test_an_id_that_appears_twice_is_refused() -> None:
    with pytest.raises(DataError, match="ali: utterance a: the utterance appears twice"):
        table_of("a", "b", "a")


def test_tables_are_joined() -> None:
    tables = [table_of("a", "\u00e9"), table_of(), table_of("bb")]
    joined, expected = KeyTable.joined(tables, "ali"), table_of("a", "\u00e9", "bb")
    for name in ("names", "name_offsets", "hashes", "rows"):
        assert np.array_equal(getattr(joined, name), getattr(expected, name))
    with pytest.raises(DataError, match="ali: utterance bb: the utterance appears twice"):
        KeyTable.joined([*tables, table_of("c", "bb")], "ali")


def test_a_saved_table_is_mapped(tmp_path: Path) -> None:
    table_of("a", "é").save(tmp_path)
    table = KeyTable.load(tmp_path)
    assert (list(table), table.row("é"), len(table)) == (["a", "é"], 1, 2)
    assert not table.names.flags.writeable


def test_damaged_arrays_are_refused(tmp_path: Path) -> None:
    table_of("a", "b").save(tmp_path)
    np.save(tmp_path / "rows.npy", np.zeros(3, np.int64))
    with pytest.raises(FormatError, match="do not fit each other"):
        KeyTable.load(tmp_path)
    np.save(tmp_path / "rows.npy", np.zeros((2, 1), np.int64))
    with pytest.raises(FormatError, match="'rows' of the index has 2 dimensions"):
        KeyTable.load(tmp_path)
    with pytest.raises(FormatError, match="'absent' of the index cannot be read"):
        load_array(tmp_path, "absent")


def test_the_manifest_notices_changed_files(tmp_path: Path) -> None:
    source = tmp_path / "ali.1.gz"
    source.write_bytes(b"1")
    write_manifest(tmp_path, "alignments", describe_files([source]), {"frames": 7})
    assert check_manifest(tmp_path, "alignments")["frames"] == 7
    with pytest.raises(FormatError, match="not an index of posteriors"):
        check_manifest(tmp_path, "posteriors")
    with pytest.raises(DataError, match=r"the index is stale: .*ali\.1\.gz has changed since"):
        check_manifest(tmp_path, "alignments", [])
    os.utime(source, ns=(1, 1))
    with pytest.raises(DataError, match=r"the index is stale: .*ali\.1\.gz has changed since"):
        check_manifest(tmp_path, "alignments")
    source.unlink()
    with pytest.raises(DataError, match="is gone"):
        check_manifest(tmp_path, "alignments")
    with pytest.raises(FormatError, match="there is no index here"):
        check_manifest(tmp_path / "absent", "alignments")
