"""The probability that contexts of a backoff model leave to words they do not list, and the backoffs it gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blasr.lm.backoff_model import BackoffModel, Floats, log10_or_never

_ROUNDING = 1e-9


def left_over(model: BackoffModel, order: int) -> tuple[Floats, Floats, Floats]:
    """Return the probability that the contexts of one order leave to words that are not listed after them.

    Returns:
        float64 (contexts): 1 minus the sum of the probabilities of the words listed after each context;
        float64 (contexts): 1 minus the sum of the same words' probabilities after the next shorter context;
        float64 (n-grams of order + 1): each n-gram's probability after the next shorter context.
    """
    first, last, end = (int(bound) for bound in model.bounds[order : order + 3])
    nodes = slice(last, end)
    parent = model.parent[nodes]
    lower: Floats = 10.0 ** model.log_probs(model.suffix[parent], model.word[nodes])
    listed = np.bincount(parent - first, weights=10.0 ** model.log_prob[nodes], minlength=last - first)
    lower_sum = np.bincount(parent - first, weights=lower, minlength=last - first)
    return np.asarray(1.0 - listed), np.asarray(1.0 - lower_sum), lower


def with_normalized_backoffs(model: BackoffModel) -> BackoffModel:
    """Return the model with backoffs that make the probabilities after every context sum to 1.

    The probabilities of the unigrams must sum to 1.
    """
    result = replace(model, backoff=np.zeros(model.num_nodes))
    for order in range(1, model.order):
        left, lower_left, _ = left_over(result, order)
        has_rest = lower_left > _ROUNDING  # otherwise every word is listed, and none backs off
        ratio = np.divide(left, lower_left, out=np.ones(len(left)), where=has_rest)
        contexts = model.nodes(order)
        # higher orders back off through these
        result.backoff[contexts] = log10_or_never(ratio)
    result.backoff[~model.is_context] = 0.0
    return result
