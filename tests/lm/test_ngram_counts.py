"""Counts of n-grams."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from blasr.errors import ConfigError, DataError
from blasr.lm import ngram_counts
from blasr.lm.ngram_counts import check_order, count_ngrams
from tests.lm.ngrams import TEXTS, random_text


@settings(max_examples=15, deadline=None)
@given(TEXTS)
def test_counts_are_those_of_the_marked_sentences(text: list[list[str]]) -> None:
    words, levels, outside = count_ngrams(text, 3)
    assert outside == {}
    marked = [("<s>", *sentence, "</s>") for sentence in text]
    ngrams: list[tuple[str, ...]] = [()]
    for order, level in enumerate(levels, start=1):
        ngrams = [(*ngrams[context], words[word]) for context, word in zip(level.context, level.word, strict=True)]
        expected = Counter(row[start : start + order] for row in marked for start in range(len(row) - order + 1))
        assert dict(zip(ngrams, level.count.tolist(), strict=True)) == expected
        assert (np.diff(level.context * len(words) + level.word) > 0).all()


def test_the_size_of_blocks_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    text = random_text(60)
    whole = count_ngrams(text, 4)
    monkeypatch.setattr(ngram_counts, "_BLOCK_WORDS", 7)
    monkeypatch.setattr(ngram_counts, "_SENTENCES_AT_ONCE", 3)
    parts = count_ngrams(text, 4)
    assert parts[0] == whole[0]
    for one, other in zip(parts[1], whole[1], strict=True):
        for name in ("context", "word", "count"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_words_outside_the_vocabulary_become_the_unknown_word() -> None:
    words, levels, outside = count_ngrams([["a", "x"], ["y"]], 1, vocabulary=["b", "a"], unknown="<unk>")
    assert words == ("<s>", "</s>", "<unk>", "a", "b")
    assert levels[0].count.tolist() == [2, 2, 2, 1, 0]
    assert outside == {"x": 1, "y": 1}
    with pytest.raises(DataError, match="2 words outside the vocabulary: x, y"):
        count_ngrams([["a", "x"], ["y"]], 1, vocabulary=["a"])


def test_texts_and_orders_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(DataError, match="no sentences"):
        count_ngrams([], 2)
    with pytest.raises(DataError, match="sentence mark: a <s>"):
        count_ngrams([["a", "<s>"]], 2)
    for order in (0, 6):
        with pytest.raises(ConfigError, match=f"from 1 to 5, found {order}"):
            check_order(order)


@pytest.mark.parametrize("word", ["#0", "#3", "<eps>"])
def test_reserved_words_are_refused(word: str) -> None:
    with pytest.raises(DataError, match=f"'{word}' is reserved"):
        count_ngrams([["a", word]], 2)
    with pytest.raises(DataError, match=f"'{word}' is reserved"):
        count_ngrams([["a"]], 2, vocabulary=["a", word], unknown="<unk>")
