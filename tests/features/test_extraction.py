from __future__ import annotations

import logging
import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.features.cmvn import CmvnStats, read_cmvn_stats, write_cmvn_stats
from blasr.features.config import CmvnMode, FeatureConfig, MfccConfig
from blasr.features.deltas import add_deltas
from blasr.features.extraction import FeatureExtractor, FeatureKind, TooShortError, pad_context
from blasr.features.fbank import LogMel, num_frames
from blasr.io.audio import read_audio
from blasr.units import FloatArray


def voice(seconds: float, pitch: float, seed: int) -> np.ndarray:
    """A buzz of harmonics under a formant, in noise."""
    time = np.arange(int(seconds * 8000)) / 8000
    buzz = sum(np.sin(2 * np.pi * pitch * k * time) / (1 + abs(pitch * k - 700) / 200) for k in range(1, 20))
    noise = np.random.default_rng(seed).normal(size=len(time))
    return np.asarray(0.05 * buzz + 0.003 * noise, dtype=np.float32)


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    """Two speakers with three utterances each."""
    recordings, utterances = {}, []
    for speaker, pitch in (("ann", 210.0), ("bob", 110.0)):
        for index in range(3):
            name = f"{speaker}-{index}"
            recordings[name] = str(tmp_path / f"{name}.wav")
            soundfile.write(recordings[name], voice(0.3 + 0.1 * index, pitch + 5 * index, index), 8000)
            utterances.append(Utterance(name, speaker, name))
    return DataDir(tmp_path, tuple(utterances), recordings)


def test_network_input_is_the_chain_of_its_parts(data_dir: DataDir) -> None:
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    utterance = data_dir.utterances[1]
    planes = extractor.network_input(utterance)
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
def test_normalisation_is_over_what_is_configured(data_dir: DataDir, cmvn: CmvnMode, norm_vars: bool) -> None:
    extractor = FeatureExtractor(FeatureConfig(cmvn=cmvn, norm_vars=norm_vars), data_dir)
    features = {item.id: extractor.features(item) for item in data_dir.utterances}
    per_utterance = max(item.mean(dim=0).abs().max() for item in features.values())
    bob = torch.cat([features[item.id] for item in data_dir.speakers()["bob"]])
    assert (per_utterance < 1e-4) == (cmvn == "utterance")
    assert (bob.mean(dim=0).abs().max() < 1e-4) == (cmvn != "none")
    assert ((bob.var(dim=0, correction=0) - 1).abs().max() < 1e-3) == (norm_vars and cmvn != "none")


