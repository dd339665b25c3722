from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.align.config import TreeOptions
from blasr.align.questions import Questions
from blasr.align.tree_growth import Node, best_split, grow
from blasr.align.tree_stats import TreeStats, log_likelihood

from .triphones import QUESTIONS, random_stats


def brute_force(stats: TreeStats, rows: np.ndarray, questions: Questions) -> float:
    best = 0.0
    whole = log_likelihood(stats.moments[rows].sum(axis=0))
    for key in questions.keys:
        values = stats.values(key)[rows]
        if (values < 0).any():
            continue
        for question in questions.of_key[key]:
            yes = np.isin(values, question)
            if yes.any() and not yes.all():
                halves = (stats.moments[rows[yes]].sum(axis=0), stats.moments[rows[~yes]].sum(axis=0))
                best = max(best, float(sum(log_likelihood(half) for half in halves) - whole))
    return best


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_the_best_question_beats_all_others(seed: int, size: int) -> None:
    stats = random_stats(seed, frames=5)
    rows = np.random.default_rng(seed).permutation(len(stats))[:size]
    split = best_split(stats, rows, QUESTIONS)
    assert split.gain == pytest.approx(brute_force(stats, rows, QUESTIONS), rel=1e-9, abs=1e-6)
    if split.gain > 0:
        assert split.yes_set in QUESTIONS.of_key[split.key]


def test_growth_splits_the_best_leaf_first() -> None:
    stats = random_stats(0)
    root = Node(0, np.arange(len(stats)))
    first = best_split(stats, root.rows, QUESTIONS)
    growth = grow(stats, QUESTIONS, [root], 1, TreeOptions(max_leaves=2, split_threshold=1.0))
    assert (growth.num_splits, growth.gain, growth.smallest_split) == (1, first.gain, first.gain)
    assert root.split == first
    assert [leaf.leaf for leaf in root.leaves()] == [0, 1]
    yes, no = root.leaves()
    assert np.isin(stats.values(first.key)[yes.rows], first.yes_set).all()
    assert sorted([*yes.rows, *no.rows]) == list(range(len(stats)))


def test_growth_without_a_limit_stops_at_the_threshold() -> None:
    stats = random_stats(1)
    root = Node(0, np.arange(len(stats)))
    assert grow(stats, QUESTIONS, [root], 1, TreeOptions(0, split_threshold=1e12)).num_splits == 0
    assert grow(stats, QUESTIONS, [root], 1, TreeOptions(0, split_threshold=0.0)).num_splits > 20
