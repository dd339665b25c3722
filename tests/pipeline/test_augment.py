"""Augmented audio as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.augmentation.config import AugmentationConfig, CodecConfig, NoiseConfig, SpeedConfig
from blasr.data import DataDir
from blasr.errors import DataError
from blasr.pipeline.augment import write_augmented
from blasr.pipeline.config import AudibleConfig
from tests.chunks.corpus import write_corpus


def test_what_a_training_hears(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", [60, 40, 80])
    rows = (SpeedConfig(factors=(1.25,)), NoiseConfig(list=data.path / "wav.scp"), CodecConfig(probability=0.5))
    config = AudibleConfig(augmentation=AugmentationConfig(transforms=rows))
    assert write_augmented(config, data, tmp_path / "out").kept == 3
    written = DataDir.read(tmp_path / "out")
    assert [(item.id, item.speaker) for item in written.utterances] == [
        (item.id, item.speaker) for item in data.utterances
    ]
    for before, after in zip(data.utterances, written.utterances, strict=True):
        samples, rate = written.read_audio(after)
        original, _ = data.read_audio(before)
        assert rate == 8000 and len(samples) == int(np.ceil(len(original) / 1.25))
    lines = (tmp_path / "out" / "changes.txt").read_text().splitlines()
    assert lines[0].startswith("u00 speed 1.25, warp 1, gain +0.0 dB, Noise")
    assert {line.endswith("Codec") for line in lines} == {False, True}
    write_augmented(config, data, tmp_path / "again", num_utterances=1)
    first = "wav/u00.wav"
    assert (tmp_path / "again" / first).read_bytes() == (tmp_path / "out" / first).read_bytes()
    write_augmented(config, data, tmp_path / "later", num_utterances=1, epoch=2)
    assert (tmp_path / "later" / first).read_bytes() != (tmp_path / "out" / first).read_bytes()
    with pytest.raises(DataError, match="exists and is not empty"):
        write_augmented(config, data, tmp_path / "out")


def test_nothing_changes_by_default(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", [30])
    write_augmented(AudibleConfig(), data, tmp_path / "out")
    original, _ = soundfile.read(tmp_path / "data" / "u00.wav", dtype="int16")
    found, _ = soundfile.read(tmp_path / "out" / "wav" / "u00.wav", dtype="int16")
    np.testing.assert_array_equal(found, original)


def test_unreadable_audio_is_dropped_and_counted(tmp_path: Path) -> None:
    data = write_corpus(tmp_path / "data", [30, 30])
    (tmp_path / "data" / "u01.wav").unlink()
    assert write_augmented(AudibleConfig(), data, tmp_path / "out", max_loss=0.5).dropped.total() == 1
    with pytest.raises(DataError):
        write_augmented(AudibleConfig(), data, tmp_path / "none")
    assert not (tmp_path / "none").exists()
