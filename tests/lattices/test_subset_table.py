"""Strings as nodes of a tree, and subsets that are equal up to costs and strings they have in common."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.lattices.subset_table import (
    ELEMENT,
    SUBSET,
    Tree,
    extend,
    find,
    is_better,
    new_pool,
    new_tree,
    normalize,
    room_for_nodes,
)
from blasr.units import AnyArray


def string_of(tree: Tree, node: int) -> list[int]:
    labels: list[int] = []
    while node:
        labels.append(int(tree.nodes[node]["label"]))
        node = int(tree.nodes[node]["parent"])
    return labels[::-1]


def tree_with(*strings: list[int]) -> tuple[Tree, list[int]]:
    tree = room_for_nodes(new_tree(10, 20), 10_000)
    return tree, [extend(tree, 0, np.array(string, np.int32)) for string in strings]


def test_a_string_has_one_node() -> None:
    tree, (one, two, again) = tree_with([3, 4, 5], [3, 4], [3, 4, 5])
    assert one == again and string_of(tree, one) == [3, 4, 5] and string_of(tree, two) == [3, 4]
    assert extend(tree, two, np.array([5], np.int32)) == one
    assert int(tree.used[0]) == 4  # with the root


def elements_of(*rows: tuple[float, float, int, int]) -> AnyArray:
    return np.array(list(rows), ELEMENT)


def test_normalizing_subtracts_the_best_costs_and_finds_the_base() -> None:
    tree, (one, two) = tree_with([3, 4, 5], [3, 4, 6])
    elements = elements_of((2.0, 1.0, 7, one), (1.0, 0.5, 8, two))
    graph, acoustic, base, _ = normalize(tree, elements, 0, 2)
    assert (graph, acoustic) == (1.0, 0.5) and string_of(tree, base) == [3, 4]
    assert elements["graph"].tolist() == [1.0, 0.0] and elements["acoustic"].tolist() == [0.5, 0.0]


@pytest.mark.parametrize(
    ("string", "cost", "is_found"), [([9, 5], 0.0, True), ([9, 5], 0.5, False), ([9, 6], 0.0, False)]
)
def test_a_subset_equals_another_below_their_bases(string: list[int], cost: float, is_found: bool) -> None:
    """The first subset has the strings 3 5 and 3, the second ``string`` and 9: only 5 (or 6) is below the base."""
    tree, nodes = tree_with([3, 5], [3], string, [9])
    pool = new_pool()
    pool.elements[:4] = elements_of(
        (0.0, 0.0, 1, nodes[0]), (1.0, 0.0, 2, nodes[1]), (0.0, 0.0, 1, nodes[2]), (1.0 + cost, 0.0, 2, nodes[3])
    )
    stored = normalize(tree, pool.elements, 0, 2)
    wanted = normalize(tree, pool.elements, 2, 4)
    pool.subsets[0] = np.zeros(1, SUBSET)[0]
    entry = pool.subsets[0]
    entry["hash"], entry["begin"], entry["end"], entry["base"], entry["next"] = stored.hash, 0, 2, stored.base, -1
    assert (stored.hash == wanted.hash) == (string == [9, 5])
    assert find(tree.nodes, pool, 0, 2, 4, wanted, 0.01) == (0 if is_found else -1)


def test_of_equal_costs_the_lower_graph_cost_is_better() -> None:
    old = elements_of((1.0, 2.0, 0, 0))[0]
    assert is_better(1.0, 1.5, old) and is_better(0.5, 2.5, old)
    assert not is_better(1.5, 1.5, old) and not is_better(1.0, 2.0, old)
