from __future__ import annotations

from dataclasses import replace

import kaldifst
from hypothesis import given

from blasr.graph.fst_compose import compose
from blasr.graph.lexicon_fst import sort_arcs
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.io.fst import Fst
from tests.graph.transducers import assert_same, transducers


@given(transducers(), transducers())
def test_states_and_arcs_equal_openfst_in_their_order(first: Fst, second: Fst) -> None:
    first, second = sort_arcs(first, by="olabel"), sort_arcs(second, by="ilabel")
    theirs = from_kaldifst(kaldifst.compose(to_kaldifst(first), to_kaldifst(second)))
    assert_same(compose(first, second), theirs)


def test_many_arcs_are_searched_from_either_side() -> None:
    labels = list(range(1, 2000))
    fan = Fst.from_arcs(0, [0.0], [0] * 1999, labels, labels, [0.5] * 1999, [0] * 1999)
    one = Fst.from_arcs(0, [1.0], [0, 0], [3, 1500], [7, 8], [0.25, 0.5], [0, 0])
    for first, second in ((fan, one), (one, fan)):
        composed = compose(replace(first, ilabel=first.olabel, olabel=first.ilabel), second)
        assert (composed.num_states, composed.weight.tolist()) == (1, [0.75, 1.0])


def test_nothing_in_common_gives_no_states() -> None:
    one = Fst.from_arcs(0, [float("inf"), 0.0], [0], [1], [1], [0.0], [1])
    two = Fst.from_arcs(0, [float("inf"), 0.0], [0], [2], [2], [0.0], [1])
    empty = compose(one, two)
    assert (empty.start, empty.num_states) == (-1, 0)
    assert compose(empty, one).num_states == 0
