"""N-best lists against ``lattice-to-nbest`` and against all paths of drawn lattices."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from blasr.errors import DataError
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.compact_lattice_io import read_compact_lattices
from blasr.lattices.config import CostScales
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.nbest import best_paths, n_best, path_of_words
from tests.golden_system import GoldenSystem
from tests.lattices.compact_lattices import all_paths, compact_lattices, make_compact


def test_kaldis_ten_best(system: GoldenSystem) -> None:
    """``lattice-to-nbest --n=10 --acoustic-scale=0.1`` of our own determinized lattices: words and transition-ids in
    its order, graph and scaled acoustic costs to 2e-3 (it printed six digits)."""
    expected: dict[str, list[CompactLattice]] = {}
    path = system.folder / "connected" / "nbest10.txt.gz"
    for name, kaldi in read_compact_lattices(path):
        expected.setdefault(name.rpartition("-")[0], []).append(kaldi)
    assert expected.keys() == system.lattices.keys()
    for utterance, lattice in system.lattices.items():
        ours = determinize_lattice(lattice, transition_model=system.transition_model).lattice
        found = n_best(ours, 10, utterance=utterance)
        assert len(found) == len(expected[utterance])
        for path_, kaldi in zip(found, expected[utterance], strict=True):
            ((words, ((graph, acoustic, string),)),) = all_paths(kaldi).items()
            assert tuple(path_.words.tolist()) == words
            assert tuple(path_.transition_ids.tolist()) == string
            assert path_.graph_cost == pytest.approx(graph, abs=2e-3)
            assert 0.1 * path_.acoustic_cost == pytest.approx(0.1 * acoustic, abs=2e-2)


@given(lattice=compact_lattices())
@settings(deadline=None, max_examples=100)
def test_every_word_sequence_once_and_in_order(lattice: CompactLattice) -> None:
    scales = CostScales(acoustic_scale=0.5, word_insertion_penalty=0.25)
    every = {
        words: min(graph + 0.5 * acoustic + 0.25 * len(words) for graph, acoustic, _ in paths)
        for words, paths in all_paths(lattice).items()
    }
    found = list(best_paths(lattice, scales))
    costs = [path.graph_cost + 0.5 * path.acoustic_cost + 0.25 * len(path.words) for path in found]
    assert costs == pytest.approx(sorted(every.values()))
    for path, cost in zip(found, costs, strict=True):
        words = tuple(path.words.tolist())
        assert every.pop(words) == pytest.approx(cost)
        same = path_of_words(lattice, words, scales)
        assert same is not None
        assert same.graph_cost + 0.5 * same.acoustic_cost == pytest.approx(cost - 0.25 * len(words))
        assert len(path.transition_ids) == len(same.transition_ids)
    assert not every


def test_words_that_no_path_has() -> None:
    lattice = make_compact([(0, 1, 1, 0.5, 1.0, [1, 2]), (1, 2, 2, 0.5, 1.0, [3])], {2: 0.0}, 3)
    assert path_of_words(lattice, [2, 1]) is None
    found = path_of_words(lattice, [1, 2])
    assert found is not None
    assert (found.word_frames.tolist(), found.transition_ids.tolist()) == ([0, 2], [1, 2, 3])


def test_a_cycle_and_a_dead_end_are_refused() -> None:
    with pytest.raises(DataError, match="utterance u1: the lattice has a cycle"):
        n_best(make_compact([(0, 1, 1, 0.5, 1.0, [1]), (1, 0, 1, 0.5, 1.0, [1])], {1: 0.0}, 2), 1, utterance="u1")
    with pytest.raises(DataError, match="no path"):
        n_best(make_compact([(0, 1, 1, 0.5, 1.0, [1])], {}, 2), 1)
