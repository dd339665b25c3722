"""Audio files of any kind: rates, channels, names, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import DataError
from blasr.inference.recordings import read_recording, recording_name
from blasr.units import FloatArray


def tone(rate: int, seconds: float = 1.0, hertz: float = 440.0) -> FloatArray:
    return (0.25 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 16000, 44100, 48000])
def test_a_tone_stays_the_same_tone_at_every_rate(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(rate), rate)
    recording = read_recording(path, 8000)
    (side,) = recording.sides
    assert (side.label, recording.file_rate, recording.sample_rate) == ("1", rate, 8000)
    assert recording.seconds == pytest.approx(1)
    inner = slice(200, -200)  # a resampler's filter has nothing beyond the ends
    expected = 32768 * tone(8000)
    assert len(side.samples) == pytest.approx(8000, abs=1)
    np.testing.assert_allclose(side.samples[: len(expected)][inner], expected[: len(side.samples)][inner], atol=60)


def test_channels_are_sides(tmp_path: Path) -> None:
    channels = np.stack([tone(8000, hertz=hertz) for hertz in (200, 300, 400)], axis=1)
    for count, labels in ((1, ["1"]), (2, ["A", "B"]), (3, ["1", "2", "3"])):
        path = tmp_path / f"{count}.wav"
        soundfile.write(path, channels[:, :count], 8000)
        recording = read_recording(path, 8000)
        assert [side.label for side in recording.sides] == labels
        for number, side in enumerate(recording.sides):
            np.testing.assert_allclose(side.samples, 32768 * channels[:, number], atol=1)
    (only,) = read_recording(tmp_path / "3.wav", 8000, channel=1).sides
    assert only.label == "2"
    (mean,) = read_recording(tmp_path / "3.wav", 8000, mix=True).sides
    assert mean.label == "1"
    np.testing.assert_allclose(mean.samples, 32768 * channels.mean(axis=1), atol=1)
    with pytest.raises(DataError, match=r"has 3 channels, counted from 0"):
        read_recording(tmp_path / "3.wav", 8000, channel=3)


def test_a_rate_whose_resampler_would_fill_the_memory(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "odd.wav", tone(44101), 44101)
    with pytest.raises(DataError, match="sample rate of 44101 Hz, which blasr cannot resample to 8000 Hz"):
        read_recording(tmp_path / "odd.wav", 8000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/b.wav", "b"), ("my talk 1.mp3", "my_talk_1"), ("sw02001.sph", "sw02001"), ("a.b.wav", "a.b"), (" .wav", "_")],
)
def test_names_suit_ctm_and_text(name: str, expected: str) -> None:
    assert recording_name(Path(name)) == expected


def test_the_standard_input_has_a_name() -> None:
    assert recording_name(Path("-")) == "stdin"
