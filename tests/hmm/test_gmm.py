from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from blasr.errors import DataError, MismatchError
from blasr.hmm.gmm import AmDiagGmm, DiagGmm

Array = np.ndarray[Any, Any]


def random_gmm(rng: np.random.Generator, num_gaussians: int, dimension: int, spread: float = 3.0) -> DiagGmm:
    return DiagGmm(
        rng.dirichlet(np.ones(num_gaussians)),
        rng.normal(size=(num_gaussians, dimension)) * spread + 5.0,
        rng.uniform(0.05, 20.0, size=(num_gaussians, dimension)),
    )


def reference(gmm: DiagGmm, features: Array) -> Array:
    """The same mixture in torch.distributions, in double precision."""
    weights, means, variances = (torch.from_numpy(array) for array in (gmm.weights, gmm.means, gmm.variances))
    mixture = MixtureSameFamily(Categorical(weights), Independent(Normal(means, variances.sqrt()), 1))
    log_probs: torch.Tensor = mixture.log_prob(torch.from_numpy(features).double())  # type: ignore[no-untyped-call]
    return log_probs.numpy()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(1, 40))
def test_log_likelihoods_are_those_of_torch(seed: int, sizes: list[int], dimension: int) -> None:
    """32-bit products agree with double precision within 1e-3 or 1e-5 of the value."""
    rng = np.random.default_rng(seed)
    model = AmDiagGmm([random_gmm(rng, size, dimension) for size in sizes])
    features = (rng.normal(size=(9, dimension)) * 4 + 5).astype(np.float32)
    found = model.log_likelihoods(features)
    assert found.shape == (9, len(sizes))
    assert found.dtype == np.float32
    for pdf_id, gmm in enumerate(model):
        np.testing.assert_allclose(found[:, pdf_id], reference(gmm, features), rtol=1e-5, atol=1e-3)
        np.testing.assert_allclose(gmm.log_likelihoods(features), found[:, pdf_id], rtol=1e-5, atol=1e-3)


def test_components_sum_to_the_mixture() -> None:
    rng = np.random.default_rng(1)
    model = AmDiagGmm([random_gmm(rng, size, 13) for size in (3, 1, 4)])
    features = rng.normal(size=(5, 13)).astype(np.float32)
    components = model.component_log_likelihoods(features)
    assert components.shape == (5, 8)
    sums = np.logaddexp.reduceat(components, model.offsets[:-1], axis=1)
    np.testing.assert_allclose(model.log_likelihoods(features), sums, rtol=1e-5)
    assert (model.num_pdfs, model.num_gaussians, model.dimension, len(model)) == (3, 8, 13, 3)


def test_far_frames_and_large_features_stay_finite() -> None:
    """Likelihoods far below the smallest float, and values far from zero."""
    rng = np.random.default_rng(2)
    model = AmDiagGmm(
        [DiagGmm(np.array([0.5, 0.5]), np.array([[0.0], [1.0]]) + shift, np.ones((2, 1))) for shift in (0, 1e4)]
    )
    features = np.array([[0.0], [1e4], [300.0]], np.float32)
    found = model.log_likelihoods(features)
    assert np.all(np.isfinite(found))
    for pdf_id, gmm in enumerate(model):
        np.testing.assert_allclose(found[:, pdf_id], reference(gmm, features), rtol=1e-4, atol=20.0)
    large = AmDiagGmm([DiagGmm(np.ones(1), np.full((1, 4), 1e4), np.ones((1, 4)))])
    near = (1e4 + rng.normal(size=(6, 4))).astype(np.float32)
    np.testing.assert_allclose(large.log_likelihoods(near)[:, 0], reference(large[0], near), atol=1e-3)


def test_a_gaussian_without_weight_is_never_chosen() -> None:
    gmm = DiagGmm(np.array([1.0, 0.0]), np.array([[0.0], [5.0]]), np.ones((2, 1)))
    alone = DiagGmm(np.ones(1), np.zeros((1, 1)), np.ones((1, 1)))
    frames = np.array([[0.0], [5.0]], np.float32)
    np.testing.assert_allclose(gmm.log_likelihoods(frames), alone.log_likelihoods(frames), atol=1e-5)


def test_the_block_size_does_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    model = AmDiagGmm([random_gmm(rng, 2, 5) for _ in range(4)])
    features = rng.normal(size=(23, 5)).astype(np.float32)
    whole = model.log_likelihoods(features)
    monkeypatch.setattr("blasr.hmm.gmm._BLOCK_VALUES", 30)
    np.testing.assert_allclose(model.log_likelihoods(features), whole, rtol=1e-6)
    assert model.log_likelihoods(features[:0]).shape == (0, 4)


def test_a_model_built_from_arrays_has_the_same_mixtures() -> None:
    rng = np.random.default_rng(4)
    model = AmDiagGmm([random_gmm(rng, size, 3) for size in (2, 3)])
    again = AmDiagGmm.from_arrays(model.offsets, model.weights, model.means, model.variances)
    assert again.offsets.tolist() == [0, 2, 5]
    np.testing.assert_array_equal(again[1].means, model[1].means)


def test_invalid_mixtures_are_refused() -> None:
    one, two = np.ones(1), np.ones((1, 2))
    for weights, means, variances, message in (
        (np.ones(2), two, two, "shapes"),
        (one, two, np.ones((2, 2)), "shapes"),
        (np.ones(0), np.ones((0, 2)), np.ones((0, 2)), "shapes"),
        (one, two * np.nan, two, "not finite"),
        (-one, two, two, "weight"),
        (0 * one, two, two, "weight"),
        (one, two, 0 * two, "variance"),
    ):
        with pytest.raises(DataError, match=message):
            DiagGmm(weights, means, variances)
    with pytest.raises(DataError, match="no pdfs"):
        AmDiagGmm([])
    with pytest.raises(DataError, match="different dimensions"):
        AmDiagGmm([DiagGmm(one, two, two), DiagGmm(one, np.ones((1, 3)), np.ones((1, 3)))])


def test_features_of_another_dimension_are_refused() -> None:
    model = AmDiagGmm([DiagGmm(np.ones(1), np.ones((1, 2)), np.ones((1, 2)))])
    for shape in ((4, 3), (4,)):
        with pytest.raises(MismatchError, match="2 dimensions"):
            model.log_likelihoods(np.ones(shape))
