"""Mixtures of two models and the tuning of their weight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import ConfigError, DataError
from blasr.lm.interpolation import interpolate, tune_weight
from blasr.lm.kneser_ney import estimate_kneser_ney
from blasr.lm.perplexity import measure_perplexity
from tests.lm.ngrams import HISTORIES, TEXTS, WORDS, random_text, total_after


@settings(max_examples=12, deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 4), st.integers(1, 3), st.floats(0, 1), HISTORIES)
def test_listed_ngrams_have_the_mixtures_probabilities(
    one: list[list[str]], other: list[list[str]], order: int, second_order: int, weight: float, history: list[str]
) -> None:
    first = estimate_kneser_ney(one, order, vocabulary=WORDS, unknown=None).model
    second = estimate_kneser_ney([*other, ["e", "a"]], second_order, vocabulary=[*WORDS, "e"]).model
    mixture = interpolate(first, second, weight)
    assert set(mixture.words) == {*first.words, *second.words}
    assert total_after(mixture, history) == pytest.approx(1.0)
    for size in range(1, mixture.order + 1):
        for nodes, block in mixture.ngrams(size):
            for node, words in zip(nodes, block, strict=True):
                *context, word = words
                if word == "<s>":
                    continue
                expected = (1 - weight) * 10 ** second.log_prob_of(word, context)
                if word == "<unk>":
                    pass  # the first model has none
                elif "e" not in words:
                    expected += weight * 10 ** first.log_prob_of(word, context)
                elif word != "e":  # an unknown word is no context in the first model
                    known = context[len(context) - context[::-1].index("e") :]
                    expected += weight * 10 ** first.log_prob_of(word, known)
                assert 10 ** mixture.log_prob[node] == pytest.approx(expected, abs=1e-9)


def test_the_weight_gives_the_lowest_perplexity() -> None:
    first = estimate_kneser_ney(random_text(300, seed=1), 2).model
    second = estimate_kneser_ney([[word] * 3 for word in "abc"], 2).model
    held_out = [*random_text(60, seed=2), *[["a", "a", "a"]] * 20, ["nowhere"]]
    tuned = tune_weight(first, second, held_out)
    assert tuned.num_unknown == 1
    assert 0.5 < tuned.weight < 0.95
    assert tuned.perplexities[2] < min(tuned.perplexities[:2])

    def perplexity(weight: float) -> float:
        return measure_perplexity(interpolate(first, second, weight), held_out).perplexity

    best = perplexity(tuned.weight)
    assert best < min(perplexity(tuned.weight - 0.1), perplexity(tuned.weight + 0.05))


def test_a_model_mixed_with_itself_does_not_change() -> None:
    model = estimate_kneser_ney(random_text(100), 3).model
    mixture = interpolate(model, model, 0.3)
    np.testing.assert_array_equal(mixture.keys, model.keys)
    np.testing.assert_allclose(mixture.log_prob, model.log_prob, atol=1e-9)
    np.testing.assert_allclose(mixture.backoff, model.backoff, atol=1e-6)


def test_weights_and_texts_that_cannot_be_used_are_refused() -> None:
    model = estimate_kneser_ney([["a"]], 1).model
    with pytest.raises(ConfigError, match=r"found 1\.5"):
        interpolate(model, model, 1.5)
    with pytest.raises(DataError, match="no words"):
        tune_weight(model, model, [])
