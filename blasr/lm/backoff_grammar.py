"""Backoff grammars in arrays for fast look-ups, and the difference of two: the new one's costs minus the old one's.

Kaldi's ``BackoffDeterministicOnDemandFst`` and, for the difference, ``ComposeDeterministicOnDemandFst`` of the old
grammar scaled by -1 and the new one (fstext/deterministic-fst-inl.h).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from blasr.errors import DataError
from blasr.io.fst import Fst
from blasr.jit import jit_inline
from blasr.units import EPSILON, AnyArray, FloatArray, IntArray


class BackoffGrammar(NamedTuple):
    """G as arrays.

    State s has the arcs ``offsets[s]:offsets[s + 1]``, sorted by word; backoff arcs are not among them.
    ``backoff_state`` is -1 if a state has no backoff arc. ``final`` is the cost of ending, after backing off if needed.
    ``root`` is the state with the most arcs; ``root_arcs`` has the arc of every word-id there, or -1.
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
    """Two grammars: the costs of the old one are subtracted, and those of the new one added."""

    old: BackoffGrammar
    new: BackoffGrammar


def lay_out_grammar(grammar: Fst, backoff: int | None = None) -> BackoffGrammar:
    """Sort a grammar's arcs and separate its backoff arcs.

    Args:
        grammar: G, with words on its input side; a backoff arc has the label ``backoff`` or epsilon.
        backoff: the label of backoff arcs, for example the word-id of ``#0``.

    Raises:
        DataError: there is no start state, a state has two arcs with the same word or two backoff arcs, or the backoff
            arcs form a cycle.
    """
    if grammar.start < 0:
        raise DataError("the grammar has no start state", fix="make it again with blasr graph or arpa2fst")
    num_states = grammar.num_states
    labels = np.where(grammar.ilabel == (-1 if backoff is None else backoff), EPSILON, grammar.ilabel)
    order = np.lexsort((labels, grammar.sources))
    sources, labels = grammar.sources[order], labels[order]
    twice = (np.diff(sources) == 0) & (np.diff(labels) == 0)
    if twice.any():
        row = int(np.argmax(twice))
        raise DataError(
            f"the grammar's state {sources[row]} has two arcs with the word-id {labels[row]}",
            fix="determinize it with fstdeterminizestar, or give the grammar that blasr graph or arpa2fst made",
        )
    weight, nextstate = grammar.weight[order], grammar.nextstate[order]
    is_backoff, is_word = labels == EPSILON, labels != EPSILON
    backoff_state = np.full(num_states, -1, np.int32)
    backoff_cost = np.zeros(num_states, np.float32)
    backoff_state[sources[is_backoff]], backoff_cost[sources[is_backoff]] = nextstate[is_backoff], weight[is_backoff]
    _refuse_cycles(backoff_state)
    counts = np.bincount(sources[is_word], minlength=num_states)
    offsets = np.append(0, np.cumsum(counts)).astype(np.int64)
    words = np.ascontiguousarray(labels[is_word], dtype=np.int32)
    root = int(np.argmax(counts))
    root_arcs = np.full(int(words.max(initial=0)) + 1, -1, np.int32)
    at_root = np.arange(offsets[root], offsets[root + 1])
    root_arcs[words[at_root]] = at_root
    return BackoffGrammar(
        start=int(grammar.start),
        offsets=offsets,
        words=words,
        weight=np.ascontiguousarray(weight[is_word], dtype=np.float32),
        nextstate=np.ascontiguousarray(nextstate[is_word], dtype=np.int32),
        backoff_state=backoff_state,
        backoff_cost=backoff_cost,
        final=_final_costs(grammar.final, backoff_state, backoff_cost),
        root=root,
        root_arcs=root_arcs,
    )


def _refuse_cycles(backoff_state: IntArray) -> None:
    """Raise an error if backing off never ends.

    The number of steps doubles until it is at least the number of states. Without a cycle, no state has that many
    backoff steps.
    """
    ahead = backoff_state
    for _ in range(len(ahead).bit_length()):
        ahead = np.where(ahead >= 0, ahead[ahead], -1).astype(np.int32)
    if (ahead >= 0).any():
        state = int(np.argmax(ahead >= 0))
        raise DataError(
            f"the backoff arcs from state {state} of the grammar form a cycle", fix="make the grammar again"
        )


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


def relabel(grammar: BackoffGrammar, numbers: IntArray) -> BackoffGrammar:
    """Return the grammar with other word-ids: ``numbers`` has the new one of each word-id, all different."""
    words = numbers[grammar.words]
    sources = np.repeat(np.arange(len(grammar.backoff_state), dtype=np.int32), np.diff(grammar.offsets))
    order = np.lexsort((words, sources))
    words = words[order]
    root_arcs = np.full(int(numbers.max(initial=0)) + 1, -1, np.int32)
    at_root = np.arange(grammar.offsets[grammar.root], grammar.offsets[grammar.root + 1])
    root_arcs[words[at_root]] = at_root
    return grammar._replace(
        words=words, weight=grammar.weight[order], nextstate=grammar.nextstate[order], root_arcs=root_arcs
    )


@jit_inline
def next_word(grammar: BackoffGrammar, state: int, word: int) -> tuple[float, int]:
    """Return the cost of a word after a state, and the next state; -1 if the grammar does not have the word."""
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


class _TwoGrammars(Protocol):
    """Anything with an old and a new grammar."""

    @property
    def old(self) -> BackoffGrammar: ...

    @property
    def new(self) -> BackoffGrammar: ...


@jit_inline
def exchange_word(difference: _TwoGrammars, old: int, new: int, word: int) -> tuple[float, int, int]:
    """Return how much more a word costs in the new grammar, and the next states of the old and the new grammar.

    The cost is inf, and the states do not change, if one of the grammars does not have the word.
    """
    old_cost, old_next = next_word(difference.old, old, word)
    new_cost, new_next = next_word(difference.new, new, word)
    if old_next < 0 or new_next < 0:
        return np.inf, old, new
    return new_cost - old_cost, old_next, new_next


def words_missing(graph: Fst, grammar: BackoffGrammar) -> IntArray:
    """Return the word-ids of a decoding graph's output side that the grammar does not have, in ascending order."""
    return np.setdiff1d(graph.olabel[graph.olabel > 0], grammar.words).astype(np.int32)
