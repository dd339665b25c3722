"""Rescoring lattices with another language model (``lattice-lmrescore``, ``lattice-lmrescore-const-arpa``)."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from blasr.errors import DataError
from blasr.io.fst import Fst
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lm.backoff_grammar import lay_out_grammar, next_word
from blasr.units import EPSILON, AnyArray


class GrammarCosts:
    """The costs of words after the states of a grammar, backing off only if a word has no arc.

    Args:
        grammar: G, words on its input side; an arc with the label ``backoff``, or without a label, backs off.
        backoff: the label of backoff arcs, for example the word-id of ``#0``.

    Raises:
        DataError: as :func:`blasr.lm.backoff_grammar.lay_out_grammar`.
    """

    def __init__(self, grammar: Fst, backoff: int | None = None) -> None:
        self.grammar = lay_out_grammar(grammar, backoff)
        self.step = cache(self._step)

    @property
    def start(self) -> int:
        """The grammar's start state."""
        return self.grammar.start

    def _step(self, state: int, word: int) -> tuple[int, float] | None:
        """Return the state after a word and the word's cost; None if the grammar does not have the word."""
        cost, target = next_word(self.grammar, state, word)
        return None if target < 0 else (target, cost)

    def final_cost(self, state: int) -> float:
        """Return the cost of ending after a state; inf where no sentence ends there."""
        return float(self.grammar.final[state])


def add_grammar(
    lattice: CompactLattice, grammar: GrammarCosts, scale: float = 1.0, *, utterance: str | None = None
) -> CompactLattice:
    """Return the lattice with ``scale`` times the grammar's costs added to its graph costs; -1 subtracts them.

    States are split where the grammar distinguishes histories. Determinized lattices stay determinized.

    Raises:
        DataError: no path of the lattice is in the grammar.
    """
    numbers: dict[tuple[int, int], int] = {}
    pairs: list[tuple[int, int]] = []

    def number(state: int, history: int) -> int:
        if (state, history) not in numbers:
            numbers[state, history] = len(pairs)
            pairs.append((state, history))
        return numbers[state, history]

    arcs: list[int] = []
    targets: list[int] = []
    costs: list[float] = []
    offsets = [0]
    final_costs: list[float] = []
    ends = [math.isfinite(cost) for cost in lattice.final_graph_cost.tolist()]
    words, nextstate = lattice.words.tolist(), lattice.nextstate.tolist()
    if lattice.num_states:
        number(lattice.start, grammar.start)
    for state, history in pairs:  # the list grows during the loop
        for arc in range(lattice.offsets[state], lattice.offsets[state + 1]):
            found = (history, 0.0) if words[arc] == EPSILON else grammar.step(history, words[arc])
            if found is not None:
                arcs.append(arc)
                targets.append(number(nextstate[arc], found[0]))
                costs.append(scale * found[1])
        offsets.append(len(arcs))
        final_costs.append(grammar.final_cost(history) if ends[state] else math.inf)
    finite = np.isfinite(final_costs)
    if not finite.any():
        raise DataError(
            "no path of the lattice is in the grammar",
            utterance=utterance,
            fix="give a grammar with the words of the graph that the lattice was decoded with",
        )
    states = np.array([state for state, _ in pairs], np.int64)
    taken = np.array(arcs, np.int64)
    added = np.where(finite, scale * np.where(finite, final_costs, 0.0), np.inf)
    string_offsets, strings = _strings(lattice.string_offsets, lattice.transition_ids, taken)
    final_offsets, final_strings = _strings(lattice.final_string_offsets, lattice.final_transition_ids, states)
    return CompactLattice(
        start=0,
        offsets=np.array(offsets, np.int64),
        words=lattice.words[taken],
        nextstate=np.array(targets, np.int32),
        graph_cost=(lattice.graph_cost[taken] + np.array(costs)).astype(np.float32),
        acoustic_cost=lattice.acoustic_cost[taken],
        string_offsets=string_offsets,
        transition_ids=strings,
        final_graph_cost=np.where(finite, lattice.final_graph_cost[states] + added, np.inf).astype(np.float32),
        final_acoustic_cost=np.where(finite, lattice.final_acoustic_cost[states], np.inf).astype(np.float32),
        final_string_offsets=final_offsets,
        final_transition_ids=final_strings,
    )


def rescore(
    lattice: CompactLattice, old: GrammarCosts, new: GrammarCosts, scale: float = 1.0, *, utterance: str | None = None
) -> CompactLattice:
    """Return the lattice with ``scale`` times the old grammar's costs replaced by ``scale`` times the new grammar's.

    Raises:
        DataError: no path of the lattice is in both grammars.
    """
    without = add_grammar(lattice, old, -scale, utterance=utterance)
    return add_grammar(without, new, scale, utterance=utterance)


def _strings(offsets: AnyArray, labels: AnyArray, taken: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return the offsets and labels of the strings with these numbers."""
    lengths = np.diff(offsets)[taken]
    new_offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
    places = np.arange(new_offsets[-1]) + np.repeat(offsets[:-1][taken] - new_offsets[:-1], lengths)
    return new_offsets, labels[places]
