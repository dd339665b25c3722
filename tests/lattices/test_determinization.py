"""Determinized lattices against Kaldi's, and against all paths of small random lattices."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.lattices.assembly import ARC, assemble
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.compact_lattice_io import read_compact_lattices
from blasr.lattices.config import CostScales, DeterminizationConfig, PathWeights
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice import Lattice
from blasr.lattices.sweep import sweep
from tests.golden_system import GoldenSystem
from tests.lattices.compact_lattices import all_paths


@pytest.mark.parametrize("by_phones", [True, False])
def test_kaldis_lattices(system: GoldenSystem, by_phones: bool) -> None:
    """All paths of ``latgen-faster-mapped``'s lattices: the same words with the same transition-ids, graph costs and
    scaled acoustic costs to 1e-3. A path at the very edge of the beam may be in one of them only."""
    kaldi = dict(read_compact_lattices(system.folder / "connected" / "lat.ark"))
    model = system.transition_model if by_phones else None
    for utterance, lattice in system.lattices.items():
        ours, effective_beam = determinize_lattice(lattice, transition_model=model)
        assert effective_beam == 6.0
        expected, found = all_paths(kaldi[utterance]), all_paths(ours)
        assert by_phones is False or len(found) == len(expected)
        for words in expected.keys() & found.keys():
            ((graph, acoustic, string),), ((their_graph, their_acoustic, their_string),) = found[words], expected[words]
            assert graph == pytest.approx(their_graph, abs=1e-3)
            assert 0.1 * acoustic == pytest.approx(0.1 * their_acoustic, abs=1e-3)
            assert string == their_string
        best = min(graph + 0.1 * acoustic for ((graph, acoustic, _),) in expected.values())
        for words in expected.keys() ^ found.keys():
            ((graph, acoustic, _),) = {**expected, **found}[words]
            assert graph + 0.1 * acoustic > best + 6.0 - 1e-3


def test_kaldis_best_paths_and_error_rates_at_other_weights(system: GoldenSystem) -> None:
    """At LM weight 20, twice that of the search, raw lattices have other best paths; these are Kaldi's."""
    lattices = {
        utterance: determinize_lattice(lattice, transition_model=system.transition_model).lattice.to_lattice()
        for utterance, lattice in system.lattices.items()
    }
    for weight in (10, 20):
        for penalty in (0, 2):
            expected = system.text(f"best_path_lmwt{weight}_wip{penalty}.txt")
            for utterance, lattice in lattices.items():
                path = lattice.best_path(CostScales(1.0, 1 / weight, penalty))
                assert [system.words.symbol_of(word) for word in path.words.tolist()] == expected[utterance]
    grid = [PathWeights(weight, penalty) for weight in (10, 20) for penalty in (0, 2)]
    for setting, score in sweep(lattices.items(), system.words, system.text("text"), grid).items():
        name = f"wer_lmwt{setting.lm_weight:g}_wip{setting.word_insertion_penalty:g}"
        assert score.kaldi_report() == (Path(system.folder) / "connected" / name).read_text(encoding="utf-8")


@st.composite
def lattices(draw: st.DrawFn) -> Lattice:
    """Small lattices of three frames with words 0 to 2 anywhere; state 0 is the start, the last states are final."""
    levels = [[0]]
    for _ in range(draw(st.integers(1, 3))):
        levels.append(list(range(levels[-1][-1] + 1, levels[-1][-1] + 1 + draw(st.integers(1, 3)))))
    costs = st.integers(-8, 24).map(lambda value: value / 8)
    sources, arcs = [], []
    for before, after in pairwise(levels):
        for _ in range(draw(st.integers(1, 8))):
            sources.append(draw(st.sampled_from(before)))
            word, target = draw(st.integers(0, 2)), draw(st.sampled_from(after))
            arcs.append((draw(st.integers(1, 4)), word, draw(costs), draw(costs), target))
    final = np.full(levels[-1][-1] + 1, np.inf, np.float32)
    final[levels[-1]] = [draw(costs) for _ in levels[-1]]
    acoustic = np.where(np.isfinite(final), 0, np.inf).astype(np.float32)
    return assemble(0, np.array(sources), np.array(arcs, ARC), final, acoustic)


