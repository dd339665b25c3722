"""The lattice search against Kaldi's on the golden strings, and against exhaustive search on small random graphs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.viterbi import force_align
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.io.fst import Fst
from blasr.lattices.config import CostScales
from blasr.units import FloatArray
from tests.golden_system import GoldenSystem

TID_TO_PDF = np.array([-1, 0, 1, 2, 0], np.int32)
Arc = tuple[int, int, int, int, float]  # source, ilabel, olabel, target, weight


def make_graph(arcs: list[Arc], final: dict[int, float], num_states: int) -> Fst:
    source, ilabel, olabel, target, weight = zip(*arcs, strict=True) if arcs else ((), (), (), (), ())
    finals = [final.get(state, np.inf) for state in range(num_states)]
    return Fst.from_arcs(0, finals, source, ilabel, olabel, weight, target)


def test_costs_equal_kaldis(system: GoldenSystem) -> None:
    """All 36 strings reach a final state at the log-likelihood per frame of latgen-faster-mapped, to 1e-4;
    it printed six digits."""
    assert len(system.lattices) == 36
    for utterance, lattice in system.lattices.items():
        path = lattice.best_path(CostScales(acoustic_scale=0.1))
        assert lattice.reached_final
        assert lattice.num_frames == len(path.transition_ids) == len(system.loglikes[utterance])
        per_frame = -(path.graph_cost + 0.1 * path.acoustic_cost) / lattice.num_frames
        assert per_frame == pytest.approx(system.log_likelihoods_per_frame[utterance], abs=1e-4)


@pytest.mark.parametrize("penalty", [0, 2])
def test_words_equal_kaldis_at_the_scale_of_the_search(system: GoldenSystem, penalty: int) -> None:
    expected = system.text(f"best_path_lmwt10_wip{penalty}.txt")
    for utterance, lattice in system.lattices.items():
        path = lattice.best_path(CostScales(acoustic_scale=1 / 10, word_insertion_penalty=penalty))
        assert [system.words.symbol_of(word) for word in path.words.tolist()] == expected[utterance]


@pytest.mark.parametrize("config", [DecoderConfig(beam=8, min_active=20), DecoderConfig(max_active=40, min_active=20)])
def test_narrow_beams_cost_more_and_never_less(system: GoldenSystem, config: DecoderConfig) -> None:
    decoder = LatticeDecoder(system.graph, system.transition_model.tid_to_pdf, config)
    for utterance in list(system.loglikes)[:6]:
        narrow = decoder.decode(system.loglikes[utterance])
        assert narrow.num_arcs < system.lattices[utterance].num_arcs
        costs = []
        for lattice in (narrow, system.lattices[utterance]):
            path = lattice.best_path()
            costs.append(path.graph_cost + 0.1 * path.acoustic_cost)
        assert costs[0] >= costs[1] - 1e-3


def test_columns_are_found_by_transition_id(system: GoldenSystem) -> None:
    """A best path's acoustic cost is the sum over its transition-ids' columns of the matrix."""
    utterance, lattice = next(iter(system.lattices.items()))
    path = lattice.best_path()
    columns = system.transition_model.pdf_ids(path.transition_ids)
    total = system.loglikes[utterance][np.arange(len(columns)), columns].sum(dtype=np.float64)
    assert path.acoustic_cost == pytest.approx(-total, rel=1e-6)


@st.composite
def graphs(draw: st.DrawFn) -> Fst:
    """Small graphs whose epsilon arcs lead upward, as they may not form a cycle."""
    num_states = draw(st.integers(2, 5))
    weights = st.floats(-1, 4, width=32)
    arcs: list[Arc] = []
    for _ in range(draw(st.integers(1, 12))):
        source, ilabel = draw(st.integers(0, num_states - 1)), draw(st.integers(0, 4))
        if ilabel == 0 and source == num_states - 1:
            continue
        target = draw(st.integers(source + 1 if ilabel == 0 else 0, num_states - 1))
        arcs.append((source, ilabel, draw(st.integers(0, 2)), target, draw(weights)))
    final = draw(st.dictionaries(st.integers(0, num_states - 1), st.floats(0, 3, width=32), max_size=2))
    return make_graph(arcs, final, num_states)


@given(graph=graphs(), num_frames=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=200)
def test_open_beams_find_the_best_path_of_all(graph: Fst, num_frames: int, seed: int) -> None:
    """force_align with an open beam is compared with exhaustive search in test_viterbi."""
    loglikes = np.random.default_rng(seed).normal(-5, 4, (num_frames, 3)).astype(np.float32)
    config = DecoderConfig(beam=np.inf, lattice_beam=4.0, max_active=10**6, acoustic_scale=0.7, prune_interval=2)
    lattice = LatticeDecoder(graph, TID_TO_PDF, config).decode(loglikes)
    aligned = force_align(graph, loglikes, TID_TO_PDF, acoustic_scale=0.7, beam=np.inf)
    if aligned is None:
        assert not lattice.reached_final
        return
    assert lattice.reached_final
    path = lattice.best_path(CostScales(acoustic_scale=0.7))
    assert path.graph_cost + 0.7 * path.acoustic_cost == pytest.approx(aligned.cost, abs=1e-4)
    assert_within_beam(graph, loglikes, lattice_beam=4.0)


def every_path(graph: Fst, loglikes: FloatArray) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """The lowest cost of every pair of transition-ids and words, by walking all complete paths."""
    costs: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
    walks: list[tuple[int, int, float, tuple[int, ...], tuple[int, ...]]] = [(graph.start, 0, 0.0, (), ())]
    while walks:
        state, frame, cost, tids, words = walks.pop()
        if frame == len(loglikes) and np.isfinite(graph.final[state]):
            total = cost + float(graph.final[state])
            costs[tids, words] = min(total, costs.get((tids, words), np.inf))
        for arc in range(graph.offsets[state], graph.offsets[state + 1]):
            label, word = int(graph.ilabel[arc]), int(graph.olabel[arc])
            new = cost + float(graph.weight[arc])
            said = (*words, word) if word else words
            if label == 0:
                walks.append((int(graph.nextstate[arc]), frame, new, tids, said))
            elif frame < len(loglikes):
                new -= 0.7 * float(loglikes[frame, TID_TO_PDF[label]])
                walks.append((int(graph.nextstate[arc]), frame + 1, new, (*tids, label), said))
    return costs


def assert_within_beam(graph: Fst, loglikes: FloatArray, lattice_beam: float) -> None:
    """The lattice of an open search holds every path within the lattice beam, at its cost."""
    if len(loglikes) > 3:
        return
    config = DecoderConfig(beam=np.inf, lattice_beam=lattice_beam, max_active=10**6, acoustic_scale=0.7)
    lattice = LatticeDecoder(graph, TID_TO_PDF, config).decode(loglikes)
    expected = every_path(graph, loglikes)
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
    walks: list[tuple[int, float, tuple[int, ...], tuple[int, ...]]] = [(0, 0.0, (), ())]
    while walks:
        state, cost, tids, words = walks.pop()
        if np.isfinite(lattice.final_graph_cost[state]):
            total = cost + float(lattice.final_graph_cost[state])
            found[tids, words] = min(total, found.get((tids, words), np.inf))
        for arc in range(lattice.offsets[state], lattice.offsets[state + 1]):
            label, word = int(lattice.ilabel[arc]), int(lattice.olabel[arc])
            new = cost + float(lattice.graph_cost[arc]) + 0.7 * float(lattice.acoustic_cost[arc])
            said = (*words, word) if word else words
            walks.append((int(lattice.nextstate[arc]), new, (*tids, label) if label else tids, said))
    best = min(expected.values())
    for key, cost in expected.items():
        if cost < best + lattice_beam - 1e-3:
            assert found[key] == pytest.approx(cost, abs=1e-4)
    for key, cost in found.items():
        assert cost >= expected[key] - 1e-4


def test_a_search_that_ends_nowhere_final_is_flagged() -> None:
    graph = make_graph([(0, 1, 1, 1, 0.5), (1, 2, 0, 1, 0.25)], {0: 0.0}, 2)
    lattice = LatticeDecoder(graph, TID_TO_PDF).decode(np.zeros((3, 3), np.float32))
    assert not lattice.reached_final
    path = lattice.best_path()
    assert path.transition_ids.tolist() == [1, 2, 2]
    assert (path.words.tolist(), path.graph_cost) == ([1], 1.0)


def test_a_dead_end_leaves_no_lattice() -> None:
    graph = make_graph([(0, 1, 1, 1, 0.5)], {1: 0.0}, 2)
    lattice = LatticeDecoder(graph, TID_TO_PDF).decode(np.zeros((3, 3), np.float32))
    assert (lattice.num_states, lattice.num_arcs, lattice.reached_final) == (0, 0, False)
    with pytest.raises(DataError, match="no path"):
        lattice.best_path()


def test_values_that_are_not_finite_are_refused() -> None:
    graph = make_graph([(0, 1, 1, 0, 0.5)], {0: 0.0}, 1)
    loglikes = np.zeros((5, 3), np.float32)
    loglikes[3, 1] = -np.inf
    with pytest.raises(DataError, match=r"utterance u1: row 3 .* not finite"):
        LatticeDecoder(graph, TID_TO_PDF).decode(loglikes, utterance="u1")


def test_other_columns_than_pdfs_are_refused() -> None:
    graph = make_graph([(0, 1, 1, 0, 0.5)], {0: 0.0}, 1)
    with pytest.raises(MismatchError, match=r"shape \(5, 1\), the model has 3 pdfs"):
        LatticeDecoder(graph, TID_TO_PDF).decode(np.zeros((5, 1), np.float32))
    with pytest.raises(DataError, match="no frames"):
        LatticeDecoder(graph, TID_TO_PDF).decode(np.zeros((0, 3), np.float32))


def test_a_graph_of_another_model_is_refused() -> None:
    graph = make_graph([(0, 5, 1, 0, 0.5)], {0: 0.0}, 1)
    with pytest.raises(MismatchError, match="largest transition-id is 5, the model has 4"):
        LatticeDecoder(graph, TID_TO_PDF)


def test_a_cycle_of_epsilon_arcs_is_refused() -> None:
    graph = make_graph([(0, 0, 1, 1, 0.5), (1, 0, 0, 0, 0.5), (1, 1, 0, 1, 0.0)], {1: 0.0}, 2)
    with pytest.raises(DataError, match="cycle"):
        LatticeDecoder(graph, TID_TO_PDF)


@pytest.mark.parametrize(
    "settings_",
    [{"beam": 0.0}, {"lattice_beam": -1.0}, {"acoustic_scale": np.inf}, {"max_active": 100}, {"prune_interval": 0}],
)
def test_impossible_settings_are_refused(settings_: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        DecoderConfig(**settings_)  # type: ignore[arg-type]
