"""Posteriors of arcs against sums over all paths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.posteriors import arc_posteriors, log_add
from tests.lattices.compact_lattices import all_paths, compact_lattices, make_compact


@given(lattice=compact_lattices())
@settings(deadline=None, max_examples=60)
def test_they_are_shares_of_all_paths(lattice: CompactLattice) -> None:
    arcs, ends, log_total = arc_posteriors(lattice, CostScales(acoustic_scale=0.5))
    paths = [path for group in all_paths(lattice).values() for path in group]
    assert math.exp(log_total) == pytest.approx(sum(math.exp(-graph - 0.5 * acoustic) for graph, acoustic, _ in paths))
    assert ends.sum() == pytest.approx(1)
    leaving = lattice.offsets[lattice.start], lattice.offsets[lattice.start + 1]
    assert arcs[leaving[0] : leaving[1]].sum() + ends[lattice.start] == pytest.approx(1)
    for state in range(1, lattice.num_states):
        entering = arcs[lattice.nextstate == state].sum()
        assert entering == pytest.approx(arcs[lattice.offsets[state] : lattice.offsets[state + 1]].sum() + ends[state])


def test_two_paths_share_as_their_costs_say() -> None:
    lattice = make_compact([(0, 1, 1, math.log(4), 0.0, [1]), (0, 1, 2, 0.0, math.log(4 / 3), [2])], {1: 0.0}, 2)
    np.testing.assert_allclose(arc_posteriors(lattice, CostScales(acoustic_scale=1.0)).arcs, [0.25, 0.75], rtol=1e-6)


def test_sums_of_logarithms() -> None:
    assert log_add(-math.inf, -math.inf) == -math.inf
    assert log_add(math.log(3), math.log(1)) == pytest.approx(math.log(4))
