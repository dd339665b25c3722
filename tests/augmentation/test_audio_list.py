"""Random parts of lists of recordings and of training speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.augmentation.audio_list import AudioList, TrainingSpeech, repeated
from blasr.data import DataDir, Utterance
from blasr.errors import DataError
from tests.augmentation.audio import write_list


def generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    return np.random.default_rng(seed), np.random.default_rng(seed + 100)


def test_parts_come_from_everywhere(tmp_path: Path) -> None:
    """The samples of a ramp are their places."""
    noises = AudioList(write_list(tmp_path, {"a": np.arange(8000), "b": np.arange(20000, 28000)}), 8000)
    parts = [noises.part(800, *generators(seed)) for seed in range(40)]
    assert all(part.shape == (800,) and (part.diff() == 1).all() for part in parts)
    starts = [int(part[0]) for part in parts]
    assert {start >= 20000 for start in starts} == {False, True} and len(set(starts)) > 30
    assert torch.equal(parts[5], noises.part(800, *generators(5)))


def test_short_recordings_are_repeated(tmp_path: Path) -> None:
    part = AudioList(write_list(tmp_path, {"a": np.arange(1000)}), 8000).part(2500, *generators(0))
    assert part.shape == (2500,)
    assert set(part.diff().tolist()) == {1.0, -999.0}


def test_other_rates_and_channels(tmp_path: Path) -> None:
    """A tone keeps its frequency, and the first channel is read."""
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(48000) / 16000)
    scp = write_list(tmp_path, {"a": np.stack([tone, 0 * tone], axis=1)}, 16000)
    part = AudioList(scp, 8000).part(8000, *generators(3))
    assert int(torch.fft.rfft(part).abs().argmax()) == 440


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file, expected a list"),
        ("", "has no recordings"),
        ("a gone.wav\n", "a: no such audio file: gone.wav"),
        ("a sox x.wav |\n", "a is a command"),
    ],
)
def test_wrong_lists_are_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "wav.scp").write_text(content)
    with pytest.raises(DataError, match=message):
        AudioList(tmp_path / "wav.scp", 8000)


def test_training_speech_passes_over_what_cannot_be_read(tmp_path: Path) -> None:
    write_list(tmp_path, {"a": np.arange(500)})
    paths = {"a": str(tmp_path / "a.wav"), "gone": str(tmp_path / "gone.wav")}
    utterances = tuple(Utterance(name, "s", name) for name in paths)
    data_dir = DataDir(tmp_path, utterances, paths)
    speech = TrainingSpeech(data_dir, utterances, 8000)
    assert all(len(speech.part(700, *generators(seed))) == 700 for seed in range(10))
    with pytest.raises(DataError, match="20 utterances in a row cannot be read"):
        TrainingSpeech(data_dir, utterances[1:], 8000).part(700, *generators(0))


def test_repeated_parts_without_a_place_start_at_0() -> None:
    assert repeated(torch.arange(3.0), 5, None).tolist() == [0, 1, 2, 0, 1]
