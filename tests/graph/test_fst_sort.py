from __future__ import annotations

import numpy as np
import pytest

from blasr.graph.fst_sort import heap_pop, heap_push, sort_pairs


@pytest.mark.parametrize("size", [0, 1, 7, 200])
def test_equal_keys_keep_their_order(size: int) -> None:
    rng = np.random.default_rng(size)
    keys, values = rng.integers(0, 5, size + 2).astype(np.int32), np.arange(size + 2, dtype=np.int32)
    expected = np.argsort(keys[1:-1], kind="stable") + 1
    sort_pairs(keys, values, 1, size + 1)
    np.testing.assert_array_equal(values[1:-1], expected)
    assert (values[0], values[-1]) == (0, size + 1)


def test_the_heap_gives_the_smallest_key_first() -> None:
    rng = np.random.default_rng(0)
    keys, values = np.empty(300, np.int32), np.empty(300, np.int64)
    pushed = rng.integers(0, 50, 300)
    for size, key in enumerate(pushed.tolist()):
        heap_push(keys, values, size, key, size)
    popped = []
    for size in range(300, 0, -1):
        popped.append(int(keys[0]))
        assert pushed[values[0]] == keys[0]
        heap_pop(keys, values, size)
    assert popped == sorted(pushed.tolist())


@pytest.mark.parametrize(("every", "order"), [(1, [0, 2, 6, 8, 5, 7, 4, 1, 3]), (2, [0, 2, 6, 4, 8, 3, 5, 1, 7])])
def test_equal_keys_leave_the_heap_as_in_libstdcxx(every: int, order: list[int]) -> None:
    """The order of ``std::priority_queue`` of GCC 12 for numbers whose key is 1, or 2 for odd ones."""
    keys, values = np.empty(9, np.int32), np.empty(9, np.int64)
    for number in range(9):
        heap_push(keys, values, number, 1 if number % every == 0 else 2, number)
    popped = []
    for size in range(9, 0, -1):
        popped.append(int(values[0]))
        heap_pop(keys, values, size)
    assert popped == order
