from __future__ import annotations

import kaldifst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.graph.context_transducer import compose_context
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.io.fst import Fst
from tests.graph.transducers import assert_same, transducers


@pytest.mark.parametrize("disambig", [[], [4, 5]])
@given(transducers(labels=5), st.sampled_from([(1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (5, 2)]))
def test_states_arcs_and_windows_equal_kaldis_in_their_order(
    disambig: list[int], fst: Fst, shape: tuple[int, int]
) -> None:
    theirs, windows = kaldifst.compose_context(disambig, *shape, to_kaldifst(fst))
    ours, our_windows = compose_context(fst, disambig, *shape)
    assert_same(ours, from_kaldifst(theirs))
    assert our_windows == windows


def test_windows_without_numbers_are_refused() -> None:
    fst = Fst.from_arcs(0, [0.0], [0], [60_000], [1], [0.0], [0])
    with pytest.raises(ValueError, match="64 bits"):
        compose_context(fst, [], 5, 2)
