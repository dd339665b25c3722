"""Reading and writing data directories, and opening their audio."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.data.data_dir import DataDir, Utterance, check_data_dir
from blasr.errors import DataError
from tests.data.data_dirs import RAMP, edit, find_problem


def test_reading(folder: Path) -> None:
    data = DataDir.read(folder, need_text=True)
    assert check_data_dir(folder, need_text=True, open_audio=True) == []
    assert data.utterances == (
        Utterance("ann-1", "ann", "call1", 0, 0.0, 0.5, ("one", "two")),
        Utterance("ann-2", "ann", "call2", 0, 0.25, None, ()),
        Utterance("bob-1", "bob", "call1", 1, 0.5, 1.0, ("three",)),
    )
    assert [item.id for item in data.speakers()["ann"]] == ["ann-1", "ann-2"]
    assert data.seconds() == 0.5 + 0.75 + 0.5
    assert np.array_equal(data.read_audio(data.utterances[2], 8000)[0], -RAMP[4000:])
    assert np.array_equal(data.read_audio(data.utterances[1])[0], RAMP[2000:])


def test_reading_without_segments_and_text(folder: Path) -> None:
    for name in ("segments", "text", "spk2utt"):
        (folder / name).unlink()
    (folder / "utt2spk").write_text("call2 bob\ncall1 ann\n")  # blasr accepts any order
    (folder / "reco2file_and_channel").write_text("call1 call A\ncall2 call B\n")
    data = DataDir.read(folder)
    assert data.utterances == (Utterance("call1", "ann", "call1", 0), Utterance("call2", "bob", "call2", 1))
    assert data.reco2file_and_channel == {"call1": ("call", "A"), "call2": ("call", "B")}
    assert np.array_equal(data.read_audio(data.utterances[1])[0], -RAMP)
    assert data.seconds() == 2


def test_one_side_of_a_call_in_a_separate_file(folder: Path) -> None:
    """Kaldi's telephone recipes call one side of a call ``B`` even if sph2pipe has already extracted it."""
    soundfile.write(folder.parent / "call2.wav", RAMP, 8000)
    (folder / "segments").write_text("ann-1 call1 0.0 0.5 0\nann-2 call2 0.25 -1\nbob-1 call1 0.5 1.0 1\n")
    (folder / "reco2file_and_channel").write_text("call1 call1 A\ncall2 call2 B\n")
    data = DataDir.read(folder)
    assert data.utterances[1].channel == 1
    assert np.array_equal(data.read_audio(data.utterances[1])[0], RAMP[2000:])


def test_a_round_trip(folder: Path, tmp_path: Path) -> None:
    data = DataDir.read(folder)
    data.write(tmp_path / "copy")
    assert check_data_dir(tmp_path / "copy", open_audio=True) == []
    again = DataDir.read(tmp_path / "copy")
    assert dataclasses.replace(again, path=folder) == data
    assert (tmp_path / "copy" / "spk2utt").read_bytes() == (folder / "spk2utt").read_bytes()
    assert (tmp_path / "copy" / "text").read_bytes() == (folder / "text").read_bytes()


def test_writing_removes_stale_tables(folder: Path) -> None:
    data = DataDir.read(folder)
    (folder / "feats.scp").write_text("theirs\n")
    bare = tuple(Utterance(name, "x", name) for name in data.recordings)
    dataclasses.replace(data, utterances=bare).write(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["feats.scp", "spk2utt", "utt2spk", "wav.scp"]
    assert DataDir.read(folder).utterances == bare


names = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=6)
times = st.floats(0, 1e5, allow_subnormal=False)


@st.composite
def data_dirs(draw: st.DrawFn) -> DataDir:
    segmented, transcribed, sided = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    recordings: dict[str, str] = {}
    utterances = []
    for name in sorted(draw(st.sets(names, min_size=1, max_size=8))):
        recording = f"r{len(recordings) // 2}" if segmented else name
        recordings[recording] = draw(names).rstrip("|") + "/a b.wav"
        start = draw(times) if segmented else None
        end = None if start is None or draw(st.booleans()) else start + 0.125
        words = tuple(draw(st.lists(names, max_size=3))) if transcribed else None
        utterances.append(Utterance(name, draw(names), recording, 1 if sided else None, start, end, words))
    sides = dict.fromkeys(recordings, ("f", "B")) if sided else {}
    return DataDir(Path(), tuple(utterances), recordings, sides)


@given(data_dirs())
@settings(deadline=None, max_examples=60)
def test_any_directory_round_trips(tmp_path_factory: pytest.TempPathFactory, data: DataDir) -> None:
    folder = tmp_path_factory.mktemp("data")
    data.write(folder)
    again = DataDir.read(folder)
    assert dataclasses.replace(again, path=Path()) == data
    fatal = [problem for problem in check_data_dir(folder) if problem.fatal]
    assert fatal == []


def test_subsets(folder: Path) -> None:
    data = DataDir.read(folder)
    subset = data.subset(["ann-2"])
    assert [item.id for item in subset.utterances] == ["ann-2"]
    assert list(subset.recordings) == ["call2"]
    assert len(data.subset([])) == 0
    with pytest.raises(DataError, match=r"2 of the requested utterances are missing, first eve"):
        data.subset(["ann-1", "eve", "zoe"])


def test_opening_the_audio(folder: Path) -> None:
    audio = folder.parent
    soundfile.write(audio / "call2.wav", np.stack([RAMP, RAMP], axis=1), 16000)
    edit("segments", "call1 0.5 1.0", "call1 0.5 1.7")(folder)
    assert check_data_dir(folder) == []
    problems = check_data_dir(folder, open_audio=True)
    find_problem(problems, folder, "segments", 3, "bob-1: the segment from 0.500 to 1.700 s is outside")
    assert sum("Hz" in problem.message for problem in problems) == 1
    data = (audio / "call1.wav").read_bytes()
    (audio / "call1.wav").write_bytes(data[:9000])
    find_problem(check_data_dir(folder, open_audio=True), folder, "wav.scp", 1, "call1.wav is truncated")


def test_commands_in_wav_scp(folder: Path) -> None:
    wav = folder.parent / "call2.wav"
    edit("wav.scp", f"call2 {wav}", f"call2 cat {wav} |")(folder)
    assert check_data_dir(folder, allow_pipes=True, open_audio=True) == []
    data = DataDir.read(folder, allow_pipes=True)
    assert np.array_equal(data.read_audio(data.utterances[1])[0], RAMP[2000:])
    edit("wav.scp", "call2.wav", "call3.wav")(folder)
    problems = check_data_dir(folder, allow_pipes=True, open_audio=True)
    find_problem(problems, folder, "wav.scp", 2, "failed with status 1")
