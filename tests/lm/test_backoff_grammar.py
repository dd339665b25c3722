"""Look-ups in backoff grammars."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.io.fst import Fst
from blasr.lm.backoff_grammar import LmDifference, exchange_word, lay_out_grammar, next_word, words_missing

BACKOFF = 9
LOOP = Fst.from_arcs(0, [0.5], [0, 0], [1, 2], [1, 2], [1.0, 2.0], [0, 0])


def bigram() -> Fst:
    """State 0 has word 1 and backs off to state 1, which has the words 1 and 2 and can end."""
    return Fst.from_arcs(
        0, [np.inf, 0.75], [0, 0, 1, 1], [1, BACKOFF, 1, 2], [1, 0, 1, 2], [0.5, 0.25, 3, 4], [0, 1, 0, 1]
    )


def test_words_are_found_with_and_without_backing_off() -> None:
    grammar = lay_out_grammar(bigram(), BACKOFF)
    assert next_word(grammar, 0, 1) == (0.5, 0)
    assert next_word(grammar, 0, 2) == (0.25 + 4, 1)
    assert next_word(grammar, 1, 1) == (3, 0)
    assert next_word(grammar, 0, 7) == (np.inf, -1)
    assert grammar.final.tolist() == [0.25 + 0.75, 0.75]


def test_the_difference_subtracts_the_old_cost() -> None:
    difference = LmDifference(lay_out_grammar(LOOP), lay_out_grammar(bigram(), BACKOFF))
    assert exchange_word(difference, 0, 0, 2) == (4.25 - 2.0, 0, 1)
    assert exchange_word(difference, 0, 0, 5) == (np.inf, 0, 0)


def test_words_of_a_graph_that_a_grammar_lacks() -> None:
    graph = Fst.from_arcs(0, [0.0], [0, 0, 0], [1, 1, 1], [0, 2, 5], [0, 0, 0], [0, 0, 0])
    assert words_missing(graph, lay_out_grammar(LOOP)).tolist() == [5]


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        (Fst.from_arcs(-1, [], [], [], [], [], []), "no start state"),
        (Fst.from_arcs(0, [0.0], [0, 0], [1, 1], [1, 1], [1, 2], [0, 0]), "state 0 has two arcs with the word-id 1"),
        (Fst.from_arcs(0, [0.0, 0.0], [0, 1], [0, 0], [0, 0], [1, 1], [1, 0]), "state 0 of the grammar form a cycle"),
    ],
)
def test_grammars_that_are_not_deterministic_are_refused(grammar: Fst, message: str) -> None:
    with pytest.raises(DataError, match=message):
        lay_out_grammar(grammar)
