"""Interpolated Witten-Bell models."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import ConfigError, DataError
from blasr.lm.arpa import read_arpa, write_arpa
from blasr.lm.witten_bell import WittenBell, estimate_witten_bell

TEXTS = st.lists(st.lists(st.sampled_from(["one", "two", "three"]), max_size=5), min_size=1, max_size=8)


@given(TEXTS, st.integers(1, 3), st.lists(st.sampled_from(["<s>", "one", "two", "three", "four"]), max_size=4))
def test_probabilities_after_any_history_sum_to_one(text: list[list[str]], order: int, history: list[str]) -> None:
    model = WittenBell(text, order, ["one", "two", "three", "four"])
    total = sum(model.probability(word, tuple(history)) for word in [*model.vocabulary, "</s>"])
    assert total == pytest.approx(1.0)


@given(TEXTS, st.integers(1, 3), st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=4))
def test_the_backoff_model_has_the_same_probabilities(text: list[list[str]], order: int, sentence: list[str]) -> None:
    estimator = WittenBell(text, order, ["one", "two", "three", "four"])
    model = estimator.model()
    words = ["<s>", *sentence, "</s>"]
    for index in range(1, len(words)):
        history = words[:index]
        expected = math.log10(estimator.probability(words[index], tuple(history)))
        assert model.log_prob_of(words[index], history) == pytest.approx(expected, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(TEXTS, st.integers(1, 4))
def test_a_model_written_and_read_again_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: list[list[str]], order: int
) -> None:
    path = tmp_path_factory.mktemp("lm") / "lm.arpa"
    model = estimate_witten_bell(text, order, vocabulary=["one", "two", "three", "four"])
    write_arpa(model, path)
    again = read_arpa(path)
    assert again.words == model.words
    for name in ("bounds", "parent", "word", "log_prob", "backoff"):
        expected, found = getattr(model, name), getattr(again, name)
        assert found.dtype == expected.dtype, name
        np.testing.assert_array_equal(found, expected)


def test_logarithms_have_the_seven_decimals_of_an_arpa_file() -> None:
    model = estimate_witten_bell([["a", "b"], ["a"]], 2)
    assert model.words == ("<s>", "</s>", "a", "b")
    # p(a) = (2 + 3/3) / (5 + 3); after "a", b and </s> were seen once each
    assert model.log_prob_of("a") == round(math.log10(3 / 8), 7) == -0.4259687
    assert model.backoff[model.ids["a"] + 1] == -0.30103


def test_figures_computed_by_hand() -> None:
    model = WittenBell([["a", "b"], ["a"]], 2, ["a", "b", "c"])
    # 5 tokens (a 2, b 1, </s> 2) of 3 types; 4 outcomes in all
    unigram_a = (2 + 3 / 4) / (5 + 3)
    assert model.probability("a") == pytest.approx(unigram_a)
    assert model.probability("c") == pytest.approx(3 / 4 / 8)
    # after "a": b and </s>, once each
    assert model.probability("a", ("a",)) == pytest.approx(2 * unigram_a / (2 + 2))
    assert model.backoff(("a",)) == pytest.approx(0.5)
    assert model.probability("a", ("<s>",)) == pytest.approx((2 + unigram_a) / 3)


def test_orders_and_texts_that_cannot_be_used_are_refused() -> None:
    for order in (0, 6):
        with pytest.raises(ConfigError, match=f"found {order}"):
            WittenBell([["a"]], order)
    with pytest.raises(DataError, match="no sentences"):
        WittenBell([], 2)
    with pytest.raises(DataError, match="2 words outside the vocabulary: b, c"):
        WittenBell([["a", "b", "c"]], 2, ["a"])
    with pytest.raises(DataError, match="no words"):
        WittenBell([[]], 2)
    for mark in ("<s>", "</s>"):
        with pytest.raises(DataError, match="sentence mark"):
            WittenBell([["a", mark]], 2)
