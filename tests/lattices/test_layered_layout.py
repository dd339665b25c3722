"""The layout of layered graphs: order, distances, straight lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.lattices.layered_layout import LayeredGraph, apart


def test_crossings_are_removed() -> None:
    graph = LayeredGraph([["a", "b"], ["c", "d"]], [("a", "d"), ("b", "c")], dict.fromkeys("abcd", 1.0))
    assert graph.crossings() == 1
    graph.order()
    assert graph.crossings() == 0


def test_edges_to_one_node_do_not_cross() -> None:
    graph = LayeredGraph([["a", "b"], ["c"]], [("a", "c"), ("b", "c")], dict.fromkeys("abc", 1.0))
    assert graph.crossings() == 0


def test_the_straight_line_is_straight_and_others_keep_their_distance() -> None:
    layers = [["s"], ["x", "a", "y"], ["t"]]
    edges = [("s", name) for name in "xay"] + [(name, "t") for name in "xay"]
    heights = {"s": 2.0, "x": 4.0, "a": 1.0, "y": 3.0, "t": 2.0}
    graph = LayeredGraph(layers, edges, heights, frozenset("sat"))
    found = graph.positions(gap=1.0)
    assert [found[name] for name in "sat"] == pytest.approx([0, 0, 0], abs=0.01)
    assert found["a"] - found["x"] >= 3.5 - 1e-6 and found["y"] - found["a"] >= 3.0 - 1e-6


def test_places_are_the_nearest_ones() -> None:
    assert apart([5.0, 1.0], [0.0, 2.0], [1.0, 1.0]) == pytest.approx([2.0, 4.0])
    assert apart([5.0, 1.0], [0.0, 2.0], [1000.0, 1.0]) == pytest.approx([5.0, 7.0], abs=0.01)
    assert apart([0.0, 9.0], [0.0, 2.0], [1.0, 1.0]) == [0.0, 9.0]


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 9), st.floats(0.5, 5)), min_size=1, max_size=12))
def test_neighbors_are_always_apart(rows: list[tuple[float, float, float]]) -> None:
    offsets = [0.0]
    for _, step, _ in rows[1:]:
        offsets.append(offsets[-1] + step)
    found = apart([row[0] for row in rows], offsets, [row[2] for row in rows])
    for (one, other), (before, after) in zip(pairwise(found), pairwise(offsets), strict=True):
        assert other - one >= after - before - 1e-6
