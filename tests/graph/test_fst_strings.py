from __future__ import annotations

import numpy as np

from blasr.graph.fst_strings import append, common_prefix, labels_of, new_strings, room_for_strings, without_prefix


def test_strings_are_found_again_after_any_growth() -> None:
    rng = np.random.default_rng(0)
    strings = new_strings()
    known: dict[tuple[int, ...], int] = {}
    for _ in range(3000):
        labels = rng.integers(1, 5, rng.integers(0, 8)).tolist()
        strings = room_for_strings(strings, len(labels))
        node = 0
        for label in labels:
            node = append(strings, node, label)
        assert known.setdefault(tuple(labels), node) == node
        assert labels_of(strings, node).tolist() == labels
    assert len(set(known.values())) == len(known)


def test_prefixes() -> None:
    strings = room_for_strings(new_strings(), 20)
    one = append(strings, 0, 1)
    assert append(strings, one, 0) == one  # epsilon
    long = append(strings, append(strings, one, 2), 3)
    other = append(strings, one, 5)
    assert common_prefix(strings, long, other) == one
    assert common_prefix(strings, long, 0) == 0
    assert labels_of(strings, without_prefix(strings, long, 1)).tolist() == [2, 3]
    assert without_prefix(strings, long, 3) == 0
    assert without_prefix(strings, long, 0) == long
