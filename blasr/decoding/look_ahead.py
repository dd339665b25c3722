"""Exchange of language models in the search, with the new model looked ahead at.

A graph of a unigram model spreads the cost of a word over its prefix: at a state from which the words R are reachable,
a path has paid ``-log P_old(R)``. The new model's cost would come only at the end of the prefix, after the beam has
compared paths without it. The search therefore adds to the cost of a token ::

    ahead(state, history) = log P_old(R) - log P_new(R | history)

when it compares tokens (language model look-ahead, Ortmanns et al. 1996). The costs of paths do not contain it, so
lattices have the same costs with and without look-ahead.

``P(R | h)`` takes two binary searches for each interval of R and each history that h backs off to: with
``excess(w | h) = P(w | h) - backoff(h) P(w | h')``, summed over the sorted words that h has explicitly ::

    P(R | h) = (sum of excess(w | h) for w in R) + backoff(h) P(R | h')

R shrinks along a prefix, and with it ``P(R | h)``. So most arcs are beyond the beam even with the look-ahead of the
token that they leave, and need no computation. When no word of R is explicit in h or in the histories that it backs off
to, above the root, that holds for the rest of the prefix, too: the look-ahead then changes as in the root. Such a token
is called rootward.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from blasr.decoding.reachable_words import ANY_WORD, ReachableWords
from blasr.jit import jit, jit_inline
from blasr.lm.backoff_grammar import BackoffGrammar, LmDifference, next_word, relabel
from blasr.units import AnyArray, FloatArray, IntArray

SMALLEST: Final = 1e-30
_CACHE_SIZE: Final = 1 << 16


CLASS: Final = np.dtype([("begin", np.int32), ("end", np.int32), ("may_end", np.int64), ("at_root", np.float64)])
"""The intervals of a class, whether the utterance may end, and P(R) in the root without the end of the utterance."""
HISTORY: Final = np.dtype(
    [("begin", np.int32), ("end", np.int32), ("behind", np.int32), ("backoff", np.float32), ("final", np.float32)]
)
"""The arcs of a state of a grammar, the state that it backs off to, and the probabilities of that and of ending."""
CACHED: Final = np.dtype([("key", np.int64), ("ahead", np.float32), ("rootward", np.int32)])
"""The look-ahead of a class and a history (``class << 32 | history``), and whether it is rootward."""


class WordMasses(NamedTuple):
    """What :func:`mass` needs, in few arrays.

    Attributes:
        classes: records :data:`CLASS`.
        intervals: int32 ``(K, 2)``.
        histories: records :data:`HISTORY`.
        words: of the grammar.
        excess: by arc, the sum of the excess over the state's arcs up to this one, in units.
        unit: the unit of the excess, 2^-30 for probabilities. Integers take half the room of sums in float64.
        root: of the grammar.
    """

    classes: AnyArray
    intervals: IntArray
    histories: AnyArray
    words: IntArray
    excess: IntArray
    unit: float
    root: int


class Exchange(NamedTuple):
    """The exchange of two grammars during the search of one utterance.

    What the search reads for every arc is not nested: numba counts references to all arrays of a nested tuple.

    Attributes:
        old, new: the grammars, with words renumbered by ``order``.
        order: the number of each word-id in the order of :class:`ReachableWords`.
        state_class: the class of each state of the graph.
        log_old: by class, ``log P_old(R)``.
        log_old_word: by number of a word, its logarithmic probability; -inf without look-ahead.
        at_root: by class, the look-ahead in the root.
        masses: for ``P_new(R)``.
        cache: records :data:`CACHED`.
    """

    old: BackoffGrammar
    new: BackoffGrammar
    order: IntArray
    state_class: IntArray
    log_old: FloatArray
    log_old_word: FloatArray
    at_root: FloatArray
    masses: WordMasses
    cache: AnyArray

    def with_new_cache(self) -> Exchange:
        """Return the exchange with an empty cache, since searches in several threads must not share one."""
        cache = np.empty(_CACHE_SIZE, CACHED)
        cache["key"] = -1
        return self._replace(cache=cache)


def make_exchange(difference: LmDifference, reachable: ReachableWords, *, look_ahead: bool = True) -> Exchange:
    """Return the exchange for a graph. Words that the graph does not have get numbers after all others.

    Args:
        difference: the old grammar, which the graph was compiled with, and the new one.
        reachable: the words that may come next after each state of the graph.
        look_ahead: if false, or if the old grammar is not a unigram model, tokens are compared by the costs so far.
    """
    size = max(len(reachable.order), *(int(grammar.words.max(initial=0)) + 1 for grammar in difference))
    order = np.zeros(size, np.int32)
    order[: len(reachable.order)] = reachable.order
    others = np.flatnonzero(order[1:] == 0) + 1
    order[others] = np.arange(len(others)) + order.max() + 1
    old, new = (relabel(grammar, order) for grammar in difference)
    state_class, log_old_word = reachable.state_class, np.full(size, -np.inf, np.float32)
    if look_ahead and is_unigram(old):
        log_old_word[old.words] = -old.weight
    else:
        state_class = np.full_like(state_class, ANY_WORD)
    old_masses = _masses_at_root(old, reachable) + np.where(reachable.may_end, np.exp(-old.final[old.root]), 0.0)
    masses = _word_masses(new, reachable)
    log_old = np.log(np.maximum(old_masses, SMALLEST))
    return Exchange(
        old=old,
        new=new,
        order=order,
        state_class=state_class,
        log_old=log_old.astype(np.float32),
        log_old_word=log_old_word,
        at_root=(log_old - np.log(np.maximum(masses.classes["at_root"], SMALLEST))).astype(np.float32),
        masses=masses,
        cache=np.empty(0, CACHED),
    )


def _word_masses(grammar: BackoffGrammar, reachable: ReachableWords) -> WordMasses:
    classes = np.empty(len(reachable.may_end), CLASS)
    classes["begin"], classes["end"] = reachable.offsets[:-1], reachable.offsets[1:]
    classes["may_end"], classes["at_root"] = reachable.may_end, _masses_at_root(grammar, reachable)
    histories = np.empty(len(grammar.backoff_state), HISTORY)
    histories["begin"], histories["end"] = grammar.offsets[:-1], grammar.offsets[1:]
    histories["behind"], histories["final"] = grammar.backoff_state, np.exp(-grammar.final)
    histories["backoff"] = np.exp(-grammar.backoff_cost.astype(np.float64))
    intervals = np.stack([reachable.begins, reachable.ends], axis=1)
    sums = _excess(grammar)
    unit = max(1.0, float(np.abs(sums).max(initial=0.0))) * 2.0**-30
    excess = np.rint(sums / unit).astype(np.int32)
    return WordMasses(classes, intervals, histories, grammar.words, excess, unit, grammar.root)


def is_unigram(grammar: BackoffGrammar) -> bool:
    """Return whether every word leads to the root, and no other state has words."""
    return bool((grammar.nextstate == grammar.root).all()) and len(grammar.words) == np.ptp(
        grammar.offsets[grammar.root : grammar.root + 2]
    )


def _masses_at_root(grammar: BackoffGrammar, reachable: ReachableWords) -> AnyArray:
    begin, end = grammar.offsets[grammar.root], grammar.offsets[grammar.root + 1]
    probabilities = np.zeros(len(grammar.root_arcs) + 2)
    probabilities[grammar.words[begin:end] + 1] = np.exp(-grammar.weight[begin:end].astype(np.float64))
    sums = np.cumsum(probabilities)  # of the words before each number
    masses = sums[reachable.ends] - sums[reachable.begins]
    num_classes = len(reachable.may_end)
    classes = np.repeat(np.arange(num_classes), np.diff(reachable.offsets))
    return np.bincount(classes, masses, minlength=num_classes)


@jit
def _excess(grammar: BackoffGrammar) -> AnyArray:
    sums = np.zeros(len(grammar.words))
    for state in range(len(grammar.backoff_state)):
        if state == grammar.root:
            continue  # CLASS has its sums
        total = 0.0
        behind = grammar.backoff_state[state]
        for arc in range(grammar.offsets[state], grammar.offsets[state + 1]):
            total += np.exp(-np.float64(grammar.weight[arc]))
            if behind >= 0:
                cost, _ = next_word(grammar, behind, grammar.words[arc])
                total -= np.exp(-np.float64(grammar.backoff_cost[state]) - cost)
            sums[arc] = total
    return sums


@jit_inline
def _first_not_below(words: IntArray, begin: int, end: int, word: int) -> int:
    while begin < end:
        middle = (begin + end) >> 1
        if words[middle] < word:
            begin = middle + 1
        else:
            end = middle
    return begin


@jit_inline
def mass(masses: WordMasses, number: int, history: int) -> tuple[float, bool]:
    """Return the probability, after a history, that the next word is one of a class, and whether that is rootward.

    The end of the utterance counts as a word if the class has it. A probability that is not rootward is at least the
    unit, which sums of the excess are rounded to.
    """
    classes, intervals, histories, words, excess, unit, root = masses
    total, rootward = 0.0, True
    if classes[number].may_end:
        total, rootward = histories[history].final, False
    scale = 1.0
    while history != root:
        first, end = histories[history].begin, histories[history].end
        position = first
        if end > first:
            units: Any = np.int64(0)
            for interval in range(classes[number].begin, classes[number].end):
                low = _first_not_below(words, position, end, intervals[interval, 0])
                position = _first_not_below(words, low, end, intervals[interval, 1])
                if position > low:
                    rootward = False
                    units += excess[position - 1]
                    if low > first:
                        units -= excess[low - 1]
            total += scale * (units * unit)
        scale *= histories[history].backoff
        history = histories[history].behind
        if history < 0:
            return max(total, unit), False
    total += scale * classes[number].at_root
    return total if rootward else max(total, unit), rootward


@jit_inline
def cache_slot(key: int, size: int) -> int:
    """Return the entry of a cache of ``size`` entries for a class and a history: ``class << 32 | history``."""
    return (key * 6364136223846793005 >> 32) & (size - 1)


@jit_inline
def compute_ahead(masses: WordMasses, log_old: float, number: int, history: int) -> tuple[float, bool]:
    """Return the look-ahead of class ``number``, and whether it is rootward.

    Without any probability of its words it is large, but not infinite.
    """
    probability, rootward = mass(masses, number, history)
    return log_old - np.log(max(probability, SMALLEST)), rootward


@jit
def ahead_of(exchange: Exchange, number: int, history: int) -> float:
    """Return how much the look-ahead adds to the cost of a token in a state of class ``number``."""
    if number < 0:
        return 0.0
    return compute_ahead(exchange.masses, exchange.log_old[number], number, history)[0]
