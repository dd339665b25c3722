"""A recording in pieces against the same recording as a whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError
from blasr.features import CmvnStats, FeatureConfig, TooShortError, pad_context
from blasr.features.streaming import FixedCmvn
from blasr.inference import AcousticScorer, PriorConfig, Priors, ScoringConfig, StreamingScorer
from blasr.inference.onnx_network import OnnxNetwork
from blasr.models import AcousticModel, build_acoustic_model
from blasr.units import FloatArray
from tests.pipeline.systems import babble

PRIORS = Priors.from_counts(np.arange(1, 8), PriorConfig(), "nowhere")
FEATURES = FeatureConfig(norm_vars=True)
CONFIG = ScoringConfig(prior_scale=0.7)


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    torch.manual_seed(0)
    return build_acoustic_model("bl_resnet22_a2b3", num_pdfs=7, width=0.1).eval()


@settings(deadline=None, max_examples=10)
@given(lengths=st.lists(st.integers(40, 4000), min_size=1, max_size=4), seconds=st.floats(0.03, 1.5))
def test_the_rows_are_those_of_the_whole(model: AcousticModel, lengths: list[int], seconds: float) -> None:
    samples = babble(seconds, 5).astype(np.float32)
    scorer = AcousticScorer(model, FEATURES, PRIORS, CONFIG)
    features = scorer.compute_features(samples)
    stats = CmvnStats.of(scorer.compute_features(babble(1.0, 6).astype(np.float32)))
    expected = scorer.log_likelihoods(pad_context(scorer.normalized_inputs(features, stats)))
    streaming = StreamingScorer(model, FEATURES, PRIORS, FixedCmvn(stats, norm_vars=True), CONFIG)
    rows: list[FloatArray] = []
    begin = 0
    while begin < len(samples):
        length = lengths[len(rows) % len(lengths)]
        rows.append(streaming.accept(samples[begin : begin + length]))
        begin += length
    late = len(features) - streaming.num_frames
    assert late == min(len(features), 28), "a row comes 24 frames of context and 4 of deltas after its own"
    rows.append(streaming.finish())
    np.testing.assert_allclose(np.concatenate(rows), expected, rtol=2e-5, atol=1e-3)
    assert streaming.num_frames == len(expected)


def test_frames_in_place_of_samples(model: AcousticModel) -> None:
    scorer = AcousticScorer(model, FeatureConfig(cmvn="none"), PRIORS)
    features = scorer.compute_features(babble(0.6, 1).astype(np.float32))
    streaming = StreamingScorer(model, FEATURES, PRIORS, FixedCmvn(None))
    rows = [streaming.accept_features(features[:30].numpy()), streaming.accept_features(features[30:].numpy())]
    expected = scorer.log_likelihoods(pad_context(scorer.normalized_inputs(features)))
    np.testing.assert_allclose(np.concatenate([*rows, streaming.finish()]), expected, rtol=2e-5, atol=1e-3)


class WholeNetwork(OnnxNetwork):
    """A network without layers to look into, as an exported one."""

    def __init__(self, model: AcousticModel) -> None:
        torch.nn.Module.__init__(self)
        self.model = model
        self.frames = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.frames += x.shape[3]
        logits: torch.Tensor = self.model(x)
        return logits.flatten(2)


def test_an_exported_network_computes_its_context_again(model: AcousticModel) -> None:
    samples = babble(1.2, 5).astype(np.float32)
    network = WholeNetwork(model)
    rows = []
    for of_it in (model, network):
        streaming = StreamingScorer(of_it, FEATURES, PRIORS, FixedCmvn(None), CONFIG)
        pieces = [streaming.accept(samples[begin : begin + 2400]) for begin in range(0, len(samples), 2400)]
        rows.append(np.concatenate([*pieces, streaming.finish()]))
    np.testing.assert_allclose(rows[1], rows[0], rtol=2e-5, atol=1e-3)
    assert len(rows[0]) < network.frames < 4 * len(rows[0])


def test_too_short_and_not_finite(model: AcousticModel) -> None:
    streaming = StreamingScorer(model, FEATURES, PRIORS, FixedCmvn(None))
    assert streaming.accept(np.zeros(100, np.float32)).shape == (0, 7)
    with pytest.raises(TooShortError):
        streaming.finish()
    diverged = build_acoustic_model("resnet22", num_pdfs=7, width=0.1).eval()
    assert diverged.output.bias is not None
    torch.nn.init.constant_(diverged.output.bias, float("nan"))
    with pytest.raises(DataError, match="finite"):
        StreamingScorer(diverged, FEATURES, PRIORS, FixedCmvn(None)).accept(np.ones(8000, np.float32))
