"""Fixing a data directory: Kaldi's result, and a report of every removal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.data.fix import fix_data_dir
from blasr.errors import DataError
from tests.data.data_dirs import FIXED, UNSORTED, read, write


def test_equals_kaldis_result_and_reports_why(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", UNSORTED)
    report = fix_data_dir(folder)
    assert read(folder) == FIXED
    assert report.kept == 3
    assert report.removed == {
        "bob-2": "its recording rec3 is not in wav.scp",
        "cat-1": "it is not in text",
        "dan-1": "its speaker dan is not in spk2gender",
        "eve-1": "it has no speaker in utt2spk",
    }
    notes = "\n".join(report.notes)
    assert "utt2spk: bob-1 appeared twice, removed the same line" in notes
    assert "wav.scp: 3 -> 2 lines, removed rec9 (no segment uses it)" in notes
    assert read(folder / ".backup") == UNSORTED


def test_fixing_twice_changes_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", FIXED)
    report = fix_data_dir(folder, tmp_path / "out")
    assert (report.removed, report.notes, read(tmp_path / "out")) == ({}, [], FIXED)
    assert not (folder / ".backup").exists()


def test_the_first_of_two_lines_is_kept_and_the_other_is_reported(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", {**FIXED, "text": FIXED["text"] + "ann-1 other words\n"})
    report = fix_data_dir(folder)
    assert read(folder)["text"].startswith("ann-1 one two\nann-2")
    assert "text: ann-1 appeared twice, removed another line (ann-1 other words)" in report.notes


def test_bytes_that_kaldi_does_not_expect_are_removed(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", FIXED)
    (folder / "text").write_bytes(b"\xef\xbb\xbfann-1 one two\r\n\nann-2 two\r\nbob-1 \xe9t\xe9\r\n")
    report = fix_data_dir(folder)
    assert (folder / "text").read_bytes() == b"ann-1 one two\nann-2 two\nbob-1 \xe9t\xe9\n"
    assert report.notes == [
        "text: removed the byte order mark",
        "text: removed the carriage returns at the end of lines 1, 3, 4",
        "text: removed 1 blank line(s)",
    ]


def test_the_channel_of_a_segment_is_kept(tmp_path: Path) -> None:
    segments = "ann-1 rec1 0.10 2.00 1\nann-2 rec1 2.00 3.25 0\nbob-1 rec2 0.5 1.5 0\n"
    folder = write(tmp_path / "data", {**FIXED, "segments": segments})
    fix_data_dir(folder)
    assert read(folder)["segments"] == segments


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"utt2spk": None}, "utt2spk: no such file"),
        ({"wav.scp": None}, "no such file, but there are segments"),
        ({"utt2spk": "ann-1\n"}, "expected UTTERANCE SPEAKER"),
        ({"text": "x y\n"}, "no utterance would be left, for example ann-1: it is not in text"),
    ],
)
def test_a_directory_beyond_repair_is_not_changed(tmp_path: Path, files: dict[str, str | None], message: str) -> None:
    folder = write(tmp_path / "data", FIXED)
    for name, content in files.items():
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(content)
    before = read(folder)
    with pytest.raises(DataError, match=message):
        fix_data_dir(folder)
    assert read(folder) == before and not (folder / ".backup").exists()


NAMES = st.lists(st.sampled_from([f"s{speaker}-{index}" for speaker in "ab_-" for index in range(4)]), min_size=1)


@given(utterances=NAMES, texts=NAMES, audio=NAMES)
@settings(max_examples=60, deadline=None)
def test_what_is_left_is_common_and_sorted(
    tmp_path_factory: pytest.TempPathFactory, utterances: list[str], texts: list[str], audio: list[str]
) -> None:
    folder = write(
        tmp_path_factory.mktemp("data"),
        {
            "utt2spk": "".join(f"{name} {name[:2]}\n" for name in utterances),
            "text": "".join(f"{name} w\n" for name in texts),
            "wav.scp": "".join(f"{name} {name}.wav\n" for name in audio),
        },
    )
    common = set(utterances) & set(texts) & set(audio)
    if not common:
        with pytest.raises(DataError):
            fix_data_dir(folder)
        return
    report = fix_data_dir(folder)
    for name in ("utt2spk", "text", "wav.scp"):
        assert [line.split()[0] for line in read(folder)[name].splitlines()] == sorted(common)
    assert report.kept == len(common)
    assert set(report.removed) == (set(utterances) | set(texts) | set(audio)) - common


def test_many_repeated_lines_are_counted(folder: Path) -> None:
    lines = (folder / "text").read_text()
    (folder / "text").write_text(lines + "ann-1 again\n" * 1000)
    assert [note for note in fix_data_dir(folder).notes if "more lines" in note] == [
        "text: removed 997 more lines whose key had appeared"
    ]
