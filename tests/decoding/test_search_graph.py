"""The records of a small graph."""

from __future__ import annotations

import numpy as np

from blasr.decoding.search_graph import make_search_graph
from blasr.io.fst import Fst


def test_epsilon_arcs_come_first_and_have_no_column() -> None:
    """0 -1:7/0.5-> 1, 0 -2:8/0.25-> 2, 0 -eps/1-> 2, 1 -eps:0/0.125-> 2, 2 -2:0/0-> 2 (final)."""
    arcs = [(0, 1, 7, 0.5, 1), (0, 2, 8, 0.25, 2), (0, 0, 0, 1.0, 2), (1, 0, 0, 0.125, 2), (2, 2, 0, 0.0, 2)]
    sources, ilabels, olabels, weights, targets = zip(*arcs, strict=True)
    fst = Fst.from_arcs(0, [np.inf, np.inf, 0.0], sources, ilabels, olabels, weights, targets)
    graph = make_search_graph(fst, np.array([-1, 0, 1], np.int32))
    assert graph.states["begin"].tolist() == [0, 3, 4, 5] and graph.states["emitting"].tolist() == [1, 4, 4, 5]
    assert graph.arcs["pdf"].tolist() == [-1, 0, 1, -1, 1]
    assert graph.arcs["olabel"].tolist() == [0, 7, 8, 0, 0]
    assert graph.arcs["nextstate"].tolist() == [2, 1, 2, 2, 2]
    assert graph.arcs["weight"].tolist() == [1.0, 0.5, 0.25, 0.125, 0.0]
    assert graph.ilabel.tolist() == [0, 1, 2, 0, 2] and graph.final.tolist() == [np.inf, np.inf, 0.0]
