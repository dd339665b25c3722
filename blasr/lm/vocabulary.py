"""Words of a language model that a lexicon lacks: their n-grams, and their merger into the unknown word."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from blasr.lm.backoff_model import (
    BEGIN,
    END,
    MISSING,
    ROOT,
    BackoffModel,
    Floats,
    Level,
    log10_or_never,
    model_from_levels,
)


def ngrams_without(model: BackoffModel, left_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which n-grams contain none of the given words.

    Args:
        model: the n-grams.
        left_out: bool (words of the model); the words in question.

    Returns:
        bool (nodes), including the root.
    """
    without = np.ones(model.num_nodes, dtype=bool)
    for order in range(1, model.order + 1):
        nodes = model.nodes(order)
        without[nodes] = without[model.parent[nodes]] & ~left_out[model.word[nodes]]
    return without


def merge_words(model: BackoffModel, merged: Iterable[str], into: str) -> BackoffModel:
    """Return a model in which one word replaces several: after every context it has the sum of their probabilities.

    This is exact for contexts without the merged words. After a merged word, the context is what the model lists for
    ``into``, or the empty context if it lacks that word. The sum of the probabilities after a context does not change.

    Args:
        model: the model, which is not changed.
        merged: words of the model; ``<s>`` and ``</s>`` are ignored.
        into: the word that they become; a new word if the model lacks it.
    """
    removed = set(merged) - {BEGIN, END, into}
    words = [word for word in model.words if word not in removed]
    if into not in words:
        words.append(into)
    renamed = {word: number for number, word in enumerate(words)}
    new_word = np.array([renamed.get(word, MISSING) for word in model.words], dtype=np.int32)
    new_into = renamed[into]
    is_merged = (new_word == MISSING) | (new_word == new_into)

    stays = ngrams_without(model, new_word == MISSING)
    listed = stays[model.parent] & is_merged[model.word]
    listed[ROOT] = False
    probability = _merged_probability(model, listed, stays)

    new_node = np.full(model.num_nodes, MISSING, dtype=np.int64)
    new_node[ROOT] = ROOT
    levels: list[Level] = []
    base = 1
    for order in range(1, model.order + 1):
        nodes = np.arange(model.bounds[order], model.bounds[order + 1])
        kept = nodes[stays[nodes]]
        contexts = np.unique(model.parent[nodes[listed[nodes]]])
        with_word = model.parent[kept[new_word[model.word[kept]] == new_into]]
        added = np.setdiff1d(contexts, with_word)  # contexts after which the word is new
        parent = new_node[np.concatenate((model.parent[kept], added))]
        word = np.concatenate((new_word[model.word[kept]], np.full(len(added), new_into, dtype=np.int32)))
        log_prob = np.concatenate((model.log_prob[kept], np.zeros(len(added))))
        is_into = word == new_into
        old_parents = np.concatenate((model.parent[kept], added))[is_into]
        log_prob[is_into] = log10_or_never(probability[old_parents])
        backoff = np.concatenate((model.backoff[kept], np.zeros(len(added))))
        places = np.lexsort((word, parent))
        rank = np.empty(len(places), dtype=np.int64)
        rank[places] = np.arange(len(places))
        new_node[kept] = base + rank[: len(kept)]
        base += len(places)
        levels.append((parent[places], word[places], log_prob[places], backoff[places]))
    return model_from_levels(words, levels)


def _merged_probability(model: BackoffModel, listed: NDArray[np.bool_], stays: NDArray[np.bool_]) -> Floats:
    """The sum of the merged words' probabilities after every context that stays; ``listed`` marks their n-grams."""
    nodes = np.flatnonzero(listed)
    parent = model.parent[nodes]
    explicit = np.bincount(parent, weights=10.0 ** model.log_prob[nodes], minlength=model.num_nodes)
    result = np.zeros(model.num_nodes)
    result[ROOT] = explicit[ROOT]
    longer = nodes[parent != ROOT]
    suffix = model.suffix
    lower = 10.0 ** model.log_probs(suffix[model.parent[longer]], model.word[longer])
    backed_off = np.bincount(model.parent[longer], weights=lower, minlength=model.num_nodes)
    for order in range(1, model.order):
        contexts = np.arange(model.bounds[order], model.bounds[order + 1])
        contexts = contexts[stays[contexts]]
        rest = np.maximum(result[suffix[contexts]] - backed_off[contexts], 0.0)
        result[contexts] = explicit[contexts] + 10.0 ** model.backoff[contexts] * rest
    return result
