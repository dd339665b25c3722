from __future__ import annotations

import kaldifst
import numpy as np
import pytest
from hypothesis import given

from blasr.errors import DataError
from blasr.graph.fst_determinize import determinize
from blasr.graph.fst_subsets import log_add
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.io.fst import Fst
from tests.graph.transducers import assert_same, transducers


@pytest.mark.parametrize("labels", [1, 3])
def test_states_and_arcs_equal_kaldis_in_their_order(labels: int) -> None:
    @given(transducers(acyclic=True, functional=True, labels=labels))
    def compare(fst: Fst) -> None:
        theirs = to_kaldifst(fst)
        kaldifst.determinize_star(theirs, use_log=True)
        assert_same(determinize(fst), from_kaldifst(theirs), atol=1e-6)

    compare()


def test_large_subsets() -> None:
    """Layers of 40 states, all arcs from one layer to the next, with few labels."""
    rng = np.random.default_rng(0)
    width, layers = 40, 4
    first = np.repeat(np.arange(layers - 1), width * width) * width
    sources = first + np.tile(np.repeat(np.arange(width), width), layers - 1)
    targets = first + np.tile(np.tile(np.arange(width), width), layers - 1) + width
    final = np.full(width * layers, np.inf)
    final[-width:] = 0.5
    labels, costs = rng.integers(0, 3, len(sources)), rng.integers(0, 5, len(sources))
    fst = Fst.from_arcs(0, final, sources, labels, np.zeros(len(sources)), costs, targets)
    theirs = to_kaldifst(fst)
    kaldifst.determinize_star(theirs, use_log=True)
    assert_same(determinize(fst), from_kaldifst(theirs), atol=1e-5)


def test_strings_of_several_labels_become_paths() -> None:
    """The second label decides between two pairs of words, so that the first arc has no output yet."""
    sources, ilabels, olabels, targets = [0, 0, 1, 2, 3, 4], [1, 1, 2, 3, 4, 4], [5, 6, 7, 7, 0, 0], [1, 2, 3, 4, 5, 5]
    fst = Fst.from_arcs(0, [np.inf] * 5 + [0.0], sources, ilabels, olabels, [1, 2, 0, 0, 0, 0], targets)
    theirs = to_kaldifst(fst)
    kaldifst.determinize_star(theirs, use_log=True)
    found = determinize(fst)
    assert_same(found, from_kaldifst(theirs), atol=1e-6)
    assert (found.ilabel == 0).any()


def test_one_input_with_two_outputs_is_refused() -> None:
    fst = Fst.from_arcs(0, [np.inf, 0.0], [0, 0], [1, 1], [1, 2], [0, 0], [1, 1])
    with pytest.raises(DataError, match="several sequences of words"):
        determinize(fst)


def test_the_cost_of_a_sum() -> None:
    half = np.float32(-np.log(0.5))
    assert log_add(half, half) == pytest.approx(0.0, abs=1e-7)
    assert log_add(np.float32(np.inf), half) == half


def test_an_empty_transducer_stays_empty() -> None:
    assert determinize(Fst.from_arcs(-1, [], [], [], [], [], [])).num_states == 0
