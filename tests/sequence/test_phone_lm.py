"""The phone language model against counts by hand."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import ConfigError, DataError
from blasr.io import Fst
from blasr.sequence import PhoneCounts, PhoneLmConfig, estimate_phone_lm

SENTENCES = [[1, 2, 3, 1], [1, 2, 3, 2], [1, 3, 1, 2, 3, 2], [2, 2], [3]]


def counts_of(sentences: Sequence[Sequence[int]], order: int) -> PhoneCounts:
    counts = PhoneCounts(order, 3)
    for sentence in sentences:
        counts.add(np.array(sentence, np.int32))
    return counts


def probability(fst: Fst, phones: Sequence[int]) -> float:
    """The probability of a sequence; the model is deterministic."""
    state, cost = fst.start, 0.0
    for phone in phones:
        arcs = slice(int(fst.offsets[state]), int(fst.offsets[state + 1]))
        found = np.flatnonzero(fst.ilabel[arcs] == phone)
        if not len(found):
            return 0.0
        cost += float(fst.weight[arcs][found[0]])
        state = int(fst.nextstate[arcs][found[0]])
    return math.exp(-cost - float(fst.final[state]))


def relative_frequency(sentences: Sequence[Sequence[int]], phones: Sequence[int], order: int) -> float:
    """The probability of a sequence in the maximum-likelihood n-gram model."""
    counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for sentence in sentences:
        padded = [0] * (order - 1) + [*sentence, 0]
        for position in range(len(sentence) + 1):
            counts[tuple(padded[position : position + order - 1])][padded[position + order - 1]] += 1
    padded = [0] * (order - 1) + [*phones, 0]
    result = 1.0
    for position in range(len(phones) + 1):
        found = counts[tuple(padded[position : position + order - 1])]
        result *= found[padded[position + order - 1]] / max(found.total(), 1)
    return result


@pytest.mark.parametrize("order", [2, 3, 4])
def test_probabilities_are_relative_frequencies(order: int) -> None:
    config = PhoneLmConfig(order, order, 0)
    model = estimate_phone_lm(counts_of(SENTENCES, order), config)
    for length in range(5):
        for phones in itertools.product((1, 2, 3), repeat=length):
            expected = relative_frequency(SENTENCES, phones, order)
            assert probability(model, phones) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("extra", [0, 1, 2, 100])
def test_the_longer_histories_with_the_largest_gains_are_states(extra: int) -> None:
    counts = counts_of(SENTENCES, 3)
    model = estimate_phone_lm(counts, PhoneLmConfig(3, 2, extra))
    bigram = estimate_phone_lm(counts_of(SENTENCES, 2), PhoneLmConfig(2, 2, 0))
    whole = estimate_phone_lm(counts, PhoneLmConfig(3, 3, 0))
    assert bigram.num_states + min(extra, 1) <= model.num_states <= bigram.num_states + extra
    likelihoods = [
        sum(math.log(probability(graph, sentence)) for sentence in SENTENCES) for graph in (bigram, model, whole)
    ]
    if extra:
        assert likelihoods[0] < likelihoods[1] <= likelihoods[2] + 1e-5
    else:
        assert likelihoods[0] == pytest.approx(likelihoods[1], abs=1e-5)
    if extra == 100:
        assert likelihoods[1] == pytest.approx(likelihoods[2], abs=1e-5)


@given(
    st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=8), min_size=1, max_size=8),
    st.integers(2, 5),
    st.integers(0, 4),
)
def test_the_model_is_deterministic_normalized_and_has_every_sequence(
    sentences: list[list[int]], order: int, extra: int
) -> None:
    model = estimate_phone_lm(counts_of(sentences, order), PhoneLmConfig(order, min(order, 3), extra))
    sums = np.bincount(model.sources, np.exp(-model.weight.astype(float)), model.num_states) + np.exp(-model.final)
    np.testing.assert_allclose(sums, 1, atol=1e-5)
    pairs = list(zip(model.sources.tolist(), model.ilabel.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert set(model.nextstate.tolist()) | {model.start} == set(range(model.num_states))
    assert all(probability(model, sentence) > 0 for sentence in sentences)


def test_blocks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = counts_of(SENTENCES, 3).ngrams(3)
    monkeypatch.setattr("blasr.sequence.phone_lm._BLOCK_PHONES", 4)
    for found, expected in zip(counts_of(SENTENCES, 3).ngrams(3), whole, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_nothing_to_estimate_from() -> None:
    with pytest.raises(DataError, match="no phone sequence"):
        estimate_phone_lm(PhoneCounts(3, 5), PhoneLmConfig(3, 3))


def test_too_many_phones_for_the_order() -> None:
    with pytest.raises(DataError, match="do not fit into 64 bits"):
        PhoneCounts(8, 400)


def test_orders_that_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="unpruned_order is 4, but the order is 3"):
        PhoneLmConfig(3, 4)
