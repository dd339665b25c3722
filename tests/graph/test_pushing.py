from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.graph.pushing import push_special
from blasr.io.fst import Fst
from tests.graph.systems import best_way


@st.composite
def cyclic_graphs(draw: st.DrawFn) -> Fst:
    """A ring with chords and one final state; every state is useful, and every arc has its own label."""
    size = draw(st.integers(1, 6))
    costs = st.floats(0.125, 4, width=16)
    chords = draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=6))
    pairs = [(state, (state + 1) % size) for state in range(size)] + chords
    labels = range(1, len(pairs) + 1)
    final = np.full(size, np.inf)
    final[draw(st.integers(0, size - 1))] = draw(costs)
    sources, targets = zip(*pairs, strict=True)
    return Fst.from_arcs(0, final, sources, labels, labels, [draw(costs) for _ in pairs], targets)


@given(cyclic_graphs())
def test_all_states_have_the_same_sum_and_paths_keep_their_costs(fst: Fst) -> None:
    pushed = push_special(fst)
    sums = np.bincount(pushed.sources, np.exp(-pushed.weight.astype(float)), pushed.num_states)
    sums += np.exp(-pushed.final.astype(float))
    assert np.log(sums.max() / sums.min()) <= 2.0**-10 + 1e-5
    before = best_way(fst)
    assert before is not None
    after = best_way(pushed, before.inputs)
    assert after is not None
    assert after.cost == pytest.approx(before.cost, abs=1e-4)


def test_an_empty_graph_stays_empty() -> None:
    assert push_special(Fst.from_arcs(-1, [], [], [], [], [], [])).num_states == 0
