from __future__ import annotations

import copy
import os
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError, FormatError, MismatchError
from blasr.io import read_alignments, write_alignments
from blasr.io.kaldi.alignment_index import AlignmentIndex
from blasr.io.kaldi.label_parts import LabelConversion
from blasr.units import IntArray


@pytest.fixture
def alignments(tmp_path: Path) -> Path:
    folder = tmp_path / "ali"
    write_alignments(folder / "ali.1.gz", [("b", np.array([3, 1, 2])), ("a", np.array([], np.int32))])
    write_alignments(folder / "ali.2.gz", [("é", np.array([7]))])
    return folder


def test_labels_are_looked_up_by_utterance(alignments: Path, tmp_path: Path) -> None:
    index = AlignmentIndex.build(alignments, tmp_path / "index")
    assert list(index) == ["b", "a", "é"]
    assert (len(index), index.num_frames) == (3, 4)
    assert {utterance: labels.tolist() for utterance, labels in index.items()} == {"b": [3, 1, 2], "a": [], "é": [7]}
    assert "b" in index and "c" not in index
    assert not index["b"].flags.writeable
    with pytest.raises(KeyError):
        index["c"]


def test_alignments_written_by_kaldi(golden: Path, tmp_path: Path) -> None:
    source = golden / "fsdd_tri1" / "ali.1.gz"
    index = AlignmentIndex.build(source, tmp_path / "index")
    expected = dict(read_alignments(source))
    assert list(index) == list(expected)
    for utterance, labels in expected.items():
        np.testing.assert_array_equal(index[utterance], labels)


def test_an_index_is_stale_when_an_archive_changes(alignments: Path, tmp_path: Path) -> None:
    AlignmentIndex.build(alignments, tmp_path / "index")
    index = AlignmentIndex.open_or_build(alignments, tmp_path / "index")
    inode = (tmp_path / "index" / "labels.npy").stat().st_ino
    assert len(index) == 3
    AlignmentIndex.open_or_build(alignments, tmp_path / "index")
    assert (tmp_path / "index" / "labels.npy").stat().st_ino == inode
    write_alignments(alignments / "ali.2.gz", [("c", np.array([1, 1]))])
    os.utime(alignments / "ali.2.gz", ns=(1, 1))
    with pytest.raises(DataError, match=r"stale.*ali\.2\.gz"):
        AlignmentIndex(tmp_path / "index")
    assert list(AlignmentIndex.open_or_build(alignments, tmp_path / "index")) == ["b", "a", "c"]
    write_alignments(alignments / "ali.3.gz", [("d", np.array([1]))])
    assert "d" in AlignmentIndex.open_or_build(alignments, tmp_path / "index")
    (alignments / "ali.3.gz").unlink()
    with pytest.raises(DataError, match=r"stale.*ali\.3\.gz is gone"):
        AlignmentIndex(tmp_path / "index")


def test_labels_can_be_converted(alignments: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.touch()
    index = AlignmentIndex.build(alignments, tmp_path / "index", LabelConversion(lambda ids: ids * 2, files=(model,)))
    assert index["b"].tolist() == [6, 2, 4]
    os.utime(model, ns=(1, 1))
    with pytest.raises(DataError, match="stale"):
        AlignmentIndex(tmp_path / "index")

    def refuse(ids: IntArray) -> IntArray:
        raise MismatchError("no such transition-id")

    with pytest.raises(MismatchError, match="utterance b"):
        AlignmentIndex.build(alignments, tmp_path / "other", LabelConversion(refuse))
    assert not (tmp_path / "other").exists()


def test_missing_and_damaged_indexes_are_refused(alignments: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no index here"):
        AlignmentIndex(tmp_path / "absent")
    with pytest.raises(FormatError, match="cannot be opened"):
        AlignmentIndex.build(tmp_path / "absent", tmp_path / "index")
    index = tmp_path / "index"
    AlignmentIndex.build(alignments, index)
    np.save(index / "offsets.npy", np.zeros(9, np.int64))
    with pytest.raises(FormatError, match="do not fit"):
        AlignmentIndex(index)
    (index / "offsets.npy").write_bytes(b"x")
    with pytest.raises(FormatError, match="built again"):
        AlignmentIndex(index)
    (index / "index.json").write_text("[]")
    with pytest.raises(FormatError, match="manifest"):
        AlignmentIndex(index)


def test_an_utterance_that_appears_twice_is_refused(alignments: Path, tmp_path: Path) -> None:
    write_alignments(alignments / "ali.3.gz", [("b", np.array([1]))])
    with pytest.raises(DataError, match="utterance b: the utterance appears twice"):
        AlignmentIndex.build(alignments, tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_a_set_without_utterances_is_refused(tmp_path: Path) -> None:
    write_alignments(tmp_path / "ali.1.gz", [])
    with pytest.raises(DataError, match=r"ali\.1\.gz: aligns no utterance"):
        AlignmentIndex.build(tmp_path / "ali.1.gz", tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_another_process_maps_the_files(alignments: Path, tmp_path: Path) -> None:
    index = AlignmentIndex.build(alignments, tmp_path / "index")
    second = copy.copy(index)  # as pickle does
    assert second.fingerprint == index.fingerprint
    assert second["b"].tolist() == [3, 1, 2]


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_labels_are_counted_in_blocks(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blasr.io.kaldi.alignment_index._BLOCK_FRAMES", block)
    lengths = [4, 0, 2, 7]
    labels = [np.arange(length, dtype=np.int32) % 3 for length in lengths]
    write_alignments(tmp_path / "ali.1.gz", ((f"u{n}", item) for n, item in enumerate(labels)))
    index = AlignmentIndex.build(tmp_path / "ali.1.gz", tmp_path / "index")
    for rows in ([0, 1, 2, 3], [3, 1], [1], []):
        chosen = np.array(rows, np.int64)
        expected = np.bincount(np.concatenate([[], *(labels[row] for row in rows)]).astype(int), minlength=5)
        assert index.counts(chosen, 5).tolist() == expected.tolist()
        assert index.num_frames_of(chosen).tolist() == [lengths[row] for row in rows]


def test_several_processes_give_the_same_index(tmp_path: Path) -> None:
    source = tmp_path / "ali"
    source.mkdir()
    random = np.random.default_rng(0)
    items = [(f"u{number}", random.integers(0, 50, number).astype(np.int32)) for number in range(30)]
    for number in range(4):  # the third one is empty
        chosen = [] if number == 2 else items[number * 7 : None if number == 3 else number * 7 + 7]
        write_alignments(source / f"ali.{number + 1}.gz", chosen)
    kept = [item for item in items if item[0] not in {f"u{number}" for number in range(14, 21)}]
    write_alignments(tmp_path / "one.gz", kept)
    expected = AlignmentIndex.build(tmp_path / "one.gz", tmp_path / "expected")
    found = AlignmentIndex.build(source, tmp_path / "index", num_jobs=2)
    assert list(found) == [name for name, _ in kept] == list(expected)
    assert found.fingerprint == expected.fingerprint
    for name in ("labels", "offsets", "names", "name_offsets", "hashes", "rows"):
        files = [tmp_path / folder / f"{name}.npy" for folder in ("index", "expected")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ali", "expected", "index", "one.gz"]


def test_an_utterance_in_two_archives_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "ali"
    source.mkdir()
    for number in (1, 2):
        write_alignments(source / f"ali.{number}.gz", [("u1", np.array([1], np.int32))])
    with pytest.raises(DataError, match="utterance u1: the utterance appears twice"):
        AlignmentIndex.build(source, tmp_path / "index")
    assert not (tmp_path / "index").exists()
