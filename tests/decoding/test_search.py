"""The search of a whole utterance and the one frame by frame give the same lattice, and end where the graph does."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from blasr.decoding.config import DecoderConfig
from blasr.decoding.search import IncrementalSearch, search
from blasr.decoding.search_graph import make_search_graph
from blasr.io.fst import Fst
from blasr.lattices.lattice import Lattice
from tests.golden_system import GoldenSystem

DEAD_END = Fst.from_arcs(0, [np.inf, 0.0], [0], [1], [5], [0.5], [1])  # one frame, then no arc


def equal(one: Lattice, other: Lattice) -> bool:
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(Lattice))


@pytest.mark.parametrize("prune_interval", [1, 25])
def test_both_searches_give_the_same_lattice(system: GoldenSystem, prune_interval: int) -> None:
    beams = DecoderConfig(prune_interval=prune_interval).beams()
    graph = make_search_graph(system.graph, system.transition_model.tid_to_pdf)
    utterance, loglikes = next(iter(system.loglikes.items()))
    whole = search(graph, None, loglikes, beams)
    steps = IncrementalSearch(graph, None, beams, loglikes.shape[1])
    for begin in range(0, len(loglikes), 40):
        for _ in steps.append(loglikes[begin : begin + 40]):
            steps.prune_if_due()
            steps.advance()
    assert steps.num_frames == len(loglikes)
    assert equal(steps.finish(), whole)
    if prune_interval == 25:
        assert equal(whole, system.lattices[utterance])


def test_nothing_is_left_after_a_dead_end() -> None:
    graph = make_search_graph(DEAD_END, np.array([-1, 0], np.int32))
    beams = DecoderConfig().beams()
    assert search(graph, None, np.zeros((2, 1), np.float32), beams).num_states == 0
    steps = IncrementalSearch(graph, None, beams, 1)
    for _ in steps.append(np.zeros((2, 1), np.float32)):
        steps.advance()
    assert not steps.alive and steps.num_frames == 2
    assert steps.finish().num_states == 0
    assert search(graph, None, np.zeros((1, 1), np.float32), beams).best_path().words.tolist() == [5]
