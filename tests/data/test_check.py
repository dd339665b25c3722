"""Every problem that makes a data directory unusable, and those that only Kaldi's scripts refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blasr.data.check import parse_channel, parse_segment, split_fields
from blasr.data.data_dir import DataDir, check_data_dir
from blasr.errors import DataError
from tests.data.data_dirs import edit, find_problem, overwrite, remove

FATAL = [
    (remove("wav.scp"), "wav.scp", None, "no such file"),
    (remove("utt2spk"), "utt2spk", None, "no such file"),
    (remove("wav.scp", "segments", "utt2spk", "spk2utt", "text"), "", None, "is an empty folder"),
    (overwrite("segments", ""), "segments", None, "is empty"),
    (overwrite("wav.scp", ""), "wav.scp", None, "is empty"),
    (edit("wav.scp", "call2 ", "call1 "), "wav.scp", 2, "call1 appears twice, first on line 1"),
    (edit("utt2spk", "ann-2 ann", "ann-2"), "utt2spk", 2, "found only 'ann-2', expected UTTERANCE SPEAKER"),
    (edit("utt2spk", "ann-2 ann", "ann-2 ann eve"), "utt2spk", 2, "found 'ann eve' for ann-2, expected one speaker"),
    (edit("utt2spk", "ann-2 ann\n", ""), "segments", 2, "ann-2 has no speaker in utt2spk"),
    (edit("utt2spk", "ann-2", "ann-3"), "utt2spk", 2, "ann-3 has no audio in segments"),
    (edit("utt2spk", "ann-2 ann\n", "\n"), "utt2spk", 2, "is blank"),
    (edit("text", "two", "tw\udce9"), "text", 1, "is not UTF-8 (byte 0xe9)"),
    (edit("text", "two", "two\u00a0too"), "text", 1, "found U+00A0 (NO-BREAK SPACE)"),
    (edit("wav.scp", "call2.wav", "call2.wav\x0b"), "wav.scp", 2, "found U+000B (VERTICAL TAB)"),
    (edit("text", "two", "#0"), "text", 1, "ann-1: '#0' is reserved"),
    (edit("text", "two", "<eps>"), "text", 1, "ann-1: '<eps>' is reserved"),
    (edit("segments", "0.25", "nan"), "segments", 2, "ann-2: found 'nan', expected a finite time in seconds"),
    (edit("segments", "0.25", "x"), "segments", 2, "ann-2: found 'x', expected a time in seconds"),
    (edit("segments", "0.25", "-3"), "segments", 2, "ann-2: the segment starts at -3 s, before the recording"),
    (edit("segments", "0.0 0.5", "0.5 0.5"), "segments", 1, "ends at 0.5 s, not after its start at 0.5 s"),
    (edit("segments", "0.25 -1 0", "0.25"), "segments", 2, "found 3 fields, expected UTTERANCE RECORDING START END"),
    (edit("segments", "0.25 -1 0", "0.25 -1 B"), "segments", 2, "found channel 'B', expected a number from 0"),
    (edit("segments", "ann-2 call2", "ann-2 call3"), "segments", 2, "the recording call3 of ann-2 is not in wav.scp"),
    (edit("wav.scp", "call2.wav", "call2.wav |"), "wav.scp", 2, "call2.wav is a file, not a program"),
    (edit("wav.scp", "call2.wav", "call2.wav cat |"), "wav.scp", 2, "the entry of call2 is a command"),
    (
        overwrite("reco2file_and_channel", "call1 call1 left\ncall2 c A\n"),
        "reco2file_and_channel",
        1,
        "found 'call1 left'",
    ),
]

KALDI_ONLY = [
    (edit("utt2spk", "ann-1 ann\nann-2 ann\n", "ann-2 ann\nann-1 ann\n"), "utt2spk", 2, "ann-1 comes after ann-2"),
    (edit("utt2spk", "bob-1 bob\n", "bob-1 bob"), "utt2spk", 3, "the last line has no newline"),
    (edit("utt2spk", "ann-1 ann", "ann-1 cid"), "utt2spk", 2, "the speaker ann comes after cid"),
    (remove("spk2utt"), "spk2utt", None, "no such file"),
    (edit("spk2utt", " ann-2", ""), "utt2spk", 2, "ann-2 is not in spk2utt"),
    (edit("spk2utt", "bob bob-1", "bob ann-2 bob-1"), "spk2utt", 2, "ann-2 belongs to bob here, and to ann in utt2spk"),
    (edit("spk2utt", "bob-1", "bob-1 eve"), "spk2utt", 2, "eve belongs to bob here, and to no speaker in utt2spk"),
    (edit("segments", "call2", "call1"), "wav.scp", 2, "no segment uses the recording call2"),
    (edit("utt2spk", "ann-2 ann\n", "ann-2 ann\r\n"), "utt2spk", 2, "1 line(s) end with a carriage return"),
    (edit("text", "ann-1", "\ufeffann-1"), "text", 1, "starts with a byte order mark"),
    (edit("wav.scp", "call2.wav", "call3.wav"), "wav.scp", 2, "call3.wav no such audio file"),
    (overwrite("reco2file_and_channel", "call1 call1 A\n"), "wav.scp", 2, "call2 is not in reco2file_and_channel"),
]

TEXT_ONLY = [
    (remove("text"), "text", None, "no such file"),
    (edit("text", "ann-2\n", ""), "segments", 2, "ann-2 has no transcript in text"),
    (edit("text", "bob-1", "cid-1"), "text", 3, "cid-1 has no audio in segments"),
]


@pytest.mark.parametrize(("spoil", "name", "line", "message"), FATAL, ids=lambda value: str(value)[:50])
def test_fatal_problems_are_reported_and_raised(
    folder: Path, spoil: Callable[[Path], None], name: str, line: int | None, message: str
) -> None:
    spoil(folder)
    assert find_problem(check_data_dir(folder), folder, name, line, message).fatal
    with pytest.raises(DataError) as caught:
        DataDir.read(folder)
    assert str(folder) in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(("spoil", "name", "line", "message"), KALDI_ONLY, ids=lambda value: str(value)[:50])
def test_problems_that_only_kaldi_refuses_are_reported_and_not_raised(
    folder: Path, spoil: Callable[[Path], None], name: str, line: int | None, message: str
) -> None:
    spoil(folder)
    assert not find_problem(check_data_dir(folder), folder, name, line, message).fatal
    assert len(DataDir.read(folder)) == 3


@pytest.mark.parametrize(("spoil", "name", "line", "message"), TEXT_ONLY, ids=lambda value: str(value)[:50])
def test_transcripts_are_required_on_request(
    folder: Path, spoil: Callable[[Path], None], name: str, line: int | None, message: str
) -> None:
    spoil(folder)
    assert find_problem(check_data_dir(folder, need_text=True), folder, name, line, message).fatal
    assert len(DataDir.read(folder)) == 3
    with pytest.raises(DataError, match=name):
        DataDir.read(folder, need_text=True)


def test_the_first_problem_is_raised_and_the_others_are_counted(folder: Path) -> None:
    edit("segments", "0.25", "nan")(folder)
    edit("segments", "ann-1 call1", "ann-1 call9")(folder)
    with pytest.raises(DataError, match=r"segments:1: .*call9.* \(and 1 more: blasr data check"):
        DataDir.read(folder)
    for name in ("text", "utt2spk"):
        (folder / name).unlink()
    with pytest.raises(DataError, match=r"\(and 1 more: blasr data check --need-text "):
        DataDir.read(folder, need_text=True)


def test_byte_order_marks_and_carriage_returns_change_nothing(folder: Path) -> None:
    clean = DataDir.read(folder)
    for name in ("wav.scp", "segments", "utt2spk", "text"):
        (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes().replace(b"\n", b"\r\n"))
    assert DataDir.read(folder) == clean


def test_a_finding_on_many_lines_is_reported_once(folder: Path) -> None:
    lines = "".join(f"ann-{number} w\u3000w\r\n" for number in range(20000))
    (folder / "text").write_text(lines, encoding="utf-8", newline="")
    problems = [problem for problem in check_data_dir(folder) if "audio" not in problem.message]
    text = "\n".join(problem.message for problem in problems if problem.path.name == "text")
    assert text.count("20,000 line(s) end with a carriage return: lines 1, 2, 3") == 1
    assert text.count("U+3000") == text.count("20,000 such characters, on lines 1, 2, 3, ...") == 1


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none", "no such folder"), (tmp_path / "file", "is not a folder")):
        (tmp_path / "file").touch()
        with pytest.raises(DataError, match=message):
            DataDir.read(path)


def test_fields_are_separated_by_ascii_white_space_only() -> None:
    assert split_fields("a  b\u00a0c\td") == ["a", "b\u00a0c", "d"]


def test_segments_may_end_with_their_recording() -> None:
    assert parse_segment("call1 0.25 -1") == ("call1", 0.25, None, None)
    assert parse_segment("call1 0.25 1.5 1") == ("call1", 0.25, 1.5, 1)


@pytest.mark.parametrize(("label", "channel"), [("A", 0), ("B", 1), ("1", 0), ("2", 1), ("0", None), ("left", None)])
def test_channels_have_letters_or_numbers(label: str, channel: int | None) -> None:
    assert parse_channel(label) == channel
