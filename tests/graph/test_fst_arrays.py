from __future__ import annotations

import kaldifst
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blasr.graph.fst_arrays import arrays_of, connect, has_cycle, sort_arcs_by_ilabel
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.io.fst import Fst
from tests.graph.transducers import assert_same, transducers


@given(transducers(), st.data())
def test_connect_equals_fstconnect(fst: Fst, data: st.DataObject) -> None:
    fst.final[:] = np.inf
    fst.final[data.draw(st.integers(0, fst.num_states - 1))] = 0.0
    theirs = to_kaldifst(fst)
    kaldifst.connect(theirs)
    assert_same(connect(fst), from_kaldifst(theirs))


def test_a_graph_without_a_final_state_becomes_empty() -> None:
    empty = connect(Fst.from_arcs(0, [np.inf], [0], [1], [1], [0.0], [0]))
    assert (empty.start, empty.num_states, empty.num_arcs) == (-1, 0, 0)


def test_cycles_are_found() -> None:
    line = [0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0], [1, 2, 2]
    assert not has_cycle(arrays_of(Fst.from_arcs(0, [np.inf, np.inf, 0.0], *line)))
    back = [0, 0, 1, 2], [1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [1, 2, 2, 1]
    assert has_cycle(arrays_of(Fst.from_arcs(0, [np.inf, np.inf, 0.0], *back)))


def test_many_arcs_and_few_arcs_are_sorted_by_both_labels() -> None:
    rng = np.random.default_rng(0)
    sources = np.repeat([0, 1], [5, 100])
    labels = rng.integers(0, 9, (2, 105))
    fst = Fst.from_arcs(0, [0.0, 0.0], sources, labels[0], labels[1], np.arange(105), np.zeros(105))
    expected = np.lexsort((labels[1], labels[0], sources))
    np.testing.assert_array_equal(sort_arcs_by_ilabel(fst).weight, expected)
