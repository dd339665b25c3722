"""What the lattice beam keeps: every arc of a lattice is on a path within the beam, and no such path is lost."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.decoding.config import DecoderConfig
from blasr.decoding.search import search
from blasr.decoding.search_graph import make_search_graph
from blasr.io.fst import Fst

WORDS = {1: 0.0, 2: 1.0, 3: 2.5, 4: 7.0}  # each a path of two frames with this cost


@pytest.fixture
def graph() -> Fst:
    arcs = [arc for word, cost in WORDS.items() for arc in ((0, 1, word, cost, word), (word, 1, 0, 0.0, 5))]
    sources, ilabels, olabels, weights, targets = zip(*sorted(arcs), strict=True)
    return Fst.from_arcs(0, [np.inf] * 5 + [0.0], sources, ilabels, olabels, weights, targets)


@pytest.mark.parametrize("prune_interval", [1, 25])
@pytest.mark.parametrize("lattice_beam", [0.5, 1.0, 3.0, 10.0])
def test_paths_within_the_beam_are_kept(graph: Fst, lattice_beam: float, prune_interval: int) -> None:
    config = DecoderConfig(lattice_beam=lattice_beam, prune_interval=prune_interval)
    loglikes = np.zeros((2, 1), np.float32)
    lattice = search(make_search_graph(graph, np.array([-1, 0], np.int32)), None, loglikes, config.beams())
    kept = {word for word, cost in WORDS.items() if cost <= lattice_beam}
    assert set(lattice.olabel[lattice.olabel > 0].tolist()) == kept
    assert lattice.num_states == len(kept) + 2 and lattice.num_arcs == 2 * len(kept)
