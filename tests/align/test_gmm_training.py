from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from blasr.align.config import UpdateOptions
from blasr.align.gmm_training import GmmAccumulator, Mixtures, split_targets
from blasr.align.tree_stats import moments_of

EVERYTHING = UpdateOptions(min_gaussian_occupancy=0.0, min_gaussian_weight=0.0, min_variance=1e-8)


def random_mixtures(seed: int, sizes: list[int], dimension: int = 3) -> Mixtures:
    random = np.random.default_rng(seed)
    total = sum(sizes)
    weights = np.concatenate([random.dirichlet(np.ones(size)) for size in sizes])
    return Mixtures(
        np.concatenate([[0], np.cumsum(sizes)]),
        weights,
        random.normal(size=(total, dimension)),
        random.uniform(0.5, 2.0, size=(total, dimension)),
    )


def log_density(mixtures: Mixtures, frame: np.ndarray, pdf: int) -> tuple[float, np.ndarray]:
    """Log densities from the definition of a Gaussian, one at a time."""
    values = []
    for gaussian in range(mixtures.offsets[pdf], mixtures.offsets[pdf + 1]):
        value = math.log(mixtures.weights[gaussian])
        for x, mean, variance in zip(frame, mixtures.means[gaussian], mixtures.variances[gaussian], strict=True):
            value += -0.5 * (math.log(2 * math.pi * variance) + (x - mean) ** 2 / variance)
        values.append(value)
    total = float(np.logaddexp.reduce(values))
    return total, np.exp(np.array(values) - total)


def accumulated(mixtures: Mixtures, frames: np.ndarray, pdf_ids: np.ndarray) -> GmmAccumulator:
    accumulator = GmmAccumulator.zeros(mixtures)
    accumulator.add(mixtures, frames.astype(np.float32), pdf_ids.astype(np.int32))
    return accumulator


def test_sums_equal_those_of_the_definition() -> None:
    mixtures = random_mixtures(0, [2, 1, 3])
    random = np.random.default_rng(1)
    frames = random.normal(size=(40, 3)).astype(np.float32)
    pdf_ids = random.integers(0, 3, size=40)
    accumulator = accumulated(mixtures, frames, pdf_ids)
    expected = np.zeros_like(accumulator.moments)
    total = 0.0
    for frame, pdf in zip(frames.astype(np.float64), pdf_ids, strict=True):
        value, posteriors = log_density(mixtures, frame, pdf)
        total += value
        for gaussian, posterior in enumerate(posteriors, start=int(mixtures.offsets[pdf])):
            expected[gaussian] += posterior * np.concatenate([[1.0], frame, frame * frame])
    assert_allclose(accumulator.moments, expected, rtol=1e-9)
    assert accumulator.log_likelihood == pytest.approx(total)
    assert_allclose(accumulator.occupancies(mixtures), np.bincount(pdf_ids, minlength=3))


def test_batch_boundaries_do_not_change_the_sums() -> None:
    mixtures = random_mixtures(2, [3, 2])
    random = np.random.default_rng(3)
    frames, pdf_ids = random.normal(size=(60, 3)), random.integers(0, 2, size=60)
    whole = accumulated(mixtures, frames, pdf_ids)
    parts = GmmAccumulator.zeros(mixtures)
    for begin, end in pairwise([0, 17, 20, 60]):
        parts.merge(accumulated(mixtures, frames[begin:end], pdf_ids[begin:end]))
    assert_allclose(parts.moments, whole.moments, rtol=1e-10)
    assert parts.num_frames == 60


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_an_update_never_lowers_the_likelihood(seed: int) -> None:
    random = np.random.default_rng(seed)
    frames, pdf_ids = random.normal(size=(200, 3)), random.integers(0, 2, size=200)
    mixtures = random_mixtures(seed, [3, 2])
    before = -math.inf
    for _ in range(4):
        accumulator = accumulated(mixtures, frames, pdf_ids)
        assert accumulator.average_log_likelihood >= before - 1e-9
        before = accumulator.average_log_likelihood
        mixtures, _ = accumulator.update(mixtures, EVERYTHING)


def test_one_gaussian_is_the_mean_and_variance_of_its_frames() -> None:
    frames = np.random.default_rng(5).normal(2.0, 3.0, size=(500, 2))
    start = Mixtures(np.array([0, 1]), np.ones(1), np.zeros((1, 2)), np.ones((1, 2)))
    updated, report = accumulated(start, frames, np.zeros(500)).update(start, UpdateOptions())
    assert_allclose(updated.means[0], frames.mean(axis=0), rtol=1e-5)
    assert_allclose(updated.variances[0], frames.var(axis=0), rtol=1e-5)
    assert report.num_removed == report.num_floored == 0


def test_gaussians_without_data_are_removed_except_the_last_of_a_pdf() -> None:
    mixtures = Mixtures(
        np.array([0, 2, 4]),
        np.array([0.5, 0.5, 0.5, 0.5]),
        np.array([[0.0], [100.0], [0.0], [1.0]]),
        np.ones((4, 1)),
    )
    frames = np.concatenate([np.random.default_rng(0).normal(size=(50, 1)), np.zeros((4, 1))])
    pdf_ids = np.array([0] * 50 + [1] * 4)
    updated, report = accumulated(mixtures, frames, pdf_ids).update(mixtures, UpdateOptions())
    assert updated.offsets.tolist() == [0, 1, 2]
    assert report.num_removed == 2
    assert_allclose(updated.weights, 1.0)
    assert_allclose(updated.means[1], 1.0)  # unchanged
    assert_allclose(updated.variances[1], 1.0)


