"""Entropy pruning of backoff models: Stolcke, "Entropy-based pruning of backoff language models" (1998)."""

from __future__ import annotations

import numpy as np

from blasr.errors import ConfigError
from blasr.lm.backoff_model import BEGIN, END, BackoffModel, Floats
from blasr.lm.backoff_weights import left_over, with_normalized_backoffs
from blasr.units import AnyArray

_LEAST = 1e-12


def prune(model: BackoffModel, threshold: float) -> BackoffModel:
    """The model without the n-grams whose loss raises the perplexity by less than a share of ``threshold``.

    Each n-gram is judged alone, in the full model, by the divergence of what is left from the full distribution
    after its context (equation 5 of the paper), weighted with the context's probability; n-grams that longer ones
    begin with stay. Backoffs are renewed. As SRILM's ``ngram -prune``, with ``</s>``'s probability for ``<s>``.

    Raises:
        ConfigError: the threshold is negative or no number.
    """
    if not threshold >= 0:
        raise ConfigError(f"expected a pruning threshold of 0 or more, found {threshold}")
    joint = model.log_prob.copy()  # of all words of an n-gram
    if BEGIN in model.ids and END in model.ids:
        joint[model.ids[BEGIN] + 1] = model.log_prob[model.ids[END] + 1]
    for order in range(2, model.order + 1):
        nodes = _nodes(model, order)
        joint[nodes] += joint[model.parent[nodes]]
    keep = np.ones(model.num_nodes, dtype=bool)
    begins_kept = np.zeros(model.num_nodes, dtype=bool)
    for order in range(model.order, 1, -1):
        nodes = _nodes(model, order)
        keep[nodes] = begins_kept[nodes] | (np.expm1(_divergence(model, order, joint)) >= threshold)
        begins_kept[model.parent[nodes][keep[nodes]]] = True
    return with_normalized_backoffs(model.select(keep))


def _nodes(model: BackoffModel, order: int) -> slice:
    return slice(int(model.bounds[order]), int(model.bounds[order + 1]))


def _divergence(model: BackoffModel, order: int, joint: Floats) -> Floats:
    """Nats of relative entropy that removing each n-gram of an order costs."""
    nodes = _nodes(model, order)
    context = model.parent[nodes] - model.bounds[order - 1]
    left, lower_left, lower = left_over(model, order - 1)
    probability = 10.0 ** model.log_prob[nodes]
    left_now, lower_left_now = _positive(left)[context], _positive(lower_left)[context]
    # what is left grows by the n-gram's probability, what it is compared with by that of the shorter context
    backoff = np.log(left_now) - np.log(lower_left_now)
    backoff_after = np.log(left_now + probability) - np.log(lower_left_now + lower)
    change = probability * (np.log(_positive(lower)) + backoff_after - np.log(_positive(probability)))
    change += left_now * (backoff_after - backoff)
    result: Floats = -(10.0 ** joint[model.parent[nodes]]) * change
    return result


def _positive(values: AnyArray) -> Floats:
    result: Floats = np.maximum(values, _LEAST)
    return result
