"""Collecting statistics of speakers: from what, how often audio is read, what is derived, and what is missing."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError
from blasr.features import speaker_stats_collection
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.perturbation import Perturbation
from blasr.features.speaker_stats import Voice
from blasr.features.speaker_stats_collection import collect_speaker_stats, derived_stats
from blasr.features.static_features import StaticFeatures
from blasr.tally import Tally
from blasr.units import FloatArray
from tests.features.voices import voice


def test_they_are_the_sums_over_the_speakers_frames(data_dir: DataDir) -> None:
    faster = Perturbation(1.1)
    stats = collect_speaker_stats(FeatureConfig(), data_dir, [Perturbation(), faster])
    assert set(stats.voices()) == {Voice(name, how) for name in ("ann", "bob") for how in (Perturbation(), faster)}
    static = StaticFeatures(FeatureConfig(), data_dir)
    for perturbation in (Perturbation(), faster):
        frames = torch.cat([static.compute(item, perturbation)[0] for item in data_dir.speakers()["bob"]])
        expected = CmvnStats.of(frames)
        np.testing.assert_allclose(stats.of("bob", perturbation).matrix, expected.matrix, rtol=1e-9)
    assert stats.of("bob", Perturbation(1.1, gain_db=-3.0)).matrix.tolist() == stats.of("bob", faster).matrix.tolist()
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
    assert not collect_speaker_stats(FeatureConfig(cmvn=cmvn), absent).voices()  # type: ignore[arg-type]


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


def test_workers_give_the_same_bits(data_dir: DataDir) -> None:
    alone, shared = (
        collect_speaker_stats(FeatureConfig(), data_dir, [Perturbation(0.9)], num_jobs=jobs) for jobs in (1, 2)
    )
    assert alone.voices() == shared.voices()
    np.testing.assert_array_equal(alone.matrices, shared.matrices)


def test_the_random_numbers_of_training_are_left_alone(data_dir: DataDir) -> None:
    """A run that was stopped finds the statistics stored, and must then have the random numbers of one that was not."""
    state = torch.get_rng_state()
    collect_speaker_stats(FeatureConfig(), data_dir)
    assert torch.equal(torch.get_rng_state(), state)


def test_few_utterances_are_perturbed(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unperturbed statistics stay sums of everything; those of a faster voice come from two of three utterances."""
    faster = Perturbation(1.1)
    exact = collect_speaker_stats(FeatureConfig(), data_dir, [faster])
    monkeypatch.setattr(speaker_stats_collection, "SAMPLED_UTTERANCES", 2)
    computed: list[str] = []
    original = StaticFeatures.compute_voices

    def counted(self: StaticFeatures, utterance: Utterance, voices: Sequence[Perturbation]) -> Iterator[torch.Tensor]:
        computed.extend(utterance.id for voice in voices if voice == faster)
        return original(self, utterance, voices)

    monkeypatch.setattr(StaticFeatures, "compute_voices", counted)
    sampled = collect_speaker_stats(FeatureConfig(), data_dir, [faster])
    assert computed == ["ann-0", "ann-1", "bob-0", "bob-1"]
    static = StaticFeatures(FeatureConfig(), data_dir)
    for speaker, utterances in data_dir.speakers().items():
        np.testing.assert_allclose(sampled.of(speaker).matrix, exact.of(speaker).matrix, rtol=1e-9)
        plain, fast = (
            CmvnStats.of(torch.cat([static.compute(item, how)[0] for item in utterances[:2]]))
            for how in (Perturbation(), faster)
        )
        derived, whole = sampled.of(speaker, faster), exact.of(speaker)
        np.testing.assert_allclose(derived.mean, whole.mean + fast.mean - plain.mean)
        np.testing.assert_allclose(derived.variance, whole.variance * fast.variance / plain.variance)
        assert derived.count == pytest.approx(exact.of(speaker, faster).count, rel=0.05)


def test_a_sample_of_everything_derives_the_sums(data_dir: DataDir) -> None:
    exact = collect_speaker_stats(FeatureConfig(), data_dir, [Perturbation(1.1)])
    np.testing.assert_allclose(derived_stats(exact.of("ann").matrix, exact.matrices[0]), exact.matrices[0])


def test_known_statistics_need_only_the_sample(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    known = collect_speaker_stats(FeatureConfig(), data_dir)
    monkeypatch.setattr(speaker_stats_collection, "SAMPLED_UTTERANCES", 1)
    tally = Tally("cmvn")
    stats = collect_speaker_stats(FeatureConfig(), data_dir, [Perturbation(0.9)], unperturbed=known, tally=tally)
    assert tally.kept == 2
    np.testing.assert_array_equal(stats.of("ann").matrix, known.of("ann").matrix)
    assert stats.of("ann", Perturbation(0.9)).count == pytest.approx(known.of("ann").count / 0.9, rel=0.1)


def test_other_utterances_replace_a_sample_that_cannot_be_used(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(data_dir.recordings["ann-0"]).write_bytes(b"not audio")
    monkeypatch.setattr(speaker_stats_collection, "SAMPLED_UTTERANCES", 1)
    stats = collect_speaker_stats(FeatureConfig(), data_dir, [Perturbation(1.1)])
    assert len(stats.voices()) == 4
