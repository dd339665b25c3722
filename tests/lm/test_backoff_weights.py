"""The probability that contexts leave to unlisted words, and normalized backoffs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.lm.backoff_weights import left_over, with_normalized_backoffs
from blasr.lm.kneser_ney import estimate_kneser_ney
from tests.lm.ngrams import HISTORIES, TEXTS, WORDS, total_after


@settings(max_examples=15, deadline=None)
@given(TEXTS, st.integers(2, 4), HISTORIES)
def test_normalized_backoffs_make_probabilities_sum_to_one(
    text: list[list[str]], order: int, history: list[str]
) -> None:
    model = estimate_kneser_ney(text, order, vocabulary=WORDS).model
    spoiled = replace(model, backoff=np.full(model.num_nodes, -0.1))
    assert total_after(with_normalized_backoffs(spoiled), history) == pytest.approx(1.0)


def test_normalizing_a_normalized_model_changes_nothing() -> None:
    model = estimate_kneser_ney([["a", "b"], ["a", "c"], ["b"]], 3).model
    np.testing.assert_allclose(
        with_normalized_backoffs(model).backoff[model.is_context], model.backoff[model.is_context], atol=1e-9
    )


def test_what_a_context_leaves_by_hand() -> None:
    model = estimate_kneser_ney([["a", "b"]], 2, unknown=None).model
    left, lower_left, lower = left_over(model, 1)
    after_a = model.ids["a"]  # the position of the unigram among the contexts of order 1
    assert left[after_a] == pytest.approx(1 - 10 ** model.log_prob_of("b", ["a"]))
    assert lower_left[after_a] == pytest.approx(1 - 10 ** model.log_prob_of("b"))
    assert lower.tolist() == pytest.approx([10 ** model.log_prob_of(word) for word in ("a", "b", "</s>")])
    assert len(lower) == model.num_ngrams[1]
