"""Memory-mapped utterances are the utterances of the data directory, and follow its files."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.data.data_dir import DataDir, Utterance
from blasr.data.utterance_table import UtteranceSelection, UtteranceTable, open_data_dir
from blasr.errors import DataError, FormatError

SEGMENTS = (
    Utterance("ann-1", "ann", "r1", 0, 0.25, 0.75, ("a", "word")),
    Utterance("ann-2", "ann", "r1", 1, 0.5, None, ("\u00e9t\u00e9",)),
    Utterance("bob-1", "bob", "r2", None, 0.0, 1.0, None),
)


@pytest.fixture
def segmented(tmp_path: Path) -> DataDir:
    for name in ("r1", "r2"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros((8000, 2), np.int16), 8000)
    DataDir(tmp_path, SEGMENTS, {name: str(tmp_path / f"{name}.wav") for name in ("r1", "r2")}).write(tmp_path / "data")
    return DataDir.read(tmp_path / "data")


def without_words(data_dir: DataDir) -> list[Utterance]:
    return [replace(utterance, words=None) for utterance in data_dir.utterances]


def test_the_table_has_all_but_the_words(segmented: DataDir, tmp_path: Path) -> None:
    mapped, by_id = open_data_dir(segmented.path, tmp_path / "table")
    assert list(mapped.utterances) == without_words(segmented) == list(by_id.values())
    assert mapped.utterances[1:] == without_words(segmented)[1:] and mapped.utterances[-1].id == "bob-1"
    assert dict(mapped.recordings) == segmented.recordings and mapped.speakers().keys() == {"ann", "bob"}
    assert list(by_id) == ["ann-1", "ann-2", "bob-1"]
    for name in ("ann-1", "ann-2"):
        np.testing.assert_array_equal(mapped.read_audio(by_id[name])[0], segmented.read_audio(by_id[name])[0])


def test_speeds_sides_and_channels(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "r.wav", np.zeros((8000, 2), np.int16), 8000)
    (tmp_path / "wav.scp").write_text(f"call-A {tmp_path}/r.wav\ncall-B {tmp_path}/r.wav\n")
    (tmp_path / "utt2spk").write_text("call-A a\ncall-B b\n")
    (tmp_path / "reco2file_and_channel").write_text("call-A call A\ncall-B call B\n")
    plain, (mapped, by_id) = DataDir.read(tmp_path), open_data_dir(tmp_path, tmp_path / "table")
    assert list(mapped.utterances) == list(plain.utterances) and by_id["call-B"].channel == 1
    assert mapped.reco2file_and_channel == plain.reco2file_and_channel


def test_a_selection_has_no_others(segmented: DataDir, tmp_path: Path) -> None:
    by_id = open_data_dir(segmented.path, tmp_path / "table")[1]
    chosen = by_id.select([0, 2])
    assert list(chosen) == ["ann-1", "bob-1"] and "ann-2" not in chosen and "zoe" not in chosen
    with pytest.raises(KeyError):
        chosen["ann-2"]
    by_place = chosen.values_by_place()
    assert list(by_place) == list(chosen.values()) and len(by_place) == 2 and by_place[-1] == by_place[1:][0]
    again: UtteranceSelection = pickle.loads(pickle.dumps(chosen.select([1])))  # noqa: S301
    assert dict(again) == {"bob-1": by_id["bob-1"]}


def test_selections_as_arrays(segmented: DataDir, tmp_path: Path) -> None:
    by_id = open_data_dir(segmented.path, tmp_path / "table")[1]
    chosen = by_id.select(np.array([0, 2]))
    assert list(chosen.names) == ["ann-1", "bob-1"] and list(chosen.names[1:]) == ["bob-1"]
    assert chosen.speakers.tolist() == [0, 1] and chosen.table.speakers == ["ann", "bob"]
    segmented.subset(["ann-2", "bob-1"]).write(tmp_path / "other")
    other = open_data_dir(tmp_path / "other", tmp_path / "other_table")[1]
    assert chosen.rows_in(other.table.keys).tolist() == [-1, 1]
    assert other.contains_rows_of(by_id).tolist() == [False, True, True]
    assert other.select([0]).contains_rows_of(by_id).tolist() == [False, True, False]
    digest = hashlib.sha256()
    chosen.digest_into(digest)
    assert digest.digest() == hashlib.sha256(b"ann-1\nbob-1\n").digest()


def test_it_is_built_again_when_a_file_changes(
    segmented: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_data_dir(segmented.path, tmp_path / "table")
    with monkeypatch.context() as patch:
        patch.setattr(DataDir, "read", None)
        assert len(open_data_dir(segmented.path, tmp_path / "table")[1]) == 3
    segmented.subset(["bob-1"]).write(segmented.path)
    assert list(open_data_dir(segmented.path, tmp_path / "table")[1]) == ["bob-1"]
    (tmp_path / "table/names.json").write_text("{")
    with pytest.raises(FormatError, match="the names cannot be read"):
        UtteranceTable(tmp_path / "table")
    assert list(open_data_dir(segmented.path, tmp_path / "table")[1]) == ["bob-1"]


def test_commands_need_permission_again(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("u cat u.wav |\n")
    (tmp_path / "utt2spk").write_text("u s\n")
    assert open_data_dir(tmp_path, tmp_path / "table", allow_pipes=True)[0].allow_pipes
    with pytest.raises(DataError, match="command"):
        open_data_dir(tmp_path, tmp_path / "table")


def test_no_utterances(tmp_path: Path) -> None:
    for name in ("wav.scp", "utt2spk"):
        (tmp_path / name).touch()
    with pytest.raises(DataError):
        open_data_dir(tmp_path, tmp_path / "table")
    assert not (tmp_path / "table").exists()
