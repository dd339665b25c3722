"""Pruning of acceptors: a small one by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from blasr.lattices.subset_pruning import best_path, costs_to_end, prune
from tests.lattices.test_subset_construction import TWO_WAYS, acceptor_of

ACCEPTOR = acceptor_of(TWO_WAYS, [np.inf, np.inf, 2.0, 0.125])  # paths of 2.375 and 1.875 to state 3, 3.5 to state 2


def test_the_costs_to_an_end() -> None:
    assert costs_to_end(ACCEPTOR).tolist() == [1.875, 0.375, 0.375, 0.125]


def test_paths_within_the_beam_stay() -> None:
    all_arcs = prune(ACCEPTOR, 2.0)
    assert all_arcs.label.tolist() == [5, 5, 6, 7] and all_arcs.final_graph.tolist() == [np.inf, np.inf, 2.0, 0.125]
    both_ways = prune(ACCEPTOR, 0.5)
    assert both_ways.label.tolist() == [5, 5, 6, 7]
    assert both_ways.final_graph.tolist() == [np.inf, np.inf, np.inf, 0.125]
    one_way = prune(ACCEPTOR, 0.25)
    assert one_way.label.tolist() == [5, 7] and one_way.nextstate.tolist() == [2, 3]
    assert one_way.offsets.tolist() == [0, 1, 1, 2, 2]
    strings = [one_way.string[begin:end].tolist() for begin, end in pairwise(one_way.string_offsets)]
    assert strings == [[10, 12], [14]]


def test_one_of_two_equal_paths_is_the_best() -> None:
    arcs = [(0, 1, 5, 1.0, 1.0, [10]), (0, 1, 6, 1.0, 1.0, [11])]
    path = best_path(acceptor_of(arcs, [np.inf, 0.0]))
    assert path is not None and path.label.tolist() == [5] and path.string.tolist() == [10]
    assert path.final_graph.tolist() == [np.inf, 0.0]


def test_no_path_has_no_best_path() -> None:
    assert best_path(acceptor_of(TWO_WAYS, [np.inf] * 4)) is None
