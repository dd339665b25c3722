"""The arrays of a lattice from the tokens of a search: sorted along epsilon arcs too, with unscaled acoustic costs."""

from __future__ import annotations

import numpy as np

from blasr.decoding.config import DecoderConfig
from blasr.decoding.search import search
from blasr.decoding.search_graph import make_search_graph
from blasr.io.fst import Fst


def test_tokens_of_a_frame_are_sorted_along_epsilon_arcs() -> None:
    """After the frame the path visits the states 3, 2 and 1, in this order, over epsilon arcs."""
    arcs = [(0, 1, 0, 0.0, 3), (3, 0, 6, 0.25, 2), (2, 0, 7, 0.5, 1)]
    sources, ilabels, olabels, weights, targets = zip(*arcs, strict=True)
    fst = Fst.from_arcs(0, [np.inf, 0.125, np.inf, np.inf], sources, ilabels, olabels, weights, targets)
    graph = make_search_graph(fst, np.array([-1, 0], np.int32))
    lattice = search(graph, None, np.array([[-3.0]], np.float32), DecoderConfig(acoustic_scale=0.5).beams())
    assert lattice.nextstate.tolist() == [1, 2, 3]
    assert lattice.ilabel.tolist() == [1, 0, 0] and lattice.olabel.tolist() == [0, 6, 7]
    assert lattice.graph_cost.tolist() == [0.0, 0.25, 0.5]
    assert lattice.acoustic_cost.tolist() == [3.0, 0.0, 0.0]
    assert lattice.state_times.tolist() == [0, 1, 1, 1]
    assert lattice.final_graph_cost.tolist() == [np.inf, np.inf, np.inf, 0.125]
    assert lattice.reached_final
