"""Interpolated modified Kneser-Ney estimation of n-gram models.

Chen and Goodman, "An empirical study of smoothing techniques for language modeling", Computer Speech and Language 13
(1999), section 3; conventions as in KenLM's lmplz (Heafield et al. 2013): n-grams that begin with ``<s>`` keep their
counts, unigrams are interpolated with the uniform distribution over all words, ``</s>`` and the unknown word, and
the probability of n-grams below a count cutoff goes to the backoff.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from blasr.errors import ConfigError
from blasr.lm.backoff_model import NEVER, UNKNOWN, BackoffModel, Floats, Nodes, log10_or_never, model_from_levels
from blasr.lm.ngram_counts import NGramCounts, check_order, count_ngrams

logger: Final = logging.getLogger(__name__)
FALLBACK_DISCOUNTS: Final = (0.5, 1.0, 1.5)
"""The discounts of lmplz's ``--discount_fallback``, for texts with counts of counts that give none."""


@dataclass(frozen=True)
class KneserNey:
    """An estimated model and how it was estimated.

    Attributes:
        model: the estimated model.
        discounts: by order from 1, what is subtracted from counts of 1, 2, and 3 or more.
        fallback_orders: orders that use :data:`FALLBACK_DISCOUNTS`.
        unknown_words: words of the text outside the vocabulary, and how often they were seen.
    """

    model: BackoffModel
    discounts: tuple[tuple[float, float, float], ...]
    fallback_orders: tuple[int, ...]
    unknown_words: Counter[str]


def estimate_kneser_ney(
    sentences: Iterable[Sequence[str]],
    order: int,
    *,
    vocabulary: Iterable[str] | None = None,
    unknown: str | None = UNKNOWN,
    min_counts: Sequence[int] = (),
) -> KneserNey:
    """Estimate a model; ``p(w | h) = (a(h w) - D(a(h w))) / a(h) + g(h) p(w | h')``.

    For n-grams of the highest order, and for those that begin with ``<s>``, ``a`` is the count; for others it is the
    number of different words seen before them. ``D`` is the discount for counts of 1, 2, and 3 or more, one set for
    each order (equation 17 in section 3 of the paper). ``g(h)``, the backoff of ``h``, is the probability that
    discounting frees. If the counts of counts of an order give no discounts between 0 and the count, which happens with
    small or artificial texts, :data:`FALLBACK_DISCOUNTS` are used and a warning is logged.

    Args:
        sentences: the text, without sentence marks.
        order: 1 for unigrams, 2 for bigrams, ...
        vocabulary: words that have a probability; by default those of the text.
        unknown: the word that replaces words outside the vocabulary; it has a probability even if the text has no such
            word. None if there is no such word.
        min_counts: by order from 1, how often n-grams must be seen to be listed; the numbers must not decrease, and the
            last one applies to higher orders too. The first is 1, because the vocabulary determines the unigrams.

    Raises:
        ConfigError: the order or the counts are out of range.
        DataError: see :func:`~blasr.lm.ngram_counts.count_ngrams`.
    """
    check_order(order)
    cutoffs = _cutoffs(min_counts, order)
    words, levels, outside = count_ngrams(sentences, order, vocabulary=vocabulary, unknown=unknown)
    suffixes = _suffixes(levels, len(words))
    adjusted = _adjusted_counts(levels, suffixes)
    discounts, fallback_orders = [], []
    for size, counts in enumerate(adjusted, start=1):
        found = modified_discounts(np.bincount(np.minimum(counts, 5), minlength=6))
        if found is None:
            fallback_orders.append(size)
        discounts.append(found or FALLBACK_DISCOUNTS)
    if fallback_orders:
        logger.warning(
            "the counts of counts give no Kneser-Ney discounts for n-grams of order %s: %s are used",
            ", ".join(map(str, fallback_orders)),
            ", ".join(map(str, FALLBACK_DISCOUNTS)),
        )
    model = _interpolated(words, levels, suffixes, adjusted, discounts, cutoffs)
    return KneserNey(model, tuple(discounts), tuple(fallback_orders), outside)


