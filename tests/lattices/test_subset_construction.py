"""Determinization of acceptors: small ones by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from blasr.lattices.subset_construction import determinize, sort_arcs
from blasr.lattices.subset_table import Acceptor

Arc = tuple[int, int, int, float, float, list[int]]  # source, target, label, graph and acoustic cost, string


def acceptor_of(arcs: list[Arc], final: list[float]) -> Acceptor:
    sources = [arc[0] for arc in arcs]
    costs = np.array(final)
    return Acceptor(
        offsets=np.searchsorted(sources, np.arange(len(final) + 1)),
        label=np.array([arc[2] for arc in arcs], np.int32),
        nextstate=np.array([arc[1] for arc in arcs], np.int32),
        graph=np.array([arc[3] for arc in arcs]),
        acoustic=np.array([arc[4] for arc in arcs]),
        string_offsets=np.cumsum([0, *(len(arc[5]) for arc in arcs)]),
        string=np.array([label for arc in arcs for label in arc[5]], np.int32),
        final_graph=costs,
        final_acoustic=np.where(np.isfinite(costs), 0.0, np.inf),
        final_string_offsets=np.zeros(len(final) + 1, np.int64),
        final_string=np.zeros(0, np.int32),
    )


TWO_WAYS = [  # label 5 by two ways with different costs and strings, then 6 or 7
    (0, 1, 5, 1.0, 1.0, [10, 11]),
    (0, 2, 5, 0.5, 1.0, [10, 12]),
    (1, 3, 6, 0.25, 0.0, [13]),
    (2, 3, 7, 0.25, 0.0, [14]),
]


def test_arcs_with_one_label_become_one() -> None:
    result, beam = determinize(acceptor_of(TWO_WAYS, [np.inf, np.inf, np.inf, 0.125]), 10.0, 1e-3, 10**8)
    assert beam == 10.0
    assert result.offsets.tolist() == [0, 1, 3, 3] and result.label.tolist() == [5, 7, 6]
    assert result.nextstate.tolist() == [1, 2, 2]
    assert (result.graph + result.acoustic).tolist() == [1.5, 0.25, 0.75]
    strings = [result.string[begin:end].tolist() for begin, end in pairwise(result.string_offsets)]
    assert strings == [[10], [12, 14], [11, 13]]  # the label that both ways begin with is on the first arc
    assert result.final_graph.tolist() == [np.inf, np.inf, 0.125]


def test_paths_beyond_the_beam_are_dropped() -> None:
    result, _ = determinize(acceptor_of(TWO_WAYS, [np.inf, np.inf, np.inf, 0.125]), 0.25, 1e-3, 10**8)
    assert result.label.tolist() == [5, 7] and result.offsets.tolist() == [0, 1, 2, 2]


def test_epsilon_arcs_disappear_and_keep_their_costs_and_strings() -> None:
    arcs: list[Arc] = [(0, 1, 0, 0.5, 0.25, [10]), (1, 2, 5, 0.5, 0.0, [11]), (2, 3, 0, 0.25, 0.0, [12])]
    result, _ = determinize(acceptor_of(arcs, [np.inf, np.inf, np.inf, 0.0]), 10.0, 1e-3, 10**8)
    assert result.label.tolist() == [5]
    total = result.graph.sum() + result.final_graph[1] + result.acoustic.sum() + result.final_acoustic[1]
    assert total == pytest.approx(1.5)
    assert [*result.string.tolist(), *result.final_string.tolist()] == [10, 11, 12]


def test_without_a_path_to_an_end_nothing_is_left() -> None:
    result, _ = determinize(acceptor_of(TWO_WAYS, [np.inf] * 4), 10.0, 1e-3, 10**8)
    assert len(result.final_graph) == len(result.label) == 0


def test_the_epsilon_arcs_of_a_state_are_sorted_first() -> None:
    arcs: list[Arc] = [(0, 1, 5, 1.0, 0.0, [10, 11]), (0, 1, 0, 2.0, 0.0, [12])]
    result = sort_arcs(acceptor_of(arcs, [np.inf, 0.0]))
    assert result.label.tolist() == [0, 5] and result.graph.tolist() == [2.0, 1.0]
    assert result.string.tolist() == [12, 10, 11] and result.string_offsets.tolist() == [0, 1, 3]
