"""Statistics of speakers: what they are collected from, how often audio is read, and what is missing."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.perturbation import Perturbation
from blasr.features.speaker_stats import SpeakerStats, Voice, collect_speaker_stats
from blasr.features.static_features import StaticFeatures
from blasr.units import FloatArray
from tests.features.voices import voice


def test_they_are_the_sums_over_the_speakers_frames(data_dir: DataDir) -> None:
    faster = Perturbation(1.1)
    stats = collect_speaker_stats(FeatureConfig(), data_dir, [Perturbation(), faster])
    assert set(stats.by_voice) == {Voice(name, how) for name in ("ann", "bob") for how in (Perturbation(), faster)}
    static = StaticFeatures(FeatureConfig(), data_dir)
    for perturbation in (Perturbation(), faster):
        frames = torch.cat([static.compute(item, perturbation)[0] for item in data_dir.speakers()["bob"]])
        expected = CmvnStats.of(frames)
        np.testing.assert_allclose(stats.of("bob", perturbation).matrix, expected.matrix, rtol=1e-9)
    assert stats.of("bob", Perturbation(1.1, gain_db=-3.0)) is stats.of("bob", faster)
    assert list(stats.speakers()) == ["ann", "bob"]


def test_one_pass_reads_each_utterance_once(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = DataDir.read_surrounded_audio

    def counted(
        self: DataDir, utterance: Utterance, margin_samples: int, sample_rate: int | None = None
    ) -> tuple[FloatArray, int, slice]:
        read.append(utterance.id)
        return original(self, utterance, margin_samples, sample_rate)

    monkeypatch.setattr(DataDir, "read_surrounded_audio", counted)
    collect_speaker_stats(FeatureConfig(), data_dir, [Perturbation(), Perturbation(0.9), Perturbation(1.0, 1.1)])
    assert sorted(read) == ["ann-0", "ann-1", "ann-2", "bob-0", "bob-1", "bob-2"]


@pytest.mark.parametrize("cmvn", ["utterance", "none"])
def test_nothing_is_read_where_speakers_do_not_matter(tmp_path: Path, cmvn: str) -> None:
    absent = DataDir(tmp_path, (Utterance("u", "ann", "r"),), {"r": str(tmp_path / "absent.wav")})
    assert not collect_speaker_stats(FeatureConfig(cmvn=cmvn), absent).by_voice  # type: ignore[arg-type]


def test_too_short_utterances_are_counted(data_dir: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    soundfile.write(data_dir.recordings["ann-1"], voice(0.02, 200, 0), 8000)
    with caplog.at_level(logging.WARNING):
        stats = collect_speaker_stats(FeatureConfig(), data_dir)
    assert "6 utterances in -> 5 kept -> 1 dropped (1 too short for one frame, first ann-1)" in caplog.text
    assert stats.of("ann").count > 0


def test_a_speaker_without_frames_has_none(data_dir: DataDir) -> None:
    for index in range(3):
        soundfile.write(data_dir.recordings[f"ann-{index}"], voice(0.02, 200, 0), 8000)
    stats = collect_speaker_stats(FeatureConfig(), data_dir)
    assert list(stats.speakers()) == ["bob"]
    with pytest.raises(DataError, match="has no frames of speaker ann"):
        stats.of("ann")


def test_unusable_audio_is_counted_and_left_out(data_dir: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    soundfile.write(data_dir.recordings["bob-0"], voice(0.5, 100, 0), 16000)
    Path(data_dir.recordings["ann-0"]).write_bytes(b"not audio")
    with caplog.at_level(logging.WARNING):
        stats = collect_speaker_stats(FeatureConfig(), data_dir)
    assert "6 utterances in -> 4 kept -> 2 dropped" in caplog.text
    assert "another sample rate, first bob-0" in caplog.text
    assert sorted(stats.speakers()) == ["ann", "bob"]


def test_statistics_of_a_file_are_of_unperturbed_speakers() -> None:
    stats = CmvnStats.of(torch.randn(5, 3, generator=torch.Generator().manual_seed(1)))
    given = SpeakerStats.of_speakers({"ann": stats})
    assert given.of("ann") is stats
    with pytest.raises(DataError, match=r"speaker ann under Perturbation\(speed=0\.9"):
        given.of("ann", Perturbation(0.9))
