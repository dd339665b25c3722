from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.data.data_dir import DataDir, Problem, Utterance, check_data_dir
from blasr.errors import DataError

RAMP = np.arange(8000, dtype=np.int16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A faultless data directory: two calls of one second, three segments, two speakers."""
    for name in ("call1", "call2"):
        soundfile.write(tmp_path / f"{name}.wav", np.stack([RAMP, -RAMP], axis=1), 8000)
    path = tmp_path / "data"
    path.mkdir()
    tables = {
        "wav.scp": f"call1 {tmp_path}/call1.wav\ncall2 {tmp_path}/call2.wav\n",
        "segments": "ann-1 call1 0.0 0.5 0\nann-2 call2 0.25 -1 0\nbob-1 call1 0.5 1.0 1\n",
        "utt2spk": "ann-1 ann\nann-2 ann\nbob-1 bob\n",
        "spk2utt": "ann ann-1 ann-2\nbob bob-1\n",
        "text": "ann-1 one two\nann-2\nbob-1 three\n",
    }
    for name, content in tables.items():
        (path / name).write_text(content)
    return path


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
    (folder / "utt2spk").write_text("call2 bob\ncall1 ann\n")  # blasr does not mind the order
    (folder / "reco2file_and_channel").write_text("call1 call A\ncall2 call B\n")
    data = DataDir.read(folder)
    assert data.utterances == (Utterance("call1", "ann", "call1", 0), Utterance("call2", "bob", "call2", 1))
    assert data.reco2file_and_channel == {"call1": ("call", "A"), "call2": ("call", "B")}
    assert np.array_equal(data.read_audio(data.utterances[1])[0], -RAMP)
    assert data.seconds() == 2


def test_a_side_of_a_call_in_a_file_of_its_own(folder: Path) -> None:
    """Kaldi's telephone recipes name one side of a call ``B`` even where sph2pipe has taken it out already."""
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


def test_writing_leaves_nothing_stale(folder: Path) -> None:
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
    with pytest.raises(DataError, match=r"2 utterance\(s\) asked for are not there, such as eve"):
        data.subset(["ann-1", "eve", "zoe"])


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / name
        data = path.read_bytes()
        assert old.encode() in data
        path.write_bytes(data.replace(old.encode(), new.encode("utf-8", "surrogateescape")))

    return apply


def write(name: str, content: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_text(content)

    return apply


def remove(*names: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return apply


FATAL = [
    (remove("wav.scp"), "wav.scp", None, "no such file"),
    (remove("utt2spk"), "utt2spk", None, "no such file"),
    (remove("wav.scp", "segments", "utt2spk", "spk2utt", "text"), "", None, "is an empty folder"),
    (write("segments", ""), "segments", None, "is empty"),
    (write("wav.scp", ""), "wav.scp", None, "is empty"),
    (edit("wav.scp", "call2 ", "call1 "), "wav.scp", 2, "call1 stands here again, first on line 1"),
    (edit("utt2spk", "ann-2 ann", "ann-2"), "utt2spk", 2, "found only 'ann-2', expected UTTERANCE SPEAKER"),
    (edit("utt2spk", "ann-2 ann", "ann-2 ann eve"), "utt2spk", 2, "found 'ann eve' for ann-2, expected one speaker"),
    (edit("utt2spk", "ann-2 ann\n", ""), "segments", 2, "ann-2 has no speaker in utt2spk"),
    (edit("utt2spk", "ann-2", "ann-3"), "utt2spk", 2, "ann-3 has no audio in segments"),
    (edit("utt2spk", "ann-2 ann\n", "\n"), "utt2spk", 2, "is blank"),
    (edit("utt2spk", "ann-2 ann\n", "ann-2 ann\r\n"), "utt2spk", 2, "ends with a carriage return"),
    (edit("text", "two", "tw\udce9"), "text", 1, "is not UTF-8 (byte 0xe9)"),
    (edit("text", "ann-1", "\ufeffann-1"), "text", 1, "starts with a byte order mark"),
    (edit("segments", "0.25", "nan"), "segments", 2, "ann-2: found 'nan', expected a finite time in seconds"),
    (edit("segments", "0.25", "x"), "segments", 2, "ann-2: found 'x', expected a time in seconds"),
    (edit("segments", "0.25", "-3"), "segments", 2, "ann-2: the segment starts at -3 s, before the recording"),
    (edit("segments", "0.0 0.5", "0.5 0.5"), "segments", 1, "ends at 0.5 s, not after its start at 0.5 s"),
    (edit("segments", "0.25 -1 0", "0.25"), "segments", 2, "found 3 fields, expected UTTERANCE RECORDING START END"),
    (edit("segments", "0.25 -1 0", "0.25 -1 B"), "segments", 2, "found channel 'B', expected a number from 0"),
    (edit("segments", "ann-2 call2", "ann-2 call3"), "segments", 2, "the recording call3 of ann-2 is not in wav.scp"),
    (edit("wav.scp", "call2.wav", "call2.wav |"), "wav.scp", 2, "the entry of call2 is a command"),
    (write("reco2file_and_channel", "call1 call1 left\ncall2 c A\n"), "reco2file_and_channel", 1, "found 'call1 left'"),
]

KALDI_ONLY = [
    (edit("utt2spk", "ann-1 ann\nann-2 ann\n", "ann-2 ann\nann-1 ann\n"), "utt2spk", 2, "ann-1 comes after ann-2"),
    (edit("utt2spk", "bob-1 bob\n", "bob-1 bob"), "utt2spk", 3, "the last line does not end"),
    (edit("utt2spk", "ann-1 ann", "ann-1 cid"), "utt2spk", 2, "the speaker ann comes after cid"),
    (remove("spk2utt"), "spk2utt", None, "no such file"),
    (edit("spk2utt", " ann-2", ""), "utt2spk", 2, "ann-2 is not in spk2utt"),
    (edit("spk2utt", "bob bob-1", "bob ann-2 bob-1"), "spk2utt", 2, "ann-2 belongs to bob here and to ann in utt2spk"),
    (edit("spk2utt", "bob-1", "bob-1 eve"), "spk2utt", 2, "eve belongs to bob here and to nobody in utt2spk"),
    (edit("segments", "call2", "call1"), "wav.scp", 2, "no segment uses the recording call2"),
    (
        edit("text", "two", "two\u00a0too"),
        "text",
        1,
        "the word 'two\\xa0too' of ann-1 holds a character that looks like",
    ),
    (edit("wav.scp", "call2.wav", "call3.wav"), "wav.scp", 2, "call3.wav no such audio file"),
    (write("reco2file_and_channel", "call1 call1 A\n"), "wav.scp", 2, "call2 is not in reco2file_and_channel"),
]

TEXT_ONLY = [
    (remove("text"), "text", None, "no such file"),
    (edit("text", "ann-2\n", ""), "segments", 2, "ann-2 has no transcript in text"),
    (edit("text", "bob-1", "cid-1"), "text", 3, "cid-1 has no audio in segments"),
]


def find(problems: list[Problem], folder: Path, name: str, line: int | None, message: str) -> Problem:
    place = folder / name if name else folder
    found = [item for item in problems if item.path == place and item.line == line and message in item.message]
    assert found, problems
    assert found[0].fix
    return found[0]


@pytest.mark.parametrize(("spoil", "name", "line", "message"), FATAL, ids=lambda value: str(value)[:50])
def test_what_makes_a_directory_unusable(
    folder: Path, spoil: Callable[[Path], None], name: str, line: int | None, message: str
) -> None:
    spoil(folder)
    assert find(check_data_dir(folder), folder, name, line, message).fatal
    with pytest.raises(DataError) as caught:
        DataDir.read(folder)
    assert str(folder) in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(("spoil", "name", "line", "message"), KALDI_ONLY, ids=lambda value: str(value)[:50])
def test_what_only_kaldi_minds_when_reading(
    folder: Path, spoil: Callable[[Path], None], name: str, line: int | None, message: str
) -> None:
    spoil(folder)
    assert not find(check_data_dir(folder), folder, name, line, message).fatal
    assert len(DataDir.read(folder)) == 3


@pytest.mark.parametrize(("spoil", "name", "line", "message"), TEXT_ONLY, ids=lambda value: str(value)[:50])
def test_transcripts_are_needed_when_asked_for(
    folder: Path, spoil: Callable[[Path], None], name: str, line: int | None, message: str
) -> None:
    spoil(folder)
    assert find(check_data_dir(folder, need_text=True), folder, name, line, message).fatal
    assert len(DataDir.read(folder)) == 3
    with pytest.raises(DataError, match=name):
        DataDir.read(folder, need_text=True)


def test_the_first_problem_is_raised_and_the_others_counted(folder: Path) -> None:
    edit("segments", "0.25", "nan")(folder)
    edit("segments", "ann-1 call1", "ann-1 call9")(folder)
    with pytest.raises(DataError, match=r"segments:1: .*call9.* \(and 1 more: blasr data check"):
        DataDir.read(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none", "no such folder"), (tmp_path / "file", "is no folder")):
        (tmp_path / "file").touch()
        with pytest.raises(DataError, match=message):
            DataDir.read(path)


def test_opening_the_audio(folder: Path) -> None:
    audio = folder.parent
    soundfile.write(audio / "call2.wav", np.stack([RAMP, RAMP], axis=1), 16000)
    edit("segments", "call1 0.5 1.0", "call1 0.5 1.7")(folder)
    assert check_data_dir(folder) == []
    problems = check_data_dir(folder, open_audio=True)
    find(problems, folder, "segments", 3, "bob-1 ends beyond call1, which lasts 1.000 s")
    assert sum("Hz" in problem.message for problem in problems) == 1
    data = (audio / "call1.wav").read_bytes()
    (audio / "call1.wav").write_bytes(data[:9000])
    find(check_data_dir(folder, open_audio=True), folder, "wav.scp", 1, "call1.wav is truncated")


def test_commands_in_wav_scp(folder: Path) -> None:
    wav = folder.parent / "call2.wav"
    edit("wav.scp", f"call2 {wav}", f"call2 cat {wav} |")(folder)
    assert check_data_dir(folder, allow_pipes=True, open_audio=True) == []
    data = DataDir.read(folder, allow_pipes=True)
    assert np.array_equal(data.read_audio(data.utterances[1])[0], RAMP[2000:])
    edit("wav.scp", "call2.wav", "call3.wav")(folder)
    problems = check_data_dir(folder, allow_pipes=True, open_audio=True)
    find(problems, folder, "wav.scp", 2, "failed with status 1")