def test_statistics_need_one_pass_and_can_be_restricted(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = DataDir.read_surrounded_audio

    def counted(
        self: DataDir, utterance: Utterance, margin_samples: int, sample_rate: int | None = None
    ) -> tuple[FloatArray, int, slice]:
        read.append(utterance.id)
        return original(self, utterance, margin_samples, sample_rate)

    monkeypatch.setattr(DataDir, "read_surrounded_audio", counted)
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    extractor.prepare(["bob"])
    assert read == ["bob-0", "bob-1", "bob-2"]
    extractor.prepare(speeds=[1.0, 0.9], vtln_warps=[1.0, 1.1])
    assert sorted(read) == sorted([f"bob-{i}" for i in (0, 0, 1, 1, 2, 2)] + ["ann-0", "ann-1", "ann-2"])
    extractor.features(data_dir.utterances[0], speed=0.9, vtln_warp=1.1)
    assert len(read) == 10  # the utterance itself: its speaker's statistics are there


def test_statistics_repeat_and_survive_pickling(data_dir: DataDir) -> None:
    first, second = (FeatureExtractor(FeatureConfig(), data_dir) for _ in range(2))
    assert list(first.speaker_stats) == ["ann", "bob"]
    utterance = data_dir.utterances[0]
    copy = pickle.loads(pickle.dumps(first))  # noqa: S301
    assert copy.speaker_stats.keys() == first.speaker_stats.keys()
    for extractor in (second, copy):
        assert torch.equal(extractor.network_input(utterance), first.network_input(utterance))


def test_statistics_from_a_file(data_dir: DataDir, tmp_path: Path) -> None:
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    write_cmvn_stats(tmp_path / "cmvn.ark", extractor.speaker_stats)
    stats = read_cmvn_stats(tmp_path / "cmvn.ark")
    utterance = data_dir.utterances[0]
    for given in (stats, dict.fromkeys(stats, stats["ann"])):
        other = FeatureExtractor(FeatureConfig(), data_dir, speaker_stats=given)
        assert torch.equal(other.features(utterance), extractor.features(utterance))
    with pytest.raises(MismatchError, match="of speaker ann have 64 coefficients, the features 13"):
        FeatureExtractor(FeatureConfig(), data_dir, "mfcc", speaker_stats=stats)


@pytest.mark.parametrize("kind", ["fbank", "mfcc"])
@pytest.mark.parametrize(("speed", "warp"), [(0.9, 1.0), (1.1, 1.0), (1.0, 0.9), (1.0, 1.1), (1.05, 0.95)])
def test_a_perturbed_speaker_is_normalised_like_any_other(
    data_dir: DataDir, speed: float, warp: float, kind: FeatureKind
) -> None:
    extractor = FeatureExtractor(FeatureConfig(), data_dir, kind)
    plain = extractor.features(data_dir.utterances[0])
    ann = torch.cat([extractor.features(item, speed=speed, vtln_warp=warp) for item in data_dir.speakers()["ann"]])
    torch.testing.assert_close(ann.mean(dim=0), torch.zeros(extractor.dim), rtol=0, atol=1e-4)
    other = extractor.features(data_dir.utterances[0], speed=speed, vtln_warp=warp)
    assert other.shape != plain.shape or (other - plain).abs().max() > 0.1
    assert len(other) == num_frames(round(0.3 / speed * 8000), extractor.config)


@pytest.mark.parametrize("config", [FeatureConfig(), MfccConfig(), MfccConfig(use_energy=True)])
def test_a_gain_goes_with_the_mean(data_dir: DataDir, config: FeatureConfig) -> None:
    extractor = FeatureExtractor(config, data_dir, "mfcc" if isinstance(config, MfccConfig) else "fbank")
    utterance = data_dir.utterances[0]
    louder = extractor.features(utterance, gain_db=-6.0)
    torch.testing.assert_close(louder, extractor.features(utterance), rtol=0, atol=5e-3)
    plain = FeatureExtractor(FeatureConfig(cmvn="none"), data_dir)
    difference = plain.features(utterance, gain_db=10.0) - plain.features(utterance)
    torch.testing.assert_close(difference, torch.full_like(difference, np.log(10.0)), rtol=0, atol=5e-3)


def test_higher_formants(data_dir: DataDir) -> None:
    """Faster speech and a warp above 1 both move the peak of the spectrum up."""
    extractor = FeatureExtractor(FeatureConfig(cmvn="none"), data_dir)

    def centroid(speed: float = 1.0, vtln_warp: float = 1.0) -> float:
        energy = extractor.features(data_dir.utterances[0], speed=speed, vtln_warp=vtln_warp).exp().mean(dim=0)
        return float((energy * torch.arange(64)).sum() / energy.sum())

    assert centroid(speed=0.9) < centroid() < centroid(speed=1.1)
    assert centroid(vtln_warp=0.9) < centroid() < centroid(vtln_warp=1.1)


def test_threads_do_not_change_a_bit(data_dir: DataDir) -> None:
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    before = torch.get_num_threads()
    try:
        several = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            several.append([extractor.features(item, speed=1.1) for item in data_dir.utterances])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for others in several[1:]:
        assert all(torch.equal(one, other) for one, other in zip(several[0], others, strict=True))


def test_impossible_perturbations_are_refused(data_dir: DataDir) -> None:
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    with pytest.raises(ConfigError, match=r"found a speed of 3\.0"):
        extractor.features(data_dir.utterances[0], speed=3.0)
    with pytest.raises(ConfigError, match=r"vtln_warp of 2\.0"):
        extractor.features(data_dir.utterances[0], vtln_warp=2.0)


def test_too_short_utterances_are_named_and_counted(data_dir: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    soundfile.write(data_dir.recordings["ann-1"], voice(0.02, 200, 0), 8000)
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    with pytest.raises(TooShortError, match="utterance ann-1: found 160 samples") as caught:
        extractor.features(data_dir.utterances[1])
    assert isinstance(caught.value, DataError)
    with caplog.at_level(logging.WARNING):
        FeatureExtractor(FeatureConfig(), data_dir).prepare()
    assert "6 utterances in -> 5 kept -> 1 dropped (1 too short for one frame, first ann-1)" in caplog.text
    assert torch.isfinite(extractor.features(data_dir.utterances[0])).all()


def test_a_speaker_without_frames_has_no_statistics(data_dir: DataDir) -> None:
    for index in range(3):
        soundfile.write(data_dir.recordings[f"ann-{index}"], voice(0.02, 200, 0), 8000)
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    assert list(extractor.speaker_stats) == ["bob"]
    with pytest.raises(DataError, match="has no frames of speaker ann"):
        extractor.features(Utterance("ann-9", "ann", "bob-0"))


def test_wrong_audio_is_named(data_dir: DataDir) -> None:
    soundfile.write(data_dir.recordings["bob-0"], voice(0.5, 100, 0), 16000)
    Path(data_dir.recordings["ann-0"]).unlink()
    extractor = FeatureExtractor(FeatureConfig(), data_dir)
    with pytest.raises(DataError, match=r"ann-0\.wav: utterance ann-0: no such audio file"):
        extractor.features(data_dir.utterances[0])
    with pytest.raises(DataError, match="utterance bob-0: found a sample rate of 16000 Hz, expected 8000 Hz"):
        extractor.prepare(["bob"])
    with pytest.raises(DataError, match="has no frames of speaker eve"):
        extractor.features(Utterance("eve-0", "eve", "bob-1"))


def test_mfcc_takes_rate_frames_and_normalisation_but_not_bins(data_dir: DataDir) -> None:
    extractor = FeatureExtractor(FeatureConfig(cmvn="utterance", snip_edges=False), data_dir, "mfcc")
    assert extractor.config == MfccConfig(cmvn="utterance", snip_edges=False)
    assert extractor.features(data_dir.utterances[0]).shape == (30, 13)


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
    extractor = FeatureExtractor(config, data_dir)
    *parts, whole = data_dir.utterances
    planes = extractor.network_input_in_context(whole, speed=speed)
    assert torch.equal(planes, pad_context(extractor.network_input(whole, speed=speed)))  # nothing lies around it
    for part in parts:
        found = extractor.network_input_in_context(part, speed=speed)
        own = extractor.network_input(part, speed=speed)
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
    assert torch.equal(
        FeatureExtractor(FeatureConfig(cmvn="none"), data_dir).network_input_in_context(parts[1]),
        pad_context(FeatureExtractor(FeatureConfig(cmvn="none"), data_dir).network_input(parts[1])),
    )


def test_context_does_not_change_the_normalisation(tmp_path: Path) -> None:
    data_dir = segmented(tmp_path, speed=1.1)
    for cmvn in ("speaker", "utterance"):
        plain = FeatureExtractor(FeatureConfig(cmvn=cmvn), data_dir)
        around = FeatureExtractor(FeatureConfig(cmvn=cmvn, segment_context=True), data_dir)
        for utterance in data_dir.utterances:
            features, own = around.features_in_context(utterance)
            assert own.stop - own.start == len(plain.features(utterance))
            torch.testing.assert_close(
                features[own].mean(dim=0), plain.features(utterance).mean(dim=0), atol=0.02, rtol=0
            )


def test_real_speakers_are_centred(fsdd_dir: Path) -> None:
    paths = sorted(fsdd_dir.glob("0_george_*.wav"))[:10]
    recordings = {path.stem: str(path) for path in paths}
    data = DataDir(fsdd_dir, tuple(Utterance(name, "george", name) for name in recordings), recordings)
    extractor = FeatureExtractor(FeatureConfig(), data)
    planes = torch.cat([extractor.network_input(item) for item in data.utterances], dim=2)
    assert planes[0].mean(dim=1).abs().max() < 1e-3
    assert CmvnStats.total(extractor.speaker_stats.values()).count == planes.shape[2]
