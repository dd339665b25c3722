"""Look-ups in backoff models."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.lm.backoff_model import MISSING, ROOT, BackoffModel, model_from_levels


@pytest.fixture
def model() -> BackoffModel:
    """``<s> </s> a b``, the bigrams ``<s> a`` and ``a b``, and the trigram ``<s> a b``; nodes 1 to 4, 5 to 6 and 7."""
    unigrams = (
        np.zeros(4, np.int64),
        np.arange(4, dtype=np.int32),
        np.array([-99.0, -1.0, -0.5, -0.75]),
        np.array([-0.25, 0.0, -0.125, 0.0]),
    )
    bigrams = (
        np.array([1, 3]),
        np.array([2, 3], dtype=np.int32),
        np.array([-0.0625, -0.375]),
        np.array([-0.5, 0.0]),
    )
    trigrams = np.array([5]), np.array([3], dtype=np.int32), np.array([-0.03125]), np.zeros(1)
    return model_from_levels(["<s>", "</s>", "a", "b"], [unigrams, bigrams, trigrams])


def test_sizes_and_links(model: BackoffModel) -> None:
    assert (model.order, model.num_nodes, model.num_ngrams) == (3, 8, (4, 2, 1))
    assert model.bounds.tolist() == [0, 1, 5, 7, 8]
    assert model.suffix.tolist() == [0, 0, 0, 0, 0, 3, 4, 6]  # "<s> a b" ends with "a b", which ends with "b"
    assert np.flatnonzero(model.is_context).tolist() == [0, 1, 3, 5]
    assert (np.diff(model.keys) > 0).all()


def test_finding_and_advancing(model: BackoffModel) -> None:
    assert model.find(np.array([1, 3, 5]), np.array([2, 2, 3])).tolist() == [5, MISSING, 7]
    # a trigram cannot be a context: the longest one that ends like "<s> a b" is "a b"
    assert model.advance(np.array([5, 5, ROOT]), np.array([3, 2, 1])).tolist() == [6, 3, 2]


def test_probabilities_back_off_as_far_as_needed(model: BackoffModel) -> None:
    assert model.log_prob_of("b", ["<s>", "a"]) == -0.03125
    assert model.log_prob_of("a", ["<s>", "a"]) == -0.5 - 0.125 - 0.5
    assert model.log_prob_of("</s>", ["a", "b"]) == -1.0
    assert model.log_prob_of("b") == -0.75


def test_scores_of_a_stream(model: BackoffModel) -> None:
    stream = np.array([0, 2, 3, 1, 0, -1, 3], dtype=np.int32)  # <s> a b </s> <s> UNKNOWN b
    assert model.score_stream(stream).tolist() == [0.0, -0.0625, -0.03125, -1.0, 0.0, -np.inf, -0.75]


def test_selecting_nodes_renumbers_parents(model: BackoffModel) -> None:
    keep = np.ones(8, dtype=bool)
    keep[6] = False
    selected = model.select(keep)
    assert selected.num_ngrams == (4, 1, 1)
    assert [words for _, block in selected.ngrams(3) for words in block] == [["<s>", "a", "b"]]
    assert selected.log_prob_of("b", ["<s>", "a"]) == -0.03125
    assert selected.log_prob_of("b", ["a"]) == -0.125 - 0.75


def test_ngrams_come_in_blocks(model: BackoffModel) -> None:
    blocks = list(model.ngrams(1, block=3))
    assert [nodes.tolist() for nodes, _ in blocks] == [[1, 2, 3], [4]]
    assert [words for _, block in blocks for words in block] == [["<s>"], ["</s>"], ["a"], ["b"]]
