"""The best path so far, against the best path of the lattice of the same frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.streaming import StreamingDecoder
from blasr.io.fst import Fst
from blasr.lattices.config import CostScales
from blasr.units import FloatArray, IntArray
from tests.decoding.test_grammar_exchange import DIFFERENCE
from tests.decoding.test_lattice_decoder import TID_TO_PDF, Arc, make_graph
from tests.golden_system import GoldenSystem


def without_final_states(graph: Fst) -> Fst:
    """Every path may then end anywhere, as the best path so far may."""
    return replace(graph, final=np.full_like(graph.final, np.inf))


def compare(decoder: LatticeDecoder, loglikes: FloatArray, cuts: IntArray) -> int:
    """Compare the best paths after each cut; return how many words the last one has."""
    stream = StreamingDecoder(decoder)
    scales = CostScales(acoustic_scale=decoder.config.acoustic_scale)
    begin = 0
    for end in cuts.tolist():
        stream.accept(loglikes[begin:end])
        begin = end
        found, expected = stream.best_path(), decoder.decode(loglikes[:end]).best_path(scales)
        assert found is not None
        for name in ("words", "word_frames", "transition_ids"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert found.graph_cost == pytest.approx(expected.graph_cost, rel=1e-5, abs=1e-4)
        assert found.acoustic_cost == pytest.approx(expected.acoustic_cost, rel=1e-5, abs=1e-3)
        assert stream.partial() == tuple(expected.words.tolist())
    return len(stream.partial())


@pytest.mark.parametrize("exchanged", [False, True])
def test_random_graphs(exchanged: bool) -> None:
    """After every frame, with epsilon arcs and pruning every third frame."""
    random = np.random.default_rng(8)
    words = 0
    for _ in range(15):
        arcs: list[Arc] = [
            (source, int(random.integers(1, 5)), int(random.integers(0, 3)), int(target), float(random.uniform(0, 2)))
            for source in range(5)
            for target in random.integers(0, 5, 3)
        ]
        arcs += [(source, 0, source % 3, source + 1, float(random.uniform(0, 2))) for source in range(4)]
        graph = make_graph(arcs, {}, 5)
        config = DecoderConfig(beam=8, lattice_beam=3, min_active=0, prune_interval=3, acoustic_scale=0.5)
        difference = DIFFERENCE if exchanged else None
        decoder = LatticeDecoder(graph, TID_TO_PDF, config, difference, look_ahead=False)
        words += compare(decoder, random.normal(-5, 4, (40, 3)).astype(np.float32), np.arange(1, 41, dtype=np.int32))
    assert words > 100


def test_the_golden_strings(system: GoldenSystem) -> None:
    """In chunks of 1 to 60 frames."""
    decoder = LatticeDecoder(without_final_states(system.graph), system.transition_model.tid_to_pdf)
    random = np.random.default_rng(4)
    for loglikes in list(system.loglikes.values())[::9]:
        cuts = np.unique(np.append(np.cumsum(random.integers(1, 61, 100)), len(loglikes))).astype(np.int32)
        assert compare(decoder, loglikes, cuts[cuts <= len(loglikes)]) > 0
