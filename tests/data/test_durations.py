"""Durations of utterances and recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.data.durations import write_durations
from blasr.errors import DataError
from tests.data.data_dirs import write


def test_durations_of_segments_and_recordings(tones: Path) -> None:
    tally, count, seconds = write_durations(tones)
    assert tally.kept == tally.total == 1
    assert count == 1 and seconds == pytest.approx(0.6)
    assert (tones / "utt2dur").read_text() == "ann-1 0.6\n"
    assert (tones / "reco2dur").read_text() == "rec 1\n"


def test_without_segments_an_utterance_lasts_as_long_as_its_recording(tones: Path) -> None:
    (tones / "segments").unlink()
    write(tones, {"utt2spk": "rec ann\n"})
    assert write_durations(tones)[1:] == (1, 1.0)
    assert (tones / "utt2dur").read_text() == (tones / "reco2dur").read_text() == "rec 1\n"


def test_a_segment_of_an_unknown_recording_is_refused(tones: Path) -> None:
    (tones / "segments").write_text("ann-1 rec9 0 1\n")
    with pytest.raises(DataError, match="expected UTTERANCE RECORDING START END"):
        write_durations(tones)


def test_a_directory_without_audio_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        write_durations(write(tmp_path / "data", {"utt2spk": "a a\n"}))


def test_a_bad_recording_is_dropped_and_counted(tones: Path) -> None:
    with (tones / "wav.scp").open("a") as file:
        file.write(f"rec2 {tones}/nothing.wav\n")
    with (tones / "segments").open("a") as file:
        file.write("ann-2 rec2 0 1\n")
    with pytest.raises(
        DataError, match=r"1 dropped \(1 no such audio file, first rec2\); that is above the allowed 5\.0%"
    ):
        write_durations(tones)
    assert not (tones / "utt2dur").exists()
    tally, count, seconds = write_durations(tones, max_loss=0.5)
    assert (tally.kept, tally.dropped) == (1, {"no such audio file": 1})
    assert count == 1 and seconds == pytest.approx(0.6)
    assert (tones / "reco2dur").read_text() == "rec 1\n"
