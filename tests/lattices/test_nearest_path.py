"""The nearest path of a lattice against every path of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.lattices.nearest_path import NearestPath, nearest_path
from tests.lattices.state_lattices import Arc, lattice_of


def all_paths(arcs: list[Arc], end: int, state: int = 0) -> Iterator[tuple[list[int], float, float]]:
    if state == end:
        yield [], 0.5, 0.0
    for source, target, word, graph, acoustic in arcs:
        if source == state:
            for words, more_graph, more_acoustic in all_paths(arcs, end, target):
                yield [word] * (word > 0) + words, graph + more_graph, acoustic + more_acoustic


def distance(first: list[int], second: list[int]) -> int:
    row = list(range(len(second) + 1))
    for place, word in enumerate(first, start=1):
        above, row = row, [place]
        for column, other in enumerate(second, start=1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (word != other)))
    return row[-1]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_the_nearest_path(data: st.DataObject) -> None:
    states = data.draw(st.integers(2, 5))
    cost = st.integers(0, 8).map(lambda n: n / 4)
    chain = [(n, n + 1, data.draw(st.integers(0, 3)), data.draw(cost), data.draw(cost)) for n in range(states - 1)]
    pairs = st.tuples(st.integers(0, states - 2), st.integers(1, states - 1)).filter(lambda pair: pair[0] < pair[1])
    more = [(*data.draw(pairs), data.draw(st.integers(0, 3)), data.draw(cost), data.draw(cost)) for _ in range(4)]
    reference = data.draw(st.lists(st.integers(1, 3), max_size=4))
    arcs = [*chain, *more]
    found = nearest_path(lattice_of(arcs, states), reference, 0.5)
    assert found is not None
    every = [
        (distance(reference, words), graph + acoustic / 2) for words, graph, acoustic in all_paths(arcs, states - 1)
    ]
    assert (found.errors, found.graph_cost + found.acoustic_cost / 2) == pytest.approx(min(every))


def test_a_lattice_without_an_end_has_no_nearest_path() -> None:
    broken = lattice_of([(0, 1, 1, 0.0, 0.0)], 2)
    broken.final_graph_cost[:] = np.inf
    assert nearest_path(broken, [1], 0.1) is None
    assert nearest_path(lattice_of([(0, 1, 1, 1.0, 2.0)], 2), [1], 0.1) == NearestPath(0, 1.5, 2.0)
