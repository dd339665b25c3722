"""The scorer: priors, statistics, workers, utterances that are too short, values that are not finite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.extraction import FeatureExtractor, pad_context
from blasr.features.fbank import TooShortError
from blasr.features.speaker_stats_collection import collect_speaker_stats
from blasr.inference.acoustic_scorer import AcousticScorer, score_utterances
from blasr.inference.config import PriorConfig, ScoringConfig
from blasr.inference.posteriors import PosteriorComputer
from blasr.inference.priors import Priors
from blasr.models import AcousticModel, build_acoustic_model
from blasr.tally import Tally
from tests.pipeline.systems import babble, write_audio

PRIORS = Priors.from_counts(np.arange(1, 8), PriorConfig(), "nowhere")
FEATURES = FeatureConfig(norm_vars=True)


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    torch.manual_seed(0)
    return build_acoustic_model("bl_resnet22_a4b3", num_pdfs=7, width=0.1).eval()


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    names = [f"u{number}" for number in range(5)]
    recordings = {
        name: str(write_audio(tmp_path / f"{name}.wav", babble(0.5 + 0.2 * number, number)))
        for number, name in enumerate(names)
    }
    utterances = tuple(Utterance(name, "ab"[number % 2], name) for number, name in enumerate(names))
    return DataDir(tmp_path, utterances, recordings)


def test_log_likelihoods_are_posteriors_without_scaled_priors(model: AcousticModel) -> None:
    inputs = torch.randn(3, 64, 20 + 48, generator=torch.Generator().manual_seed(1))
    scorer = AcousticScorer(model, FEATURES, PRIORS, ScoringConfig(prior_scale=0.7))
    posteriors = PosteriorComputer(model).log_posteriors(inputs)
    np.testing.assert_array_equal(scorer.log_posteriors(inputs), posteriors)
    found = scorer.log_likelihoods(inputs)
    assert found.dtype == np.float32 and found.shape == (20, scorer.num_pdfs)
    np.testing.assert_allclose(found, posteriors - 0.7 * np.log(PRIORS.probabilities), rtol=1e-5, atol=1e-5)


def test_utterances_are_normalized_by_their_speakers(model: AcousticModel, data: DataDir) -> None:
    scorer = AcousticScorer(model, FEATURES, PRIORS)
    extractor = FeatureExtractor(FEATURES, data, collect_speaker_stats(FEATURES, data))
    expected = scorer.log_likelihoods(extractor.network_input(data.utterances[2]))
    np.testing.assert_array_equal(scorer.for_data(data)(data.utterances[2]), expected)
    samples, _ = data.read_audio(data.utterances[2])
    assert not np.array_equal(scorer.log_likelihoods(scorer.inputs_of_samples(samples)), expected)


def test_statistics_may_be_given(model: AcousticModel, data: DataDir) -> None:
    scorer = AcousticScorer(model, FEATURES, PRIORS)
    samples, _ = data.read_audio(data.utterances[0])
    features = scorer.compute_features(samples)
    own = scorer.normalized_inputs(features)
    assert torch.equal(own, scorer.normalized_inputs(features, CmvnStats.of(features)))
    assert own[0].mean(dim=1).abs().max() < 1e-4
    assert torch.equal(pad_context(own), scorer.inputs_of_samples(samples))
    other = scorer.normalized_inputs(features, CmvnStats.of(features[:10]))
    assert not torch.equal(own, other)


def test_workers_change_no_bit_and_no_order(model: AcousticModel, data: DataDir) -> None:
    score = AcousticScorer(model, FEATURES, PRIORS).for_data(data)
    alone, shared = (list(score_utterances(score, data.utterances, workers)) for workers in (1, 3))
    assert [name for name, _ in alone] == [name for name, _ in shared] == [item.id for item in data.utterances]
    for (_, one), (_, other) in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("workers", [1, 2])
def test_too_short_utterances_are_counted_or_refused(model: AcousticModel, data: DataDir, workers: int) -> None:
    write_audio(Path(data.recordings["u1"]), babble(0.01, 0))
    score = AcousticScorer(model, FEATURES, PRIORS).for_data(data)
    tally = Tally("dump")
    assert len(list(score_utterances(score, data.utterances, workers, tally))) == 4
    assert tally.dropped == {"too short for one frame": 1} and tally.examples == {"too short for one frame": "u1"}
    with pytest.raises(TooShortError, match="utterance u1"):
        list(score_utterances(score, data.utterances, workers))


def test_a_network_that_diverged_is_named_by_the_utterance(data: DataDir) -> None:
    broken = build_acoustic_model("bl_resnet22_a4b3", num_pdfs=7, width=0.1).eval()
    with torch.no_grad():
        broken.output.weight.fill_(float("nan"))
    score = AcousticScorer(broken, FEATURES, PRIORS).for_data(data)
    with pytest.raises(DataError, match=r"utterance u3: .* log-likelihoods are not finite"):
        score(data.utterances[3])


def test_files_are_resampled_and_named(model: AcousticModel, tmp_path: Path) -> None:
    scorer = AcousticScorer(model, FEATURES, PRIORS)
    path = write_audio(tmp_path / "wide.wav", babble(1, 3, 16000), 16000)
    assert scorer.inputs_of_file(path).shape == (3, 64, 98 + 48)
    with pytest.raises(DataError, match="has one channel"):
        scorer.inputs_of_file(path, channel=1)
    short = write_audio(tmp_path / "short.wav", babble(0.01, 3))
    with pytest.raises(TooShortError, match=r"short\.wav: found 80 samples"):
        scorer.inputs_of_file(short)
    assert scorer.frame_shift_seconds == 0.01
