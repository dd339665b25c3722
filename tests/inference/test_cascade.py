"""The cascade: its extremes are its models, what is passed on has the big model's dense rows, and MACs are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from blasr.errors import MismatchError
from blasr.features.config import FeatureConfig
from blasr.inference.acoustic_scorer import AcousticScorer
from blasr.inference.cascade import CascadeScorer, CascadeUsage, LittleBig
from blasr.inference.config import CascadeConfig, PriorConfig, ScoringConfig
from blasr.inference.priors import Priors
from blasr.models import AcousticModel, build_acoustic_model
from blasr.nn import count_layers
from blasr.units import FloatArray

FEATURES = FeatureConfig(norm_vars=True)
SCORING = ScoringConfig(prior_scale=0.7)
NUM_PDFS = 7


def network(name: str, width: float, seed: int) -> AcousticModel:
    """An untrained network with strong opinions."""
    torch.manual_seed(seed)
    model = build_acoustic_model(name, num_pdfs=NUM_PDFS, width=width).eval()
    with torch.no_grad():
        logits = model(torch.randn(1, 3, 64, 200))
        model.output.weight *= 3 / logits.std()
    return model


@pytest.fixture(scope="module")
def models() -> LittleBig:
    priors = [Priors.from_counts(counts, PriorConfig(), "") for counts in (np.arange(1, 8), np.arange(9, 2, -1))]
    little, big = network("bl_resnet22_a4b3", 0.05, 0), network("bl_resnet22_a2b3", 0.1, 1)
    return LittleBig(little, priors[0], big, priors[1])


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(3, 64, 230 + 48, generator=torch.Generator().manual_seed(2))


def threshold_between(models: LittleBig, inputs: torch.Tensor, config: CascadeConfig, share: float = 0.5) -> float:
    """A threshold that passes on about this share of the parts."""
    scorer = CascadeScorer(models, FEATURES, config)
    _, confidences = scorer.confidences(scorer.little_log_posteriors(inputs))
    return float(np.quantile(confidences, share))


def alone(models: LittleBig, inputs: torch.Tensor, *, big: bool) -> FloatArray:
    model, priors = (models.big, models.big_priors) if big else (models.little, models.little_priors)
    return AcousticScorer(model, FEATURES, priors, SCORING).log_likelihoods(inputs)


@pytest.mark.parametrize("unit", ["window", "chunk", "utterance"])
@pytest.mark.parametrize("confidence", ["max_posterior", "entropy"])
def test_the_extremes_are_exactly_the_models(
    models: LittleBig, inputs: torch.Tensor, unit: str, confidence: str
) -> None:
    config = CascadeConfig(0.0, confidence, unit)  # type: ignore[arg-type]
    little = CascadeScorer(models, FEATURES, config, SCORING)
    np.testing.assert_array_equal(little.log_likelihoods(inputs), alone(models, inputs, big=False))
    assert little.usage.passed_on == 0 and little.usage.macs == little.costs[0].macs(230)
    big = CascadeScorer(models, FEATURES, replace(config, threshold=1.01), SCORING)
    np.testing.assert_array_equal(big.log_likelihoods(inputs), alone(models, inputs, big=True))
    assert big.usage == CascadeUsage(230, 230, big.costs[1].macs(230), big.costs[1].macs(230))


@pytest.mark.parametrize(("unit", "share"), [("window", 0.03), ("chunk", 0.5)])
def test_rows_passed_on_are_the_dense_rows_of_the_big_model(
    models: LittleBig, inputs: torch.Tensor, unit: str, share: float
) -> None:
    config = CascadeConfig(unit=unit, chunk_frames=20)  # type: ignore[arg-type]
    config = replace(config, threshold=threshold_between(models, inputs, config, share))
    scorer = CascadeScorer(models, FEATURES, config, SCORING)
    passed_on = scorer.posteriors(inputs).passed_on
    assert passed_on is not None and 5 < np.count_nonzero(passed_on) < 200
    rows = scorer.log_likelihoods(inputs)
    np.testing.assert_allclose(rows[passed_on], alone(models, inputs, big=True)[passed_on], rtol=0, atol=2e-5)
    np.testing.assert_array_equal(rows[~passed_on], alone(models, inputs, big=False)[~passed_on])


def test_the_least_sure_chunks_are_passed_on(models: LittleBig, inputs: torch.Tensor) -> None:
    config = CascadeConfig(chunk_frames=20)
    config = replace(config, threshold=threshold_between(models, inputs, config))
    scorer = CascadeScorer(models, FEATURES, config)
    bounds, confidences = scorer.confidences(scorer.little_log_posteriors(inputs))
    passed_on = scorer.posteriors(inputs).passed_on
    assert passed_on is not None
    for start, end, confidence in zip(bounds[:-1], bounds[1:], confidences, strict=True):
        assert passed_on[start:end].all() == (confidence < config.threshold) == passed_on[start:end].any()


def test_macs_are_those_of_the_passes_that_run(models: LittleBig, inputs: torch.Tensor) -> None:
    config = CascadeConfig(chunk_frames=20)
    config = replace(config, threshold=threshold_between(models, inputs, config))
    scorer = CascadeScorer(models, FEATURES, config)
    lengths: dict[str, list[int]] = {"little": [], "big": []}
    handles = [
        getattr(models, name).register_forward_pre_hook(
            lambda _module, args, name=name: lengths[name].append(args[0].shape[3])
        )
        for name in lengths
    ]
    scorer.posteriors(inputs)
    for handle in handles:
        handle.remove()
    assert lengths["little"] == [278] and len(lengths["big"]) > 1
    expected = sum(
        layer.macs
        for name, found in lengths.items()
        for length in found
        for layer in count_layers(getattr(models, name), (3, 64, length))
    )
    assert scorer.usage.macs == expected
    assert scorer.usage.big_macs == sum(layer.macs for layer in count_layers(models.big, (3, 64, 278)))
    once = scorer.usage
    scorer.posteriors(inputs)
    assert scorer.usage == once + once
    assert f"of {2 * once.frames} frames from the big model" in str(scorer.usage)


def test_the_confidence_of_a_lattice_decides_for_utterances(models: LittleBig, inputs: torch.Tensor) -> None:
    config = CascadeConfig(0.5, "lattice", "utterance")
    for confidence, big in ((0.4, True), (0.6, False)):
        seen: list[object] = []

        def measure(posteriors: object, confidence: float = confidence, seen: list[object] = seen) -> float:
            seen.append(posteriors)
            return confidence

        scorer = CascadeScorer(models, FEATURES, config, SCORING, measure)
        np.testing.assert_array_equal(scorer.log_likelihoods(inputs), alone(models, inputs, big=big))
        assert len(seen) == 1
    with pytest.raises(ValueError, match="needs a function"):
        CascadeScorer(models, FEATURES, config, SCORING)


def test_models_of_different_outputs_are_refused(models: LittleBig) -> None:
    priors = Priors.from_counts(np.arange(1, 4), PriorConfig(), "")
    with pytest.raises(MismatchError, match="the little model has 3 pdfs, the big one 7"):
        replace(models, little_priors=priors)
