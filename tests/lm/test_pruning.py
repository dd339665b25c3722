"""Entropy pruning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import ConfigError
from blasr.lm.backoff_model import BackoffModel
from blasr.lm.kneser_ney import estimate_kneser_ney
from blasr.lm.perplexity import measure_perplexity
from blasr.lm.pruning import prune
from tests.lm.ngrams import HISTORIES, TEXTS, WORDS, random_text, total_after


@settings(max_examples=12, deadline=None)
@given(TEXTS, st.integers(1, 4), HISTORIES, st.sampled_from([0.0, 1e-3, 1e-2, 0.1, 10.0]))
def test_pruned_models_sum_to_one(text: list[list[str]], order: int, history: list[str], threshold: float) -> None:
    model = estimate_kneser_ney(text, order, vocabulary=WORDS).model
    pruned = prune(model, threshold)
    assert total_after(pruned, history) == pytest.approx(1.0)
    assert all(left <= had for left, had in zip(pruned.num_ngrams, model.num_ngrams, strict=True))
    if threshold == 10.0:
        assert sum(pruned.num_ngrams[1:]) == 0


def test_the_divergence_is_that_of_the_distributions() -> None:
    """The paper's equation equals the sum over all words, one n-gram at a time."""
    model = estimate_kneser_ney(random_text(200, num_words=12), 2, unknown=None).model
    words = np.array([number for word, number in model.ids.items() if word != "<s>"])
    losses = []
    for node in range(int(model.bounds[2]), int(model.bounds[3])):
        keep = np.ones(model.num_nodes, dtype=bool)
        keep[node] = False
        context = np.repeat(model.parent[node], len(words))
        full = 10.0 ** model.log_probs(context, words)
        less = 10.0 ** renormalized(model.select(keep)).log_probs(context, words)
        begins = model.words[int(model.parent[node]) - 1] == "<s>"
        history = model.log_prob_of("</s>") if begins else model.log_prob[model.parent[node]]
        losses.append(math.expm1(10.0**history * float((full * np.log(full / less)).sum())))
    for threshold in (1e-4, 1e-3, 5e-3):
        assert prune(model, threshold).num_ngrams[1] == sum(loss >= threshold for loss in losses)


def renormalized(model: BackoffModel) -> BackoffModel:
    return prune(model, 0.0)


def test_a_higher_threshold_gives_a_smaller_and_worse_model() -> None:
    text = random_text(500)
    model = estimate_kneser_ney(text, 3).model
    sizes, perplexities = [], []
    for threshold in (0.0, 1e-5, 1e-4, 1e-3):
        pruned = prune(model, threshold)
        sizes.append(sum(pruned.num_ngrams))
        perplexities.append(measure_perplexity(pruned, text).perplexity)
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < sizes[0] / 2
    assert perplexities == sorted(perplexities)
    with pytest.raises(ConfigError, match="0 or more, found nan"):
        prune(model, float("nan"))
