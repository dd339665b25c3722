"""Linear interpolation of two backoff models: tuning of the weight on held-out text, and the mixture as one model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from blasr.errors import ConfigError, DataError
from blasr.lm.backoff_model import (
    MISSING,
    NEVER,
    ROOT,
    UNKNOWN,
    BackoffModel,
    Floats,
    Level,
    Nodes,
    log10_or_never,
    model_from_levels,
)
from blasr.lm.backoff_weights import with_normalized_backoffs
from blasr.lm.perplexity import batches, score_batch

_MAX_ROUNDS = 200
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class TunedWeight:
    """The result of tuning on held-out text.

    Attributes:
        weight: the weight of the first model, from 0 to 1.
        num_words: the number of words and sentence ends that at least one model knows; others do not affect the weight.
        num_unknown: the number of words that neither model knows.
        perplexities: first model, second model and mixture, over ``num_words``; inf for a model that
            does not know all of these words.
    """

    weight: float
    num_words: int
    num_unknown: int
    perplexities: tuple[float, float, float]


def tune_weight(first: BackoffModel, second: BackoffModel, held_out: Iterable[Sequence[str]]) -> TunedWeight:
    """Find the weight of the first model that maximizes the likelihood of held-out text, by expectation maximization.

    Raises:
        DataError: neither model knows a word of the text.
    """
    parts: list[tuple[Floats, Floats]] = []
    num_unknown = 0
    for batch in batches(held_out):
        probabilities = []
        for model in (first, second):
            scores, is_known, is_word = score_batch(model, batch)
            probabilities.append(np.where(is_known, 10.0**scores, 0.0))
        useful = (probabilities[0] > 0) | (probabilities[1] > 0)
        num_unknown += int((is_word & ~useful).sum())
        parts.append((probabilities[0][useful], probabilities[1][useful]))
    one = np.concatenate([np.zeros(0), *(part[0] for part in parts)])
    other = np.concatenate([np.zeros(0), *(part[1] for part in parts)])
    if not len(one):
        raise DataError("the held-out text has no words that one of the language models knows")
    weight = 0.5
    for _ in range(_MAX_ROUNDS):
        before = weight
        weight = float(np.mean(weight * one / (weight * one + (1.0 - weight) * other)))
        if abs(weight - before) < _TOLERANCE:
            break
    mixed = weight * one + (1.0 - weight) * other
    return TunedWeight(weight, len(one), num_unknown, (_perplexity(one), _perplexity(other), _perplexity(mixed)))


def _perplexity(probabilities: Floats) -> float:
    with np.errstate(divide="ignore"):
        return float(np.exp(-np.log(probabilities).mean()))


def interpolate(first: BackoffModel, second: BackoffModel, weight: float) -> BackoffModel:
    """Return the mixture ``weight p1 + (1 - weight) p2`` as one backoff model (SRILM's ``ngram -mix-lm``).

    It lists the n-grams of both models, with exactly the probabilities of the mixture. Words not listed after a context
    back off to the mixture of the shorter context, with backoffs that make the probabilities after every context sum
    to 1. A word that one model does not know has probability 0 in that model; in its contexts the word is ``<unk>``, if
    it has that.

    Raises:
        ConfigError: the weight is not between 0 and 1.
    """
    if not 0.0 <= weight <= 1.0:
        raise ConfigError(f"expected an interpolation weight from 0 to 1, found {weight}")
    words = list(dict.fromkeys((*first.words, *second.words)))
    ids = {word: number for number, word in enumerate(words)}
    sides = [_Side(model, words, ids, share) for model, share in ((first, weight), (second, 1.0 - weight))]
    levels: list[Level] = []
    base, num_nodes = 0, 1  # of the order below
    for order in range(1, max(first.order, second.order) + 1):
        keys = np.unique(np.concatenate([side.keys(order, len(words)) for side in sides]))
        parent, word = keys // len(words), (keys % len(words)).astype(np.int32)
        mixed = np.zeros(len(keys))
        for side in sides:
            mixed += side.enter(order, keys, base, base + num_nodes, len(words))
        log_prob = log10_or_never(mixed)
        levels.append((parent, word, log_prob, np.zeros(len(keys))))
        base, num_nodes = base + num_nodes, len(keys)
    return with_normalized_backoffs(model_from_levels(words, levels))


class _Side:
    """One of the models of a mixture, looked up for the nodes of the mixture, order by order."""

    def __init__(self, model: BackoffModel, words: Sequence[str], ids: dict[str, int], share: float) -> None:
        self.model, self.share = model, share
        self.to_mixture = np.array([ids[word] for word in model.words], dtype=np.int64)
        self.from_mixture = np.array([model.ids.get(word, MISSING) for word in words], dtype=np.int64)
        self.node = np.zeros(model.num_nodes, dtype=np.int64)  # of the mixture, for every node of the model
        self.state = np.zeros(1, dtype=np.int64)  # of the model, for every node of the mixture in the order below
        self.after_unknown = model.advance(np.zeros(1, dtype=np.int64), np.array([model.ids.get(UNKNOWN, 0)]))
        if UNKNOWN not in model.ids:
            self.after_unknown[0] = ROOT

    def keys(self, order: int, num_words: int) -> Nodes:
        """Return the model's n-grams of this order as ``parent in the mixture * vocabulary size + word``."""
        if order > self.model.order:
            return np.zeros(0, dtype=np.int64)
        nodes = self.model.nodes(order)
        return self.node[self.model.parent[nodes]] * num_words + self.to_mixture[self.model.word[nodes]]

    def enter(self, order: int, keys: Nodes, base_below: int, base: int, num_words: int) -> Floats:
        """Store the mixture's nodes of this order; return this model's share of their probabilities."""
        if order <= self.model.order:
            nodes = self.model.nodes(order)
            self.node[nodes] = base + np.searchsorted(keys, self.keys(order, num_words))
        contexts = self.state[keys // num_words - base_below]
        words = self.from_mixture[keys % num_words]
        known = words != MISSING
        result = np.zeros(len(keys))
        log_probs = self.model.log_probs(contexts[known], words[known])
        result[known] = np.where(log_probs > NEVER, self.share * 10.0**log_probs, 0.0)
        self.state = np.full(len(keys), self.after_unknown[0])
        self.state[known] = self.model.advance(contexts[known], words[known])
        return result
