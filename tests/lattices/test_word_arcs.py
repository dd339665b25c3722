"""Sums and lowest costs over the arcs of compact lattices against all paths, one by one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from blasr.errors import DataError
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.word_arcs import WordArcs, state_order
from tests.lattices.compact_lattices import all_paths, compact_lattices, make_compact

SCALES = CostScales(lm_scale=0.75, acoustic_scale=0.5)


@given(lattice=compact_lattices())
@settings(deadline=None, max_examples=60)
def test_sums_and_lowest_costs_are_those_of_all_paths(lattice: CompactLattice) -> None:
    arcs = WordArcs.of(lattice, SCALES)
    costs = [SCALES.cost(graph, acoustic) for group in all_paths(lattice).values() for graph, acoustic, _ in group]
    assert math.exp(arcs.forward_logs()[arcs.end]) == pytest.approx(sum(math.exp(-cost) for cost in costs))
    assert arcs.backward_costs()[arcs.start] == pytest.approx(min(costs))
    assert {len(string) for group in all_paths(lattice).values() for *_, string in group} == {arcs.times[arcs.end]}


def test_only_arcs_on_a_path_to_an_end_are_kept() -> None:
    lattice = make_compact([(0, 1, 1, 1.0, 0.0, [1]), (0, 2, 2, 0.0, 0.0, [2])], {1: 0.0}, 3)
    arcs = WordArcs.of(lattice, CostScales(word_insertion_penalty=0.5))
    assert [(arc.index, arc.source, arc.target, arc.word) for arc in arcs.arcs] == [(0, 0, 1, 1), (-1, 1, 3, 0)]
    assert [arc.cost for arc in arcs.arcs] == [1.5, 0.0]
    assert [[arc.index for arc in group] for group in arcs.leaving()] == [[0], [-1], [], []]


def test_a_cycle_and_a_lattice_without_a_path_are_refused() -> None:
    cycle = make_compact([(0, 1, 1, 0.0, 0.0, [1]), (1, 0, 2, 0.0, 0.0, [2])], {1: 0.0}, 2)
    with pytest.raises(DataError, match="utterance u1: the lattice has a cycle"):
        state_order(cycle, "u1")
    with pytest.raises(DataError, match="no path to a final state"):
        WordArcs.of(make_compact([(0, 1, 1, 0.0, 0.0, [1])], {}, 2))
