from __future__ import annotations

import os

import kaldifst
import numpy as np
import pytest

from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.io.fst import Fst


def test_conversion_in_both_directions() -> None:
    fst = Fst.from_arcs(0, [np.inf, 1.5], [0, 0, 1], [1, 2, 3], [3, 0, 1], [0.5, 0.25, -1.0], [1, 0, 0])
    back = from_kaldifst(to_kaldifst(fst))
    for name in ("offsets", "ilabel", "olabel", "weight", "nextstate", "final"):
        np.testing.assert_array_equal(getattr(back, name), getattr(fst, name))
    assert back.start == fst.start


def test_an_empty_transducer() -> None:
    empty = from_kaldifst(kaldifst.StdVectorFst())
    assert (empty.start, empty.num_states, empty.num_arcs) == (-1, 0, 0)
    assert to_kaldifst(empty).num_states == 0


@pytest.mark.parametrize("operation", ["compose", "determinize_star"])
def test_results_of_operations_are_converted(operation: str) -> None:
    one = to_kaldifst(Fst.from_arcs(0, [np.inf, 0.0], [0, 0], [1, 1], [2, 2], [0.5, 1.5], [1, 1]))
    if operation == "compose":
        found = kaldifst.compose(kaldifst.make_linear_acceptor([1]), one)
    else:
        kaldifst.determinize_star(one, use_log=False)
        found = one
    assert from_kaldifst(found).weight.min() == pytest.approx(0.5)


def test_temporary_files_are_used_if_there_are_no_files_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    fst = Fst.from_arcs(0, [0.0], [0], [1], [2], [0.5], [0])
    assert from_kaldifst(to_kaldifst(fst)).olabel.tolist() == [2]
