"""Measurements of the audio of a data directory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.data.data_dir import DataDir
from blasr.data.survey import SILENT_DB, AudioSurvey, clipped_samples, levels, survey_audio
from blasr.errors import DataError


def sine(amplitude: float, seconds: float = 1.0, rate: int = 8000) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def make_dir(folder: Path, recordings: dict[str, tuple[np.ndarray, int]]) -> DataDir:
    folder.mkdir(parents=True, exist_ok=True)
    for name, (samples, rate) in recordings.items():
        soundfile.write(folder / f"{name}.wav", samples.astype(np.int16), rate, subtype="PCM_16")
    names = sorted(recordings)
    (folder / "wav.scp").write_text("".join(f"{name} {folder}/{name}.wav\n" for name in names))
    (folder / "utt2spk").write_text("".join(f"{name} {name.partition('-')[0]}\n" for name in names))
    (folder / "text").write_text("".join(f"{name} one two\n" for name in names))
    return DataDir.read(folder)


def small_survey(folder: Path) -> AudioSurvey:
    recordings = {
        "a-1": (sine(16384), 8000),
        "a-2": (np.clip(sine(40000), -20000, 20000), 8000),
        "b-1": (sine(3277, 2.0, 16000), 16000),
    }
    return survey_audio(make_dir(folder, recordings))[0]


def test_levels_of_a_sine() -> None:
    level, peak, background = levels(sine(16384), 8000)
    assert [level, peak] == pytest.approx([-9.03, -6.02], abs=0.02)
    assert background == pytest.approx(level, abs=0.2)
    half_silent = np.concatenate([sine(16384, 0.5), np.zeros(4000, np.float32)])
    assert levels(half_silent, 8000) == pytest.approx((-12.04, -6.02, SILENT_DB), abs=0.05)
    assert levels(np.zeros(0, np.float32), 8000) == levels(np.zeros(100, np.float32), 8000) == (SILENT_DB,) * 3
    assert levels(sine(16384, 0.01), 8000)[1] == pytest.approx(-6.02, abs=0.1)


def test_clipping_is_found_at_any_level() -> None:
    assert clipped_samples(sine(32000)) == 0
    clipped = np.clip(sine(30000), -20000, 20000)
    assert clipped_samples(clipped) == int((np.abs(clipped) == 20000).sum())
    assert clipped_samples(clipped / 100) == 0  # a peak of -44 dB: the steps of 16-bit audio look like limits
    assert clipped_samples(np.array([0, 9000, 9000, 0, 9000, 9000, 9000], np.float32)) == 3
    assert clipped_samples(np.zeros(50, np.float32)) == 0


def test_a_directory(tmp_path: Path) -> None:
    found = small_survey(tmp_path)
    assert (found.names, found.speakers) == (("a-1", "a-2", "b-1"), ("a", "a", "b"))
    assert found.seconds.tolist() == [1.0, 1.0, 2.0]
    assert (found.clipped > 0).tolist() == [False, True, False]
    assert found.level_db.tolist() == pytest.approx([-9.03, found.level_db[1], -23.01], abs=0.02)
    assert found.formats == {(8000, 1): 2, (16000, 1): 1}
    assert found.seconds_by_speaker() == {"a": 2.0, "b": 2.0}
    assert found.num_words is not None and found.num_words.tolist() == [2, 2, 2]


def test_some_utterances_and_lost_ones(tmp_path: Path) -> None:
    data = make_dir(tmp_path, {f"a-{number}": (sine(1000, 0.1), 8000) for number in range(9)})
    found, tally = survey_audio(data, num_utterances=3)
    assert (found.names, found.total) == (("a-0", "a-4", "a-8"), 9)
    (tmp_path / "a-4.wav").write_bytes(b"nothing")
    with pytest.raises(DataError):
        survey_audio(data, num_utterances=3)
    found, tally = survey_audio(data, num_utterances=3, max_loss=0.5)
    assert found.names == ("a-0", "a-8") and "1 dropped" in tally.summary()
