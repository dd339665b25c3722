"""Estimation of small n-gram language models: interpolated Witten-Bell.

Witten and Bell, "The zero-frequency problem" (IEEE Trans. Inf. Theory 37(4), 1991), method C; Chen and Goodman,
"An empirical study of smoothing techniques for language modeling" (1998), equations 15 to 17. Unlike Kneser-Ney, it
needs no counts of counts, so it works on a few dozen sentences and on strings of digits.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.lm.backoff_model import BEGIN, END, NEVER, BackoffModel, Level, model_from_levels
from blasr.lm.ngram_counts import check_order

_DECIMALS: Final = 7

NGram = tuple[str, ...]


class WittenBell:
    """An interpolated n-gram model: ``p(w | h) = (c(h w) + t(h) p(w | h')) / (c(h) + t(h))``.

    ``c`` counts, ``t(h)`` is the number of different words seen after ``h``, and ``h'`` is ``h`` without its oldest
    word. Unigrams are interpolated with the uniform distribution over the vocabulary and the sentence end.

    Args:
        sentences: the text, without sentence marks.
        order: 1 for unigrams, 2 for bigrams, ...
        vocabulary: words that have a probability; by default those of the text.

    Raises:
        ConfigError: the order is out of range.
        DataError: the text has no sentences or no words, a sentence mark, or a word outside the vocabulary.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], order: int, vocabulary: Iterable[str] | None = None) -> None:
        check_order(order)
        self.order = order
        self.counts: list[Counter[NGram]] = [Counter() for _ in range(order)]
        """By order from 1: how often each n-gram was seen; ``<s>`` is never a predicted word."""
        num_sentences = 0
        for sentence in sentences:
            if BEGIN in sentence or END in sentence:
                raise DataError(f"a sentence of the text has a sentence mark: {' '.join(sentence[:10])}")
            num_sentences += 1
            marked = (BEGIN, *sentence, END)
            for end in range(2, len(marked) + 1):
                for size in range(1, min(order, end) + 1):
                    self.counts[size - 1][marked[end - size : end]] += 1
        if not num_sentences:
            raise DataError("the text has no sentences to estimate a language model from")
        seen = {ngram[0] for ngram in self.counts[0]} - {END}
        self.vocabulary = frozenset(seen if vocabulary is None else vocabulary) - {BEGIN, END}
        if not self.vocabulary:
            raise DataError("the text has no words to estimate a language model from")
        if unknown := sorted(seen - self.vocabulary):
            raise DataError(f"the text has {len(unknown)} words outside the vocabulary: {', '.join(unknown[:10])}")
        self._totals: Counter[NGram] = Counter()
        self._types: Counter[NGram] = Counter()
        for counts in self.counts:
            for ngram, count in counts.items():
                self._totals[ngram[:-1]] += count
                self._types[ngram[:-1]] += 1

    def probability(self, word: str, history: NGram = ()) -> float:
        """Return ``p(word | history)``; only the last ``order - 1`` words of the history count."""
        history = history[max(0, len(history) - self.order + 1) :]
        lower = self.probability(word, history[1:]) if history else 1.0 / (len(self.vocabulary) + 1)
        total, types = self._totals[history], self._types[history]
        if not total:
            return lower
        return (self.counts[len(history)][(*history, word)] + types * lower) / (total + types)

    def backoff(self, history: NGram) -> float:
        """Return the factor of the shorter history's probability, for words never seen after ``history``."""
        total, types = self._totals[history], self._types[history]
        return types / (total + types) if total else 1.0

    def model(self) -> BackoffModel:
        """Return the same probabilities as a backoff model.

        Logarithms are rounded to 7 decimals, which is what an ARPA file of the model holds: a model that is written
        and read again is the same to the last bit.
        """
        words = (BEGIN, END, *sorted(self.vocabulary))
        ids = {word: number for number, word in enumerate(words)}
        levels: list[Level] = []
        nodes: dict[NGram, int] = {(): 0}  # of the order below
        first_node = 1
        for order, counts in enumerate(self.counts, start=1):
            ngrams: list[NGram] = [(word,) for word in words]
            if order > 1:
                ngrams = sorted(counts, key=lambda ngram: (nodes[ngram[:-1]], ids[ngram[-1]]))
            levels.append(
                (
                    np.array([nodes[ngram[:-1]] for ngram in ngrams], dtype=np.int64),
                    np.array([ids[ngram[-1]] for ngram in ngrams], dtype=np.int32),
                    np.array([self._log_prob(ngram) for ngram in ngrams], dtype=np.float64),
                    np.array([self._log_backoff(ngram) for ngram in ngrams], dtype=np.float64),
                )
            )
            nodes = {ngram: number for number, ngram in enumerate(ngrams, start=first_node)}
            first_node += len(ngrams)
        return model_from_levels(words, levels)

    def _log_prob(self, ngram: NGram) -> float:
        *history, word = ngram
        return NEVER if ngram == (BEGIN,) else round(math.log10(self.probability(word, tuple(history))), _DECIMALS)

    def _log_backoff(self, ngram: NGram) -> float:
        if len(ngram) == self.order or ngram[-1] == END:
            return 0.0
        return round(math.log10(self.backoff(ngram)), _DECIMALS)


def estimate_witten_bell(
    sentences: Iterable[Sequence[str]], order: int, *, vocabulary: Iterable[str] | None = None
) -> BackoffModel:
    """Estimate an n-gram model from text, in memory.

    Writing the model with :func:`~blasr.lm.arpa.write_arpa` and reading it again gives exactly the same model.

    Args:
        sentences: the text, without sentence marks.
        order: 1 for unigrams, 2 for bigrams, ...
        vocabulary: words that have a probability; by default those of the text.

    Raises:
        ConfigError, DataError: see :class:`WittenBell`.
    """
    return WittenBell(sentences, order, vocabulary).model()