def modified_discounts(counts_of_counts: Sequence[int] | Nodes) -> tuple[float, float, float] | None:
    """Return the discounts for counts of 1, 2, and 3 or more; None if they are not between 0 and the count.

    Args:
        counts_of_counts: (at least 5); at index c, the number of n-grams with the count c.
    """
    _, n1, n2, n3, n4, *_ = (int(count) for count in counts_of_counts)
    if not (n1 and n2 and n3):
        return None
    y = n1 / (n1 + 2 * n2)
    found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    return found if all(0 <= discount <= count for count, discount in enumerate(found, start=1)) else None


def _cutoffs(min_counts: Sequence[int], order: int) -> list[int]:
    given = list(min_counts) or [1]
    cutoffs = (given + given[-1:] * order)[:order]
    if len(given) > order or cutoffs[0] != 1 or cutoffs != sorted(cutoffs):
        raise ConfigError(
            f"expected up to {order} counts that begin with 1 and never decrease, found {', '.join(map(str, given))}"
        )
    return cutoffs


def _suffixes(levels: Sequence[NGramCounts], num_words: int) -> list[Nodes]:
    """By order, the position, in the order below, of each n-gram without its oldest word."""
    suffixes = [np.zeros(num_words, dtype=np.int64)]
    for order, level in enumerate(levels[1:], start=2):
        if order == 2:
            suffixes.append(level.word.astype(np.int64))
            continue
        below = levels[order - 2]
        contexts = suffixes[-1][level.context]
        keys = below.context * num_words + below.word
        suffixes.append(np.searchsorted(keys, contexts * num_words + level.word))
    return suffixes


def _adjusted_counts(levels: Sequence[NGramCounts], suffixes: Sequence[Nodes]) -> list[Nodes]:
    """By order, the counts ``a``; 0 for ``<s>``, which is never predicted."""
    begins = [np.arange(len(levels[0].word)) == 0]
    for level in levels[1:]:
        begins.append(begins[-1][level.context])
    adjusted = [
        np.where(begin, level.count, np.bincount(suffix, minlength=len(level.count)))
        for level, begin, suffix in zip(levels, begins, suffixes[1:], strict=False)
    ]
    adjusted.append(levels[-1].count.copy())
    adjusted[0][0] = 0
    return adjusted


def _interpolated(
    words: Sequence[str],
    levels: Sequence[NGramCounts],
    suffixes: Sequence[Nodes],
    adjusted: Sequence[Nodes],
    discounts: Sequence[tuple[float, float, float]],
    cutoffs: Sequence[int],
) -> BackoffModel:
    # below the unigrams: all words but <s>
    lower: Floats = np.full(1, 1.0 / (len(words) - 1))
    num_contexts = 1
    probabilities: list[Floats] = []
    backoffs: list[Floats] = []
    for level, suffix, counts, discount, cutoff in zip(levels, suffixes, adjusted, discounts, cutoffs, strict=True):
        taken = np.array([0.0, *discount])[np.minimum(counts, 3)]
        cut = level.count < cutoff
        cut &= counts > 0
        taken[cut] = counts[cut]
        total = np.bincount(level.context, weights=counts, minlength=num_contexts)
        left = np.bincount(level.context, weights=taken, minlength=num_contexts)
        backoff = np.divide(left, total, out=np.ones(num_contexts), where=total > 0)
        seen = np.divide(counts - taken, total[level.context], out=np.zeros(len(counts)), where=counts > 0)
        lower = seen + backoff[level.context] * lower[suffix]
        probabilities.append(lower)
        backoffs.append(backoff)
        num_contexts = len(counts)
    backoffs.append(np.ones(num_contexts))

    model_levels = []
    position = np.zeros(1, dtype=np.int64)  # in the level below, of those that are kept
    base, num_kept = 0, 1
    for order, (level, cutoff) in enumerate(zip(levels, cutoffs, strict=True)):
        keep = level.count >= cutoff if order else np.ones(len(words), dtype=bool)
        log_prob = log10_or_never(probabilities[order][keep])
        if order == 0:
            log_prob[0] = NEVER
        # the backoff is 0 where no probability is left
        backoff = log10_or_never(backoffs[order + 1][keep])
        model_levels.append((base + position[level.context[keep]], level.word[keep], log_prob, backoff))
        base += num_kept
        position, num_kept = np.cumsum(keep) - 1, int(keep.sum())
    return model_from_levels(words, model_levels)
