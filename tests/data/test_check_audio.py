"""What ``data check --audio`` finds: everything about the audio that a later stage refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.data.check import Problem
from blasr.data.data_dir import check_data_dir
from tests.data.data_dirs import RAMP, edit, find_problem, overwrite, write
from tests.io.wav_files import wav_bytes


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A directory of three recordings without segments."""
    for name in "abc":
        (tmp_path / f"{name}.wav").write_bytes(wav_bytes())
    ids = "".join(f"{name} {name}\n" for name in "abc")
    lines = "".join(f"{name} {tmp_path / name}.wav\n" for name in "abc")
    return write(tmp_path / "data", {"wav.scp": lines, "utt2spk": ids, "spk2utt": ids})


def check(folder: Path) -> list[Problem]:
    return check_data_dir(folder, open_audio=True)


def test_good_audio_has_no_problem(whole: Path) -> None:
    assert check(whole) == []


def test_good_segments_have_no_problem(folder: Path) -> None:
    assert check(folder) == []


def test_a_streamed_recording_is_good(whole: Path) -> None:
    (whole.parent / "a.wav").write_bytes(wav_bytes(declared=0, riff=36))
    assert check(whole) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wav_bytes(rate=0), "b.wav has a damaged header: it declares a sample rate of 0 Hz"),
        (wav_bytes()[:900], "b.wav is truncated"),
        (b"", "b.wav is empty"),
        (wav_bytes(b""), "b.wav has no samples"),
        (wav_bytes(np.full(8000, np.nan, np.float32).tobytes(), code=3, bits=32), "b.wav has samples that are not"),
        (wav_bytes(rate=16000), "b has 16000 Hz, 2 other(s) have 8000 Hz"),
        (wav_bytes(channels=2), "b has 2 channels, and none is chosen"),
        (wav_bytes(RAMP[:199].tobytes()), "b lasts 0.0249 s, expected at least one frame (0.025 s)"),
        (wav_bytes(RAMP[:1].tobytes()), "b lasts 0.0001 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_stage_would_refuse_is_found(whole: Path, content: bytes, message: str) -> None:
    (whole.parent / "b.wav").write_bytes(content)
    (problem,) = check(whole)
    assert message in problem.message and problem.fix
    assert (problem.path.name, problem.line, problem.fatal) == ("wav.scp", 2, False)


def test_a_frame_is_enough(whole: Path) -> None:
    (whole.parent / "b.wav").write_bytes(wav_bytes(RAMP[:200].tobytes()))
    assert check(whole) == []


def test_a_file_in_place_of_a_command_is_reported_once(whole: Path) -> None:
    edit("wav.scp", "b.wav", "b.wav |")(whole)
    (problem,) = check_data_dir(whole, open_audio=True, allow_pipes=True)
    assert "b.wav is a file, not a program" in problem.message and "remove the |" in problem.fix


def test_a_channel_that_is_not_there(folder: Path) -> None:
    edit("segments", "0.25 -1 0", "0.25 -1 2")(folder)
    find_problem(check(folder), folder, "segments", 2, "call2 has 2 channels, counted from 0, so there is no channel 2")


def test_a_recording_is_reported_once(folder: Path) -> None:
    soundfile.write(folder.parent / "call1.wav", np.stack([RAMP, RAMP], axis=1), 8000)
    overwrite("segments", "ann-1 call1 0.0 0.5\nann-2 call1 0.25 -1\nbob-1 call2 0.5 1.0 0\n")(folder)
    found = [problem for problem in check(folder) if "channel" in problem.message]
    assert [(problem.line, problem.message) for problem in found] == [(1, "call1 has 2 channels, and none is chosen")]


def test_short_segments_and_segments_outside(folder: Path) -> None:
    edit("segments", "call1 0.5 1.0", "call1 0.5 0.51")(folder)
    find_problem(check(folder), folder, "segments", 3, "bob-1 lasts 0.0100 s, expected at least one frame")
    edit("segments", "call1 0.5 0.51", "call1 7 8")(folder)
    find_problem(check(folder), folder, "segments", 3, "bob-1: the segment from 7.000 to 8.000 s is outside")
