from __future__ import annotations

import kaldifst
import numpy as np
import pytest
from hypothesis import given

from blasr.graph.fst_minimize import minimize
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.io.fst import Fst
from tests.graph.transducers import assert_same, transducers


@pytest.mark.parametrize("labels", [1, 3])
def test_states_and_arcs_equal_openfst_in_their_order(labels: int) -> None:
    @given(transducers(labels=labels))
    def compare(fst: Fst) -> None:
        theirs = to_kaldifst(fst)
        kaldifst.minimize_encoded(theirs)
        assert_same(minimize(fst), from_kaldifst(theirs))

    compare()


def test_a_large_graph_with_many_equal_states() -> None:
    rng = np.random.default_rng(1)
    states, arcs = 3000, 9000
    sources = np.concatenate([np.arange(states - 1), rng.integers(0, states, arcs)])
    targets = np.concatenate([np.arange(1, states), rng.zipf(1.5, arcs) % states])
    labels, costs = rng.integers(0, 3, (2, len(sources))), rng.integers(0, 2, len(sources)) / 8
    final = np.where(rng.random(states) < 0.1, 0.5, np.inf)
    final[-1] = 0.0
    fst = Fst.from_arcs(0, final, sources, labels[0], labels[1], costs, targets)
    theirs = to_kaldifst(fst)
    kaldifst.minimize_encoded(theirs)
    assert_same(minimize(fst), from_kaldifst(theirs))


def test_costs_are_rounded() -> None:
    fst = Fst.from_arcs(0, [0.3001], [0], [1], [1], [0.20004], [0])
    minimal = minimize(fst)
    assert (1024 * minimal.weight.item()).is_integer()
    assert abs(minimal.final.item() - 0.3001) <= 1 / 2048


def test_an_empty_transducer_stays_empty() -> None:
    assert minimize(Fst.from_arcs(-1, [], [], [], [], [], [])).num_states == 0
