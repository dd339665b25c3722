"""Streams against the offline search: the same lattices, and words that are committed early and never change."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.streaming import StreamingDecoder
from blasr.errors import DataError, MismatchError
from blasr.lattices.config import CostScales
from tests.decoding.test_lattice_decoder import TID_TO_PDF, make_graph
from tests.golden_system import GoldenSystem


@pytest.mark.parametrize("config", [DecoderConfig(), DecoderConfig(beam=10, min_active=20)])
def test_the_golden_strings_in_chunks(system: GoldenSystem, config: DecoderConfig) -> None:
    """Chunks of 1 to 60 frames give the offline lattice, bit for bit.

    Its words begin with the committed ones, and so do partial results. Stable words lag half a second of speech on
    average; in at least 19 of 20 cases the final words begin with them. With narrow beams most words are committed
    before the end; with the default beams so small a graph keeps all tokens active.
    """
    decoder = LatticeDecoder(system.graph, system.transition_model.tid_to_pdf, config)
    random = np.random.default_rng(7)
    lags: list[int] = []
    kept: list[bool] = []
    early, total = 0, 0
    for utterance in list(system.loglikes)[::6]:
        loglikes = system.loglikes[utterance]
        offline = decoder.decode(loglikes)
        words = tuple(offline.best_path(CostScales(acoustic_scale=0.1)).words.tolist())
        stream = StreamingDecoder(decoder, utterance=utterance)
        begin = 0
        committed: tuple[int, ...] = ()
        while begin < len(loglikes):
            end = begin + int(random.integers(1, 61))
            committed += stream.accept(loglikes[begin:end])
            begin = end
            assert committed == stream.committed == words[: len(committed)]
            assert stream.partial()[: len(committed)] == stream.stable[: len(committed)] == committed
            lags.append(stream.num_frames - stream.stable_frames)
            kept.append(stream.stable == words[: len(stream.stable)])
            assert stream.committed_frames <= stream.stable_frames
        early, total = early + len(committed), total + len(words)
        lattice = stream.finish()
        assert lattice.reached_final == offline.reached_final
        for name in ("offsets", "ilabel", "olabel", "nextstate", "graph_cost", "acoustic_cost", "final_graph_cost"):
            np.testing.assert_array_equal(getattr(lattice, name), getattr(offline, name))
    assert np.mean(lags) < 50
    assert np.mean(kept) >= 0.95
    assert early > total / 2 or config.min_active > 20


@pytest.mark.parametrize("prune_interval", [1, 4])
def test_random_graphs(prune_interval: int) -> None:
    """Words are committed before the end and are those of the offline search, at any interval of pruning."""
    random = np.random.default_rng(3)
    committed = 0
    for _ in range(20):
        arcs = [
            (source, int(random.integers(1, 5)), int(random.integers(0, 4)), int(target), float(random.uniform(0, 2)))
            for source in range(4)
            for target in random.integers(0, 4, 3)
        ]
        config = DecoderConfig(beam=8, lattice_beam=3, prune_interval=prune_interval, acoustic_scale=0.5)
        decoder = LatticeDecoder(make_graph(arcs, {0: 0.0, 3: 0.5}, 4), TID_TO_PDF, config)
        loglikes = random.normal(-5, 4, (40, 3)).astype(np.float32)
        stream = StreamingDecoder(decoder)
        for row in range(40):
            stream.accept(loglikes[row : row + 1])
        words = tuple(decoder.decode(loglikes).best_path(CostScales(acoustic_scale=0.5)).words.tolist())
        assert stream.committed == words[: len(stream.committed)]
        committed += len(stream.committed)
        assert tuple(stream.finish().best_path(CostScales(acoustic_scale=0.5)).words.tolist()) == words
    assert committed > 0


def test_a_dead_end_leaves_no_lattice() -> None:
    stream = StreamingDecoder(LatticeDecoder(make_graph([(0, 1, 1, 1, 0.5)], {1: 0.0}, 2), TID_TO_PDF))
    stream.accept(np.zeros((3, 3), np.float32))
    assert stream.partial() == ()
    assert stream.finish().num_states == 0


def test_what_cannot_be_searched_is_refused() -> None:
    stream = StreamingDecoder(LatticeDecoder(make_graph([(0, 1, 1, 0, 0.5)], {0: 0.0}, 1), TID_TO_PDF), utterance="u1")
    with pytest.raises(DataError, match="utterance u1: has no frames"):
        stream.finish()
    stream.accept(np.zeros((3, 3), np.float32))
    loglikes = np.zeros((5, 3), np.float32)
    loglikes[2, 1] = np.nan
    with pytest.raises(DataError, match="row 5"):
        stream.accept(loglikes)
    with pytest.raises(MismatchError, match="the model has 3 pdfs"):
        stream.accept(np.zeros((5, 1), np.float32))
