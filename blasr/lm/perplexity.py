"""Perplexity of a text under a backoff model; words outside its vocabulary are counted separately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from blasr.lm.backoff_model import BEGIN, END, MISSING, NEVER, UNKNOWN, BackoffModel, Floats
from blasr.units import IntArray

_SENTENCES_AT_ONCE = 8192


@dataclass
class Perplexity:
    """How well a model predicts a text.

    A word is unknown if the model has no unigram for it, or one with probability 0. Unknown words are counted, not
    scored. In the context of later words they are ``<unk>``, or, if the model has none, the context starts after them.

    Attributes:
        num_sentences, num_words: size of the text; sentence marks do not count, unknown words do.
        log_prob: log10 of the probability of the known words and sentence ends.
        unknown_log_prob: log10 of the probability of ``<unk>`` in their places; None if the model has no ``<unk>``.
        unknown_words: how often each was seen.
    """

    num_sentences: int = 0
    num_words: int = 0
    log_prob: float = 0.0
    unknown_log_prob: float | None = None
    unknown_words: Counter[str] = field(default_factory=Counter)

    @property
    def perplexity(self) -> float:
        """Per known word and sentence end: SRILM's ppl, KenLM's "excluding OOVs"."""
        return _perplexity(self.log_prob, self.num_words - self.unknown_words.total() + self.num_sentences)

    @property
    def word_perplexity(self) -> float:
        """Per known word, the cost of sentence ends included: SRILM's ppl1."""
        return _perplexity(self.log_prob, self.num_words - self.unknown_words.total())

    @property
    def open_perplexity(self) -> float | None:
        """Per word and sentence end, unknown words scored as ``<unk>``: KenLM's "including OOVs"."""
        if self.unknown_log_prob is None:
            return None
        return _perplexity(self.log_prob + self.unknown_log_prob, self.num_words + self.num_sentences)


def _perplexity(log_prob: float, count: int) -> float:
    return 10.0 ** (-log_prob / count) if count else float("nan")


def measure_perplexity(model: BackoffModel, sentences: Iterable[Sequence[str]]) -> Perplexity:
    """Return the perplexity of a text, which is read in blocks of sentences."""
    result = Perplexity(unknown_log_prob=0.0 if UNKNOWN in model.ids else None)
    for batch in batches(sentences):
        scores, is_known, is_word = score_batch(model, batch)
        result.num_sentences += len(batch)
        result.num_words += sum(map(len, batch))
        result.log_prob += float(scores[is_known].sum())
        if result.unknown_log_prob is not None:
            result.unknown_log_prob += float(scores[is_word & ~is_known].sum())
        words = [word for sentence in batch for word in (BEGIN, *sentence, END)]
        result.unknown_words.update(words[place] for place in np.flatnonzero(is_word & ~is_known))
    return result


def batches(sentences: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Yield the sentences in lists of some thousands."""
    source = iter(sentences)
    while batch := list(islice(source, _SENTENCES_AT_ONCE)):
        yield batch


def score_batch(
    model: BackoffModel, batch: Sequence[Sequence[str]]
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the scores of all words of some sentences, each with ``<s>`` before and ``</s>`` after it.

    Returns:
        float64 (N): log10 of the probability of every word, -inf where the model has none;
        bool (N): whether the model knows the word and predicts it;
        bool (N): whether the word is predicted, that is, not ``<s>``.
    """
    spare = model.ids.get(UNKNOWN, MISSING)
    ids = _ids(model, batch, spare)
    exact = _ids(model, batch, MISSING)
    possible = model.log_prob[exact.astype(np.int64) + 1] > NEVER
    is_word = exact != model.ids.get(BEGIN, MISSING - 1)
    is_word[np.cumsum([0, *(len(sentence) + 2 for sentence in batch[:-1])])] = False
    return model.score_stream(ids), (exact != MISSING) & possible & is_word, is_word


def _ids(model: BackoffModel, batch: Sequence[Sequence[str]], unknown: int) -> IntArray:
    ids, begin = model.ids, model.ids.get(BEGIN, MISSING)
    flat: list[int] = []
    for sentence in batch:
        flat.append(begin)
        flat.extend(ids.get(word, unknown) for word in sentence)
        flat.append(ids.get(END, MISSING))
    return np.array(flat, dtype=np.int32)
