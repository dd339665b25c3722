"""Features before normalization: lengths, surroundings, voices, gains and errors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import ConfigError, DataError
from blasr.features.config import FeatureConfig, MfccConfig
from blasr.features.fbank import LogMel, TooShortError
from blasr.features.perturbation import Perturbation
from blasr.features.static_features import StaticFeatures
from blasr.io.audio import read_audio
from tests.features.voices import voice


def test_they_are_the_transform_of_the_audio(data_dir: DataDir) -> None:
    utterance = data_dir.utterances[0]
    features, core = StaticFeatures(FeatureConfig(), data_dir).compute(utterance)
    samples, _ = read_audio(data_dir.recordings[utterance.recording])
    assert torch.equal(features, LogMel(FeatureConfig())(torch.from_numpy(samples)))
    assert core == slice(0, len(features))


@pytest.mark.parametrize("config", [FeatureConfig(), MfccConfig()])
def test_voices_are_those_computed_alone(data_dir: DataDir, config: FeatureConfig) -> None:
    static = StaticFeatures(config, data_dir)
    voices = [Perturbation(), Perturbation(0.9), Perturbation(1.1, 0.95)]
    for perturbation, features in zip(voices, static.compute_voices(data_dir.utterances[1], voices), strict=True):
        assert torch.equal(features, static.compute(data_dir.utterances[1], perturbation)[0])
        assert features.shape[1] == static.dim


def test_a_margin_is_the_recording_around_the_utterance(data_dir: DataDir) -> None:
    whole = Utterance("all", "ann", "ann-2")
    part = Utterance("part", "ann", "ann-2", None, 0.1, 0.3)
    static = StaticFeatures(FeatureConfig(), data_dir)
    everything, _ = static.compute(whole)
    features, core = static.compute(part, margin_frames=5)
    assert core == slice(5, 5 + 18)  # 0.2 s: 1 + (1600 - 200) // 80 frames
    torch.testing.assert_close(features[core], everything[10:28], rtol=0, atol=1e-4)
    torch.testing.assert_close(features[:5], everything[5:10], rtol=0, atol=1e-4)


@pytest.mark.parametrize("config", [FeatureConfig(), MfccConfig(), MfccConfig(use_energy=True)])
def test_a_gain_adds_its_offset(data_dir: DataDir, config: FeatureConfig) -> None:
    static = StaticFeatures(config, data_dir)
    plain, louder = (static.compute(data_dir.utterances[0], Perturbation(gain_db=gain))[0] for gain in (0.0, 10.0))
    offset = static.gain_offset(10.0)
    torch.testing.assert_close(louder - plain, offset.expand_as(plain), rtol=0, atol=5e-3)
    if not isinstance(config, MfccConfig):
        np.testing.assert_allclose(offset, math.log(10), rtol=1e-6)


def test_refusals_name_the_utterance(data_dir: DataDir) -> None:
    soundfile.write(data_dir.recordings["ann-1"], voice(0.02, 200, 0), 8000)
    soundfile.write(data_dir.recordings["bob-0"], voice(0.5, 100, 0), 16000)
    Path(data_dir.recordings["ann-0"]).unlink()
    static = StaticFeatures(FeatureConfig(), data_dir)
    by_id = {utterance.id: utterance for utterance in data_dir.utterances}
    with pytest.raises(TooShortError, match="utterance ann-1: found 160 samples") as caught:
        static.compute(by_id["ann-1"])
    assert isinstance(caught.value, DataError)
    with pytest.raises(DataError, match=r"ann-0\.wav: utterance ann-0: no such audio file"):
        static.compute(by_id["ann-0"])
    with pytest.raises(DataError, match="utterance bob-0: found a sample rate of 16000 Hz, expected 8000 Hz"):
        static.compute(by_id["bob-0"])
    with pytest.raises(ConfigError, match=r"vtln_warp of 2\.0"):
        static.compute(by_id["ann-2"], Perturbation(vtln_warp=2.0))
