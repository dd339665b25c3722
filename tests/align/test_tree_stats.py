from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from blasr.align.tree_stats import ABSENT, TreeStats, TreeStatsAccumulator, log_likelihood, moments_of
from blasr.errors import ConfigError
from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.topology import make_topology
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree

SILENCE = 1


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    """Phones 1 (without context), 2 and 3 with three states each; phone p has transition-ids from 6 p - 5."""
    classes = dict.fromkeys((1, 2, 3), 3)
    return Segmenter(TransitionModel.from_tree(monophone_tree([[1], [2], [3]], classes), make_topology([1, 2, 3], [])))


def alignment_of(phones: list[int]) -> np.ndarray:
    """Two frames for every state."""
    return np.array([6 * phone - 6 + tid for phone in phones for tid in (2, 1, 4, 3, 6, 5)], dtype=np.int32)


def stats_of(
    segmenter: Segmenter, utterances: list[list[int]], cut: int = 1, width: int = 3, center: int = 1
) -> TreeStats:
    random = np.random.default_rng(0)
    pairs = [
        (alignment_of(phones), random.normal(size=(6 * len(phones), 2)).astype(np.float32)) for phones in utterances
    ]
    accumulator = TreeStatsAccumulator(3, [SILENCE], context_width=width, central_position=center)
    for begin in range(0, len(pairs), cut):
        accumulator.add(segmenter, pairs[begin : begin + cut])
    return accumulator.stats()


def test_windows_and_states(segmenter: Segmenter) -> None:
    stats = stats_of(segmenter, [[1, 2, 3, 1]])
    found = set(zip(map(tuple, stats.windows.tolist()), stats.pdf_classes.tolist(), strict=True))
    windows = [(ABSENT, 1, ABSENT), (1, 2, 3), (2, 3, 1)]
    assert found == set(itertools.product(windows, range(3)))
    counts = dict(zip(map(tuple, stats.windows.tolist()), stats.moments[:, 0].tolist(), strict=True))
    assert counts == {(ABSENT, 1, ABSENT): 4, (1, 2, 3): 2, (2, 3, 1): 2}
    assert stats.num_frames == 24


def test_the_ends_of_an_utterance_are_phone_0(segmenter: Segmenter) -> None:
    assert stats_of(segmenter, [[2]]).windows.tolist() == [[0, 2, 0]] * 3


def test_left_biphones(segmenter: Segmenter) -> None:
    stats = stats_of(segmenter, [[2, 3]], width=2, center=1)
    assert {tuple(window) for window in stats.windows.tolist()} == {(0, 2), (2, 3)}


def test_batches_do_not_change_the_statistics(segmenter: Segmenter) -> None:
    utterances = [[2, 3], [3, 2, 3], [1, 2], [2, 3]]
    one, all_at_once = stats_of(segmenter, utterances, cut=1), stats_of(segmenter, utterances, cut=4)
    np.testing.assert_array_equal(one.windows, all_at_once.windows)
    np.testing.assert_array_equal(one.pdf_classes, all_at_once.pdf_classes)
    assert_allclose(one.moments, all_at_once.moments, rtol=1e-12)


def test_moments_are_sums_over_the_frames_of_an_event(segmenter: Segmenter) -> None:
    features = np.arange(12, dtype=np.float32).reshape(6, 2)
    accumulator = TreeStatsAccumulator(3, [SILENCE])
    accumulator.add(segmenter, [(alignment_of([2]), features)])
    first = accumulator.stats().moments[0]
    assert first.tolist() == [2, 0 + 2, 1 + 3, 0 + 4, 1 + 9]


def test_too_many_windows_are_refused() -> None:
    with pytest.raises(ConfigError, match="too many to number"):
        TreeStatsAccumulator(10_000, [], context_width=5, central_position=2)
    with pytest.raises(ConfigError, match="outside"):
        TreeStatsAccumulator(10, [], context_width=3, central_position=3)


def test_likelihood_is_that_of_the_gaussian() -> None:
    frames = np.random.default_rng(1).normal(3.0, 2.0, size=(100, 2))
    mean, variance = frames.mean(axis=0), frames.var(axis=0)
    expected = sum(
        -0.5 * (math.log(2 * math.pi * variance[d]) + (frame[d] - mean[d]) ** 2 / variance[d])
        for frame in frames
        for d in range(2)
    )
    assert float(log_likelihood(moments_of(frames).sum(axis=0))) == pytest.approx(expected)


def test_without_frames_the_log_likelihood_is_zero() -> None:
    assert log_likelihood(np.zeros((2, 5))).tolist() == [0.0, 0.0]


@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 20))
def test_two_gaussians_never_fit_worse_than_one(seed: int, first: int, second: int) -> None:
    frames = np.random.default_rng(seed).normal(size=(first + second, 3))
    one, other = moments_of(frames[:first]).sum(axis=0), moments_of(frames[first:]).sum(axis=0)
    assert log_likelihood(one) + log_likelihood(other) >= log_likelihood(one + other) - 1e-6
