"""Merging of words, and n-grams without some words."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.lm.backoff_model import BEGIN, END
from blasr.lm.vocabulary import merge_words, ngrams_without
from blasr.lm.witten_bell import estimate_witten_bell
from tests.lm.ngrams import TEXTS, WORDS


@settings(max_examples=15, deadline=None)
@given(TEXTS, st.integers(1, 4), st.sets(st.sampled_from(WORDS), min_size=1), st.sampled_from(["<UNK>", "a"]))
def test_the_merged_word_has_the_sum_of_the_probabilities(
    text: list[list[str]], order: int, merged: set[str], into: str
) -> None:
    model = estimate_witten_bell(text, order, vocabulary=WORDS)
    result = merge_words(model, merged, into)
    replaced = merged | {into}
    stay = [word for word in WORDS if word not in replaced]
    assert set(result.words) == {BEGIN, END, *stay, into}
    for history in product(stay, repeat=min(2, order - 1)):
        for context in (history, (BEGIN, *history)):
            together = sum(10 ** model.log_prob_of(word, context) for word in replaced if word in model.ids)
            assert 10 ** result.log_prob_of(into, context) == pytest.approx(together, abs=1e-6)
            for word in (*stay, END):
                assert result.log_prob_of(word, context) == pytest.approx(model.log_prob_of(word, context), abs=1e-6)
    after = [10 ** result.log_prob_of(word, [into]) for word in result.words if word != BEGIN]
    assert sum(after) == pytest.approx(1.0, abs=1e-5)


def test_ngrams_without_a_word() -> None:
    model = estimate_witten_bell([["a", "b"], ["b", "a"]], 2)
    kept = ngrams_without(model, np.array([word == "a" for word in model.words]))
    assert kept[0]
    listed = [
        " ".join(words)
        for order in (1, 2)
        for nodes, block in model.ngrams(order)
        for node, words in zip(nodes, block, strict=True)
        if kept[node]
    ]
    assert listed == ["<s>", "</s>", "b", "<s> b", "b </s>"]
