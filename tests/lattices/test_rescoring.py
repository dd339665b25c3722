"""Rescoring with other grammars: costs by n-grams worked out by hand, and lattices that stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.io.fst import Fst, read_fst
from blasr.lattices.compact_lattice_io import read_compact_lattices
from blasr.lattices.rescoring import GrammarCosts, add_grammar, rescore
from tests.golden_system import GoldenSystem
from tests.lattices.compact_lattices import all_paths, make_compact

BACKOFF = 9
# A bigram model of the words 1 and 2: state 0 begins, 1 and 2 are histories, 3 is the unigram's.
BIGRAM = Fst.from_arcs(
    0,
    [np.inf, 0.125, np.inf, 1.0],
    [0, 0, 1, 1, 2, 3, 3],
    [1, BACKOFF, 2, BACKOFF, BACKOFF, 1, 2],
    [1, 0, 2, 0, 0, 1, 2],
    [0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 4.0],
    [1, 3, 2, 3, 3, 1, 2],
)
LATTICE = make_compact(
    [(0, 1, 1, 10.0, 5.0, [1]), (0, 1, 2, 20.0, 5.0, [2]), (1, 2, 1, 10.0, 5.0, [3]), (1, 2, 2, 20.0, 5.0, [4])],
    {2: 0.5},
    3,
)


def test_costs_with_backoff() -> None:
    """Each word by its bigram where there is one, else by backing off; so too the end."""
    rescored = add_grammar(LATTICE, GrammarCosts(BIGRAM, BACKOFF))
    expected: dict[tuple[int, ...], float] = {
        (1, 1): 20.5 + 0.25 + (1.5 + 3.0) + 0.125,
        (1, 2): 30.5 + 0.25 + 0.75 + (2.0 + 1.0),
        (2, 1): 30.5 + (0.5 + 4.0) + (2.0 + 3.0) + 0.125,
        (2, 2): 40.5 + (0.5 + 4.0) + (2.0 + 4.0) + (2.0 + 1.0),
    }
    found = all_paths(rescored)
    assert found.keys() == expected.keys()
    for words, ((graph, acoustic, string),) in found.items():
        assert graph == pytest.approx(expected[words])
        assert acoustic == 10.0
        assert string == all_paths(LATTICE)[words][0][2]
    assert rescored.num_states == 5  # two histories in the middle and at the end


def test_taking_a_grammar_away_and_adding_it_changes_nothing() -> None:
    costs = GrammarCosts(BIGRAM, BACKOFF)
    for words, ((graph, _, _),) in all_paths(rescore(LATTICE, costs, costs)).items():
        assert graph == pytest.approx(all_paths(LATTICE)[words][0][0])


def test_the_golden_grammar(system: GoldenSystem) -> None:
    """Kaldi's lattices with Kaldi's G: no path is lost, and costs change by the words' and the end's, to 1e-3."""
    grammar = read_fst(system.folder / "lang" / "G.fst")
    costs = GrammarCosts(grammar)
    (word_cost,) = set(grammar.weight.tolist())
    for utterance, lattice in list(read_compact_lattices(system.folder / "connected" / "lat.ark"))[:8]:
        before, after = all_paths(lattice), all_paths(add_grammar(lattice, costs, -1.0, utterance=utterance))
        assert before.keys() == after.keys()
        ends = [before[words][0][0] - after[words][0][0] - len(words) * word_cost for words in before]
        assert ends == pytest.approx([float(grammar.final.min())] * len(ends), abs=1e-3)


def test_words_outside_the_grammar() -> None:
    strange = make_compact([(0, 1, 7, 1.0, 5.0, [1])], {1: 0.0}, 2)
    with pytest.raises(DataError, match="utterance u1: no path of the lattice is in the grammar"):
        add_grammar(strange, GrammarCosts(BIGRAM, BACKOFF), utterance="u1")
    both = make_compact([(0, 1, 7, 1.0, 5.0, [1]), (0, 1, 1, 1.0, 5.0, [1])], {1: 0.0}, 2)
    assert all_paths(add_grammar(both, GrammarCosts(BIGRAM, BACKOFF))).keys() == {(1,)}


def test_grammars_that_leave_a_choice_are_refused() -> None:
    twice = Fst.from_arcs(0, [0.0], [0, 0], [1, 1], [1, 1], [0.5, 0.25], [0, 0])
    with pytest.raises(DataError, match="state 0 has two arcs with the word-id 1"):
        GrammarCosts(twice)
    circle = Fst.from_arcs(0, [np.inf], [0], [BACKOFF], [0], [0.5], [0])
    with pytest.raises(DataError, match="form a cycle"):
        add_grammar(LATTICE, GrammarCosts(circle, BACKOFF))