@given(lattice=lattices(), beam=st.sampled_from([0.5, 2.0, np.inf]))
@settings(deadline=None, max_examples=120)
def test_the_best_path_of_every_word_sequence_within_the_beam(lattice: Lattice, beam: float) -> None:
    config = DeterminizationConfig(beam=beam, acoustic_scale=0.5)
    ours, _ = determinize_lattice(lattice, config)
    every, found = all_paths(CompactLattice.from_lattice(lattice)), all_paths(ours)
    cheapest = {words: min(path[0] + 0.5 * path[1] for path in paths) for words, paths in every.items()}
    best = min(cheapest.values(), default=0.0)
    assert {words for words, cost in cheapest.items() if cost < best + beam - 1e-2} <= found.keys() <= every.keys()
    for words, paths in found.items():
        assert len(paths) == 1
        graph, acoustic, string = paths[0]
        assert graph + 0.5 * acoustic == pytest.approx(cheapest[words], abs=1e-2)
        assert any(path == pytest.approx((graph, acoustic)) for *path, ids in every[words] if ids == string)
    for state in range(ours.num_states):
        labels = ours.words[ours.offsets[state] : ours.offsets[state + 1]].tolist()
        assert len(set(labels)) == len(labels) and 0 not in labels
        assert (ours.nextstate[ours.offsets[state] : ours.offsets[state + 1]] > state).all()


def test_the_beam_is_narrower_when_memory_runs_out(system: GoldenSystem) -> None:
    lattice = system.lattices["george-conn00"]
    some, beam = determinize_lattice(lattice, DeterminizationConfig(max_memory=40_000))
    assert 0 <= beam < 6.0
    assert some.num_arcs < determinize_lattice(lattice).lattice.num_arcs


def flat_lattice(frames: int, spread: float) -> Lattice:
    """Three states for each frame, all connected by random words or none, with costs between 0 and ``spread``."""
    rng = np.random.default_rng(0)
    sources = np.concatenate([[0], *(np.repeat(np.arange(3) + 1 + 3 * frame, 9) for frame in range(frames))])
    count = len(sources)
    arcs = np.zeros(count, ARC)
    targets = [np.tile(np.arange(3) + 4 + 3 * frame, 9) for frame in range(frames)]
    columns = (
        rng.integers(1, 9, count),
        rng.integers(0, 5, count),
        rng.uniform(0, spread, count),
        rng.uniform(0, spread, count),
        np.concatenate([[1], *targets]),
    )
    for name, column in zip(arcs.dtype.names or (), columns, strict=True):
        arcs[name] = column
    final = np.full(3 * frames + 4, np.inf, np.float32)
    final[-3:] = 0
    return assemble(0, sources, arcs, final, final)


@pytest.mark.parametrize("max_memory", [1, 100_000, 1_000_000])
@pytest.mark.parametrize("spread", [1.0, 0.0])
def test_a_flat_lattice_is_pruned_until_it_fits(max_memory: int, spread: float) -> None:
    """Kaldi's way out: the best path stays, and the beam that was reached is returned."""
    lattice = flat_lattice(30, spread)
    ours, beam = determinize_lattice(lattice, DeterminizationConfig(max_memory=max_memory))
    assert 0 <= beam < 6.0
    scales = CostScales(acoustic_scale=0.1)
    path, best = ours.to_lattice().best_path(scales), lattice.best_path(scales)
    assert scales.cost(path.graph_cost, path.acoustic_cost) == pytest.approx(
        scales.cost(best.graph_cost, best.acoustic_cost), abs=1e-3
    )
    if spread:
        assert path.words.tolist() == best.words.tolist()


def test_pruning_reaches_a_wider_beam_than_stopping() -> None:
    """An infinite beam is not narrowed, so its effective beam is what the memory allows without pruning."""
    lattice = flat_lattice(30, 1.0)
    _, stopped = determinize_lattice(lattice, DeterminizationConfig(np.inf, max_memory=1_000_000))
    _, pruned = determinize_lattice(lattice, DeterminizationConfig(max_memory=1_000_000))
    assert stopped < pruned < 6.0


def test_a_determinized_lattice_stays_as_it_is(golden: Path) -> None:
    for _, lattice in read_compact_lattices(golden / "fsdd_tri1" / "connected" / "lat.ark"):
        again, _ = determinize_lattice(lattice, DeterminizationConfig(beam=100.0))
        assert all_paths(again).keys() == all_paths(lattice).keys()
        assert (again.num_states, again.num_arcs) == (lattice.num_states, lattice.num_arcs)


def test_lattices_without_paths_stay_empty() -> None:
    arcs = np.array([(1, 1, 0.5, 2.0, 1)], ARC)
    nowhere = np.full(2, np.inf, np.float32)
    lattice = assemble(0, np.array([0]), arcs, nowhere, nowhere)
    assert determinize_lattice(lattice).lattice.num_states == 0
    assert determinize_lattice(determinize_lattice(lattice).lattice).lattice.start == -1