def test_variances_are_floored() -> None:
    mixtures = Mixtures(np.array([0, 1]), np.ones(1), np.zeros((1, 1)), np.ones((1, 1)))
    updated, report = accumulated(mixtures, np.full((30, 1), 2.0), np.zeros(30)).update(mixtures, UpdateOptions())
    assert updated.variances[0, 0] == pytest.approx(0.001)
    assert report.num_floored == 1


def test_a_pdf_without_frames_keeps_its_gaussian() -> None:
    mixtures = random_mixtures(7, [1, 1])
    updated, _ = accumulated(mixtures, np.random.default_rng(0).normal(size=(30, 3)), np.zeros(30)).update(
        mixtures, UpdateOptions()
    )
    assert_allclose(updated.means[1], mixtures.means[1])
    assert_allclose(updated.weights[1], 1.0)


def test_mixing_up_splits_the_gaussian_with_the_largest_weight() -> None:
    mixtures = random_mixtures(8, [1, 1])
    occupancies = np.array([1000.0, 100.0])
    larger = mixtures.mix_up(occupancies, 6, power=0.25, seed=1)
    sizes = np.diff(larger.offsets)
    assert sizes.sum() == 6
    assert sizes[0] > sizes[1]
    weights = np.add.reduceat(larger.weights, larger.offsets[:-1])
    assert_allclose(weights, 1.0)
    assert_allclose(larger.weights[: sizes[0]] @ larger.means[: sizes[0]], mixtures.means[0], atol=0.05)
    again = mixtures.mix_up(occupancies, 6, power=0.25, seed=1)
    assert_allclose(again.means, larger.means)


def test_mixing_up_never_removes_gaussians() -> None:
    mixtures = random_mixtures(9, [4, 1])
    assert np.diff(mixtures.mix_up(np.array([1000.0, 1000.0]), 2, power=0.25, seed=0).offsets).tolist() == [4, 1]


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=12), st.integers(1, 60))
def test_targets_keep_enough_frames_for_each_gaussian(occupancies: list[float], target: int) -> None:
    targets = split_targets(np.array(occupancies), target, power=0.25)
    assert targets.min() >= 1
    assert targets.sum() <= max(target, len(occupancies))
    split = targets > 1
    assert (np.array(occupancies)[split] / targets[split] > 20.0).all()


def test_targets_follow_the_power_of_the_occupancy() -> None:
    targets = split_targets(np.array([1e6, 1e6 / 16]), 9, power=0.25)
    assert targets.tolist() == [6, 3]


def test_single_gaussians_from_moments() -> None:
    frames = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    moments = np.stack([moments_of(frames[:60]).sum(axis=0), np.zeros(5), moments_of(frames[60:]).sum(axis=0)])
    mixtures = Mixtures.single(moments)
    assert_allclose(mixtures.means[0], frames[:60].mean(axis=0), atol=1e-6)
    assert_allclose(mixtures.means[1], frames.mean(axis=0), atol=1e-6)
    assert_allclose(mixtures.variances[2], frames[60:].var(axis=0), atol=1e-5)


def test_a_part_of_the_model_has_the_same_densities() -> None:
    mixtures = random_mixtures(3, [2, 3, 1])
    part = mixtures.of_pdfs([2, 0])
    assert part.offsets.tolist() == [0, 1, 3]
    frame = np.array([0.3, -0.2, 1.0])
    assert log_density(part, frame, 0)[0] == pytest.approx(log_density(mixtures, frame, 2)[0])
    assert log_density(part, frame, 1)[0] == pytest.approx(log_density(mixtures, frame, 0)[0])


def test_the_quadratic_form_is_the_log_density() -> None:
    mixtures = random_mixtures(4, [3])
    frame = np.random.default_rng(0).normal(size=3)
    coefficients, constants = mixtures.quadratic_form
    values = np.concatenate([frame, frame * frame]) @ coefficients + constants
    assert float(np.logaddexp.reduce(values)) == pytest.approx(log_density(mixtures, frame, 0)[0])


def test_log_likelihoods_of_all_pdfs() -> None:
    mixtures = random_mixtures(6, [1, 4, 2])
    frames = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    expected = [[log_density(mixtures, frame, pdf)[0] for pdf in range(3)] for frame in frames.astype(np.float64)]
    assert_allclose(mixtures.log_likelihoods(frames), expected, rtol=1e-5)


def test_conversion_to_a_model() -> None:
    mixtures = random_mixtures(11, [2, 1, 3])
    model = mixtures.to_model()
    assert model.offsets.tolist() == [0, 2, 3, 6]
    assert_allclose(model.means, mixtures.means)
    frames = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert_allclose(model.log_likelihoods(frames), mixtures.log_likelihoods(frames), rtol=1e-5)
