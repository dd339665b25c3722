from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.align.questions import _best_bisection, cluster_phones, compile_questions
from blasr.align.tree_stats import Moments, TreeStats, log_likelihood, moments_of
from blasr.errors import DataError


def moments(seed: int, centers: list[float], frames: int = 40) -> Moments:
    random = np.random.default_rng(seed)
    return np.stack([moments_of(random.normal(center, 1.0, size=(frames, 2))).sum(axis=0) for center in centers])


def stats_of_phones(data: Moments, pdf_class: int = 1) -> TreeStats:
    count = len(data)
    windows = np.zeros((count, 3), dtype=np.int32)
    windows[:, 1] = np.arange(1, count + 1)
    return TreeStats(windows, np.full(count, pdf_class, dtype=np.int32), data, 1)


def test_groups_of_similar_phones_become_questions() -> None:
    stats = stats_of_phones(moments(0, [0.0, 0.2, 20.0, 20.2, -20.0]))
    questions = cluster_phones(stats, [(phone,) for phone in range(1, 6)])
    assert {(1, 2), (3, 4), (1, 2, 3, 4, 5)} <= set(questions)
    assert {(phone,) for phone in range(1, 6)} <= set(questions)
    assert questions == sorted(questions)


def test_sets_are_never_separated() -> None:
    stats = stats_of_phones(moments(1, [0.0, 30.0, 0.0]))
    questions = cluster_phones(stats, [(1, 2), (3,)])
    assert all((1 in question) == (2 in question) for question in questions)


def test_only_the_chosen_pdf_classes_count() -> None:
    data = moments(2, [0.0, 20.0, 0.1])
    assert (1, 3) in cluster_phones(stats_of_phones(data), [(1,), (2,), (3,)])
    other = cluster_phones(stats_of_phones(data, pdf_class=0), [(1,), (2,), (3,)])
    assert (1, 3) not in other


def test_phones_without_data_are_in_questions() -> None:
    data = moments(3, [0.0, 20.0, 0.0])
    data[2] = 0.0
    assert (3,) in cluster_phones(stats_of_phones(data), [(1,), (2,), (3,)])


@pytest.mark.parametrize("sets", [[], [(1, 2), (2, 3)]])
def test_empty_or_overlapping_sets_are_refused(sets: list[tuple[int, ...]]) -> None:
    with pytest.raises(DataError, match="share a phone"):
        cluster_phones(stats_of_phones(moments(0, [0.0, 1.0, 2.0])), sets)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-8, 8), min_size=2, max_size=7), st.integers(0, 1000))
def test_no_single_move_improves_a_bisection(centers: list[float], seed: int) -> None:
    data = moments(seed, centers)
    members = list(range(len(data)))
    negative_gain, (first, second) = _best_bisection(data, members)
    assert sorted(first + second) == members
    whole = log_likelihood(data.sum(axis=0))
    found = log_likelihood(data[first].sum(axis=0)) + log_likelihood(data[second].sum(axis=0)) - whole
    assert -negative_gain == pytest.approx(found, rel=1e-6, abs=1e-6)
    for point in members:
        moved = [[index for index in half if index != point] for half in (first, second)]
        moved[0 if point in second else 1].append(point)
        gain = sum(log_likelihood(data[half].sum(axis=0)) for half in moved) - whole
        assert gain <= found + 1e-6 * abs(found)


def test_the_best_bisection_of_two_groups_is_found() -> None:
    for seed, centers in enumerate(itertools.product([-8.0, 8.0], repeat=5)):
        if len(set(centers)) == 1:
            continue
        data = moments(seed, [center + index / 4 for index, center in enumerate(centers)])
        _, halves = _best_bisection(data, list(range(5)))
        apart = [[index for index in range(5) if centers[index] == side] for side in (-8.0, 8.0)]
        assert sorted(map(sorted, halves)) == sorted(apart)


def test_compiled_questions_cover_positions_and_states() -> None:
    questions = compile_questions([(2, 1), (3,), (1, 2)], num_pdf_classes=5)
    assert questions.keys == [-1, 0, 1, 2]
    assert questions.of_key[0] == ((1, 2), (3,))
    assert questions.of_key[-1] == ((0,), (0, 1), (0, 1, 2), (0, 1, 2, 3))
    np.testing.assert_array_equal(questions.membership(0, 3), [[0, 1, 1], [0, 0, 0]])
