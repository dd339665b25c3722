"""Entropy pruning of backoff models: Stolcke, "Entropy-based pruning of backoff language models" (1998)."""

from __future__ import annotations

import numpy as np

from blasr.errors import ConfigError
from blasr.lm.backoff_model import BEGIN, END, BackoffModel, Floats
from blasr.lm.backoff_weights import left_over, with_normalized_backoffs
from blasr.units import AnyArray

_LEAST = 1e-12


def prune(model: BackoffModel, threshold: float) -> BackoffModel:
    """Return the model without the n-grams that raise the perplexity by a factor below ``1 + threshold`` if removed.

    Each n-gram is judged alone, in the full model. The measure is the relative entropy between the distributions after
    its context without and with the n-gram, weighted with the probability of the context (equation 5 of the paper).
    N-grams that are the context of a kept n-gram are kept too. All backoffs are computed again. This is SRILM's
    ``ngram -prune``; ``<s>``, as a context, has the probability of ``</s>``.

    Raises:
        ConfigError: the threshold is negative or not a number.
    """
    if not threshold >= 0:
        raise ConfigError(f"expected a pruning threshold of 0 or more, found {threshold}")
    joint = model.log_prob.copy()  # log10 of the probability of all words of the n-gram
    if BEGIN in model.ids and END in model.ids:
        joint[model.ids[BEGIN] + 1] = model.log_prob[model.ids[END] + 1]
    for order in range(2, model.order + 1):
        nodes = model.nodes(order)
        joint[nodes] += joint[model.parent[nodes]]
    keep = np.ones(model.num_nodes, dtype=bool)
    is_needed = np.zeros(model.num_nodes, dtype=bool)
    for order in range(model.order, 1, -1):
        nodes = model.nodes(order)
        keep[nodes] = is_needed[nodes] | (np.expm1(_divergence(model, order, joint)) >= threshold)
        is_needed[model.parent[nodes][keep[nodes]]] = True
    return with_normalized_backoffs(model.select(keep))


def _divergence(model: BackoffModel, order: int, joint: Floats) -> Floats:
    """The relative entropy, in nats, that the removal of each n-gram of an order causes."""
    nodes = model.nodes(order)
    context = model.parent[nodes] - model.bounds[order - 1]
    left, lower_left, lower = left_over(model, order - 1)
    probability = 10.0 ** model.log_prob[nodes]
    left_now, lower_left_now = _positive(left)[context], _positive(lower_left)[context]
    # without the n-gram its own probability, and that after the shorter context, join those of words not listed
    backoff = np.log(left_now) - np.log(lower_left_now)
    backoff_after = np.log(left_now + probability) - np.log(lower_left_now + lower)
    change = probability * (np.log(_positive(lower)) + backoff_after - np.log(_positive(probability)))
    change += left_now * (backoff_after - backoff)
    result: Floats = -(10.0 ** joint[model.parent[nodes]]) * change
    return result


def _positive(values: AnyArray) -> Floats:
    result: Floats = np.maximum(values, _LEAST)
    return result
