"""Backoff grammars laid out for look-ups, and the difference of two, which takes one's costs away and adds the other's.

Kaldi's ``BackoffDeterministicOnDemandFst`` and, for the difference, ``ComposeDeterministicOnDemandFst`` of the old
grammar scaled by -1 and the new one (fstext/deterministic-fst-inl.h).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from blasr.errors import DataError
from blasr.io.fst import Fst
from blasr.units import EPSILON, AnyArray, FloatArray, IntArray


class BackoffGrammar(NamedTuple):
    """G as arrays: of state s the arcs ``offsets[s]:offsets[s + 1]``, sorted by word, none of them for backing off.

    ``backoff_state`` is -1 where a state does not back off. ``final`` has the cost of ending, by backing off where
    need be. The arcs of ``root``, the state with the most, are found by word-id in ``root_arcs``.
    """

    start: int
    offsets: AnyArray
    words: IntArray
    weight: FloatArray
    nextstate: IntArray
    backoff_state: IntArray
    backoff_cost: FloatArray
    final: AnyArray
    root: int
    root_arcs: IntArray


class LmDifference(NamedTuple):
    """What the words' costs are changed by: the new grammar's take the place of the old one's."""

    old: BackoffGrammar
    new: BackoffGrammar


def lay_out_grammar(grammar: Fst, backoff: int | None = None) -> BackoffGrammar:
    """Sort a grammar's arcs and follow its ways to back off.

    Args:
        grammar: G, words on its input side; a state's way to back off is its arc with ``backoff`` or with no label.
        backoff: the label of backing off, such as the word-id of ``#0``.

    Raises:
        DataError: it has no start, a state has two arcs of a word or two ways to back off, or backing off goes in a
            circle.
    """
    if grammar.start < 0:
        raise DataError("the grammar has no start state", fix="make it again (blasr graph, arpa2fst)")
    num_states = grammar.num_states
    labels = np.where(grammar.ilabel == (-1 if backoff is None else backoff), EPSILON, grammar.ilabel)
    order = np.lexsort((labels, grammar.sources))
    sources, labels = grammar.sources[order], labels[order]
    twice = (np.diff(sources) == 0) & (np.diff(labels) == 0)
    if twice.any():
        row = int(np.argmax(twice))
        raise DataError(
            f"the grammar's state {sources[row]} has two arcs of the word-id {labels[row]}",
            fix="determinise it (fstdeterminizestar), or give the one that blasr graph or arpa2fst made",
        )
    weight, nextstate = grammar.weight[order], grammar.nextstate[order]
    backs, spoken = labels == EPSILON, labels != EPSILON
    backoff_state = np.full(num_states, -1, np.int32)
    backoff_cost = np.zeros(num_states, np.float32)
    backoff_state[sources[backs]], backoff_cost[sources[backs]] = nextstate[backs], weight[backs]
    _refuse_circles(backoff_state)
    counts = np.bincount(sources[spoken], minlength=num_states)
    offsets = np.append(0, np.cumsum(counts)).astype(np.int64)
    words = np.ascontiguousarray(labels[spoken], dtype=np.int32)
    root = int(np.argmax(counts))
    root_arcs = np.full(int(words.max(initial=0)) + 1, -1, np.int32)
    at_root = np.arange(offsets[root], offsets[root + 1])
    root_arcs[words[at_root]] = at_root
    return BackoffGrammar(
        start=int(grammar.start),
        offsets=offsets,
        words=words,
        weight=np.ascontiguousarray(weight[spoken], dtype=np.float32),
        nextstate=np.ascontiguousarray(nextstate[spoken], dtype=np.int32),
        backoff_state=backoff_state,
        backoff_cost=backoff_cost,
        final=_final_costs(grammar.final, backoff_state, backoff_cost),
        root=root,
        root_arcs=root_arcs,
    )


def _refuse_circles(backoff_state: IntArray) -> None:
    """After as many steps as there are states, taken in powers of two, no way to back off may go on."""
    ahead = backoff_state
    for _ in range(len(ahead).bit_length()):
        ahead = np.where(ahead >= 0, ahead[ahead], -1).astype(np.int32)
    if (ahead >= 0).any():
        state = int(np.argmax(ahead >= 0))
        raise DataError(f"backing off from the grammar's state {state} goes in a circle", fix="make it again")


def _final_costs(final: FloatArray, backoff_state: IntArray, backoff_cost: FloatArray) -> AnyArray:
    costs = np.zeros(len(final))
    at = np.arange(len(final))
    left = np.flatnonzero(~np.isfinite(final))
    while len(left):
        costs[left] += backoff_cost[at[left]]
        at[left] = backoff_state[at[left]]
        nowhere = at[left] < 0
        costs[left[nowhere]] = np.inf
        left = left[~nowhere]
        left = left[~np.isfinite(final[at[left]])]
    return costs + np.where(np.isfinite(costs), final[at], 0.0)


@numba.njit(cache=True, nogil=True)
def next_word(grammar: BackoffGrammar, state: int, word: int) -> tuple[float, int]:
    """The cost of a word after a state, and the state after it: -1 where the grammar does not have the word."""
    cost = 0.0
    while True:
        if state == grammar.root:
            arc = grammar.root_arcs[word] if word < len(grammar.root_arcs) else -1
        else:
            low, end = grammar.offsets[state], grammar.offsets[state + 1]
            high = end
            while low < high:
                middle = (low + high) >> 1
                if grammar.words[middle] < word:
                    low = middle + 1
                else:
                    high = middle
            arc = low if low < end and grammar.words[low] == word else -1
        if arc >= 0:
            return cost + grammar.weight[arc], grammar.nextstate[arc]
        if grammar.backoff_state[state] < 0:
            return np.inf, -1
        cost += grammar.backoff_cost[state]
        state = grammar.backoff_state[state]


@numba.njit(cache=True, nogil=True)
def exchange_word(difference: LmDifference, old: int, new: int, word: int) -> tuple[float, int, int]:
    """By how much a word costs more with the new grammar, and both grammars' states after it.

    The cost is inf, and the states stay, where one of them does not have the word.
    """
    old_cost, old_next = next_word(difference.old, old, word)
    new_cost, new_next = next_word(difference.new, new, word)
    if old_next < 0 or new_next < 0:
        return np.inf, old, new
    return new_cost - old_cost, old_next, new_next


def words_missing(graph: Fst, grammar: BackoffGrammar) -> IntArray:
    """Word-ids on a decoding graph's output side that the grammar does not have, ascending."""
    return np.setdiff1d(graph.olabel[graph.olabel > 0], grammar.words).astype(np.int32)
