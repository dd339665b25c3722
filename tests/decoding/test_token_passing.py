"""Token passing over a small graph by hand."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.decoding.config import DecoderConfig
from blasr.decoding.search_graph import SearchGraph, make_search_graph
from blasr.decoding.token_passing import advance, start_tokens
from blasr.decoding.token_store import Trellis, first_tokens, new_frames
from blasr.io.fst import Fst

TID_TO_PDF = np.array([-1, 0, 1], np.int32)


@pytest.fixture
def graph() -> SearchGraph:
    """0 -1:7/0.5-> 1, 0 -2:8/0.25-> 2, 0 -eps/1-> 2, 1 -eps:0/0.125-> 2, 2 -2:0/0-> 2 (final)."""
    arcs = [(0, 1, 7, 0.5, 1), (0, 2, 8, 0.25, 2), (0, 0, 0, 1.0, 2), (1, 0, 0, 0.125, 2), (2, 2, 0, 0.0, 2)]
    sources, ilabels, olabels, weights, targets = zip(*arcs, strict=True)
    return make_search_graph(
        Fst.from_arcs(0, [np.inf, np.inf, 0.0], sources, ilabels, olabels, weights, targets), TID_TO_PDF
    )


def costs(trellis: Trellis, frame: int) -> dict[int, float]:
    """The cost of every state's token after so many frames."""
    begin, end = trellis.frames.tokens[frame : frame + 2]
    tokens = trellis.store.tokens[begin:end]
    return dict(zip(tokens["state"].tolist(), tokens["cost"].tolist(), strict=True))


def test_costs_by_hand(graph: SearchGraph) -> None:
    beams = DecoderConfig(acoustic_scale=0.5).beams()
    trellis = start_tokens(graph, None, first_tokens(None), new_frames(2), beams.beam)
    assert costs(trellis, 0) == {0: 0.0, 2: 1.0}
    loglikes = np.array([[-2.0, -4.0], [-8.0, -1.0]], np.float32)
    trellis = advance(graph, None, trellis, 0, loglikes, beams)
    # State 1: 0.5 + 0.5 * 2. State 2: 0.25 + 2 from 0, 1 + 2 from 2, or 1.5 + 0.125 by the epsilon arc.
    assert costs(trellis, 1) == {1: 1.5, 2: 1.625}
    trellis = advance(graph, None, trellis, 1, loglikes, beams)
    assert costs(trellis, 2) == {2: 2.125}


def test_a_narrow_beam_leaves_the_best_token(graph: SearchGraph) -> None:
    beams = DecoderConfig(beam=0.1, min_active=0, acoustic_scale=0.5).beams()
    trellis = start_tokens(graph, None, first_tokens(None), new_frames(1), beams.beam)
    assert costs(trellis, 0) == {0: 0.0}
    trellis = advance(graph, None, trellis, 0, np.array([[-2.0, -8.0]], np.float32), beams)
    assert costs(trellis, 1) == {1: 1.5}
