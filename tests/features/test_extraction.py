"""Normalized features of utterances, their context, and what a perturbation does to them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.features.config import CmvnMode, FeatureConfig, MfccConfig
from blasr.features.deltas import add_deltas, stack_deltas
from blasr.features.extraction import FeatureExtractor, inputs_with_context, pad_context
from blasr.features.fbank import LogMel, num_frames
from blasr.features.perturbation import Perturbation
from blasr.features.speaker_stats import SpeakerStats
from blasr.features.speaker_stats_collection import collect_speaker_stats
from blasr.io.audio import read_audio
from tests.features.voices import voice


def extractor_of(config: FeatureConfig, data_dir: DataDir) -> FeatureExtractor:
    """An extractor with the statistics of the unperturbed speakers."""
    return FeatureExtractor(config, data_dir, collect_speaker_stats(config, data_dir))


def test_network_input_is_the_chain_of_its_parts(data_dir: DataDir) -> None:
    extractor = extractor_of(FeatureConfig(), data_dir)
    utterance = data_dir.utterances[1]
    planes = stack_deltas(extractor.features(utterance))
    assert torch.equal(extractor.network_input(utterance), pad_context(planes))
    samples, _ = read_audio(data_dir.recordings[utterance.id])
    log_mel = {
        item.id: LogMel(FeatureConfig())(torch.from_numpy(read_audio(data_dir.recordings[item.id])[0]))
        for item in data_dir.utterances
        if item.speaker == "ann"
    }
    mean = torch.cat(list(log_mel.values())).mean(dim=0)
    static = log_mel[utterance.id] - mean
    assert planes.shape == (3, 64, num_frames(len(samples), FeatureConfig()))
    torch.testing.assert_close(planes.permute(2, 0, 1).flatten(1), add_deltas(static), rtol=0, atol=1e-4)
    torch.testing.assert_close(extractor.features(utterance), static, rtol=0, atol=1e-4)


@pytest.mark.parametrize("norm_vars", [False, True])
@pytest.mark.parametrize("cmvn", ["speaker", "utterance", "none"])
def test_normalization_is_over_what_is_configured(data_dir: DataDir, cmvn: CmvnMode, norm_vars: bool) -> None:
    extractor = extractor_of(FeatureConfig(cmvn=cmvn, norm_vars=norm_vars), data_dir)
    features = {item.id: extractor.features(item) for item in data_dir.utterances}
    per_utterance = max(item.mean(dim=0).abs().max() for item in features.values())
    bob = torch.cat([features[item.id] for item in data_dir.speakers()["bob"]])
    assert (per_utterance < 1e-4) == (cmvn == "utterance")
    assert (bob.mean(dim=0).abs().max() < 1e-4) == (cmvn != "none")
    assert ((bob.var(dim=0, correction=0) - 1).abs().max() < 1e-3) == (norm_vars and cmvn != "none")


@pytest.mark.parametrize("config", [FeatureConfig(), MfccConfig(), MfccConfig(use_energy=True)])
def test_normalization_removes_a_gain(data_dir: DataDir, config: FeatureConfig) -> None:
    extractor = extractor_of(config, data_dir)
    utterance = data_dir.utterances[0]
    louder = extractor.features(utterance, Perturbation(gain_db=-6.0))
    torch.testing.assert_close(louder, extractor.features(utterance), rtol=0, atol=5e-3)
    plain = extractor_of(FeatureConfig(cmvn="none"), data_dir)
    difference = plain.features(utterance, Perturbation(gain_db=10.0)) - plain.features(utterance)
    torch.testing.assert_close(difference, torch.full_like(difference, np.log(10.0)), rtol=0, atol=5e-3)


def test_higher_formants(data_dir: DataDir) -> None:
    """Faster speech and a warp above 1 both move the peak of the spectrum up."""
    extractor = extractor_of(FeatureConfig(cmvn="none"), data_dir)

    def centroid(speed: float = 1.0, vtln_warp: float = 1.0) -> float:
        features = extractor.features(data_dir.utterances[0], Perturbation(speed, vtln_warp))
        energy = features.exp().mean(dim=0)
        return float((energy * torch.arange(64)).sum() / energy.sum())

    assert centroid(speed=0.9) < centroid() < centroid(speed=1.1)
    assert centroid(vtln_warp=0.9) < centroid() < centroid(vtln_warp=1.1)


def test_threads_do_not_change_a_bit(data_dir: DataDir) -> None:
    faster = Perturbation(speed=1.1)
    stats = collect_speaker_stats(FeatureConfig(), data_dir, [faster])
    extractor = FeatureExtractor(FeatureConfig(), data_dir, stats)
    before = torch.get_num_threads()
    try:
        several = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            several.append([extractor.features(item, faster) for item in data_dir.utterances])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for others in several[1:]:
        assert all(torch.equal(one, other) for one, other in zip(several[0], others, strict=True))


def test_context_repeats_the_edges() -> None:
    planes = torch.arange(12.0).reshape(3, 2, 2)
    padded = pad_context(planes, 3)
    assert padded.shape == (3, 2, 8)
    assert torch.equal(padded[..., :4], planes[..., :1].expand(3, 2, 4))
    assert torch.equal(padded[..., 4:], planes[..., 1:].expand(3, 2, 4))
    assert pad_context(planes).shape[-1] == 50


def segmented(directory: Path, speed: float = 1.0) -> DataDir:
    """A recording of 3 s, cut into segments that touch its ends, one another or neither."""
    path = directory / "call.wav"
    soundfile.write(path, voice(3.0, 130.0, 7), 8000)
    times = {"a": (0.0, 0.7), "b": (0.7, 1.3), "c": (2.0, 2.5), "d": (2.6, 3.0)}
    parts = [Utterance(name, "ann", "call", None, *time, speed=speed) for name, time in times.items()]
    return DataDir(directory, (*parts, Utterance("whole", "ann", "call", speed=speed)), {"call": str(path)})


@pytest.mark.parametrize("snip_edges", [True, False])
@pytest.mark.parametrize("speed", [1.0, 0.9])
def test_context_is_the_audio_around_a_segment(tmp_path: Path, snip_edges: bool, speed: float) -> None:
    config = FeatureConfig(cmvn="none", segment_context=True, snip_edges=snip_edges)
    data_dir = segmented(tmp_path)
    extractor = extractor_of(config, data_dir)
    *parts, whole = data_dir.utterances
    perturbation = Perturbation(speed)
    planes = extractor.network_input(whole, perturbation)
    assert torch.equal(
        planes, pad_context(stack_deltas(extractor.features(whole, perturbation)))
    )  # nothing lies around it
    for part in parts:
        found = extractor.network_input(part, perturbation)
        own = stack_deltas(extractor.features(part, perturbation))
        assert found.shape[2] == own.shape[2] + 48
        assert part.start_seconds is not None
        start = round(part.start_seconds * 100 / speed)
        # the segment's own frames, where no mirrored edge or delta beyond it shows, and those around it
        torch.testing.assert_close(found[0, :, 28:-28], own[0, :, 4:-4], atol=0.02 if speed != 1 else 1e-4, rtol=0)
        if speed == 1 and snip_edges and part.id != "d":
            wanted = planes[:, :, start : start + found.shape[2]]
            torch.testing.assert_close(found[:, :, 24:], wanted[:, :, 24:], atol=1e-4, rtol=0)
            if part.id != "a":
                torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
    alone = extractor_of(FeatureConfig(cmvn="none"), data_dir)
    assert torch.equal(alone.network_input(parts[1]), pad_context(stack_deltas(alone.features(parts[1]))))


def test_context_does_not_change_the_normalization(tmp_path: Path) -> None:
    data_dir = segmented(tmp_path, speed=1.1)
    for cmvn in ("speaker", "utterance"):
        plain = extractor_of(FeatureConfig(cmvn=cmvn), data_dir)
        around = extractor_of(FeatureConfig(cmvn=cmvn, segment_context=True), data_dir)
        for utterance in data_dir.utterances:
            features, own = around.features_with_context(utterance)
            assert own.stop - own.start == len(plain.features(utterance))
            torch.testing.assert_close(
                features[own].mean(dim=0), plain.features(utterance).mean(dim=0), atol=0.02, rtol=0
            )


def test_real_speakers_are_centered(fsdd_dir: Path) -> None:
    paths = sorted(fsdd_dir.glob("0_george_*.wav"))[:10]
    recordings = {path.stem: str(path) for path in paths}
    data = DataDir(fsdd_dir, tuple(Utterance(name, "george", name) for name in recordings), recordings)
    extractor = extractor_of(FeatureConfig(), data)
    features = torch.cat([extractor.features(item) for item in data.utterances])
    assert features.mean(dim=0).abs().max() < 1e-3


def test_extractors_repeat_and_survive_pickling(data_dir: DataDir) -> None:
    first, second = (extractor_of(FeatureConfig(), data_dir) for _ in range(2))
    utterance = data_dir.utterances[0]
    copy = pickle.loads(pickle.dumps(first))  # noqa: S301
    for extractor in (second, copy):
        assert torch.equal(extractor.network_input(utterance), first.network_input(utterance))


@pytest.mark.parametrize("config", [FeatureConfig(), MfccConfig()])
@pytest.mark.parametrize(("speed", "warp"), [(0.9, 1.0), (1.1, 1.0), (1.0, 0.9), (1.0, 1.1), (1.05, 0.95)])
def test_a_perturbed_speaker_is_normalized_like_any_other(
    data_dir: DataDir, speed: float, warp: float, config: FeatureConfig
) -> None:
    changed = Perturbation(speed, warp)
    stats = collect_speaker_stats(config, data_dir, [Perturbation(), changed])
    extractor = FeatureExtractor(config, data_dir, stats)
    plain = extractor.features(data_dir.utterances[0])
    ann = torch.cat([extractor.features(item, changed) for item in data_dir.speakers()["ann"]])
    torch.testing.assert_close(ann.mean(dim=0), torch.zeros(extractor.dim), rtol=0, atol=1e-4)
    other = extractor.features(data_dir.utterances[0], changed)
    assert other.shape != plain.shape or (other - plain).abs().max() > 0.1
    assert len(other) == num_frames(round(0.3 / speed * 8000), extractor.config)


def test_statistics_must_be_given_and_must_fit(data_dir: DataDir) -> None:
    with pytest.raises(ConfigError, match="normalized by speaker, but there are no statistics"):
        FeatureExtractor(FeatureConfig(), data_dir)
    stats = collect_speaker_stats(FeatureConfig(), data_dir)
    with pytest.raises(MismatchError, match="of speakers have 64 coefficients, the features 13"):
        FeatureExtractor(MfccConfig(), data_dir, stats)
    shared = SpeakerStats.of_speakers(dict.fromkeys(stats.speakers(), stats.of("bob")))
    utterance = data_dir.utterances[0]
    difference = FeatureExtractor(FeatureConfig(), data_dir, shared).features(utterance) - FeatureExtractor(
        FeatureConfig(), data_dir, stats
    ).features(utterance)
    expected = torch.from_numpy(stats.of("ann").mean - stats.of("bob").mean).float()
    torch.testing.assert_close(difference, expected.expand_as(difference), rtol=0, atol=1e-4)


def test_a_speaker_without_statistics_is_named(data_dir: DataDir) -> None:
    extractor = extractor_of(FeatureConfig(), data_dir)
    with pytest.raises(DataError, match=f"{data_dir.path}: has no frames of speaker eve"):
        extractor.features(Utterance("eve-0", "eve", "bob-1"))
    with pytest.raises(DataError, match=r"speaker ann under Perturbation\(speed=1\.1"):
        extractor.features(data_dir.utterances[0], Perturbation(1.1))


def test_mfccs_have_their_own_shape(data_dir: DataDir) -> None:
    extractor = FeatureExtractor(MfccConfig(cmvn="utterance", snip_edges=False), data_dir)
    assert extractor.features(data_dir.utterances[0]).shape == (30, 13)


def test_masks_come_before_the_edges_are_repeated() -> None:
    features = torch.randn(10, 4, generator=torch.Generator().manual_seed(3))
    inputs = inputs_with_context(features, slice(2, 10), mask=lambda planes: planes.index_fill(2, torch.tensor(9), 0.0))
    assert inputs.shape == (3, 4, 8 + 48)
    assert not inputs[..., -25:].any()  # the masked last frame and its 24 copies
    assert torch.equal(inputs[..., 22:31], stack_deltas(features)[..., :9])
