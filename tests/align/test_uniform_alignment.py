from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blasr.align.uniform_alignment import equal_align
from blasr.io.fst import Fst

INF = np.inf


def chain(num_states: int) -> Fst:
    """States 0 to n with labels 2 i + 1 into them and self-loops 2 i + 2; an epsilon can skip the first."""
    source = [*range(num_states), *range(1, num_states + 1), 0]
    labels = [2 * index + 1 for index in range(num_states)] + [2 * index + 2 for index in range(num_states)] + [0]
    target = [*range(1, num_states + 1), *range(1, num_states + 1), 1]
    final = [INF] * num_states + [0.0]
    return Fst.from_arcs(0, final, source, labels, [0] * len(labels), [0.0] * len(labels), target)


def test_states_share_the_frames_equally() -> None:
    alignment = equal_align(chain(3), 11, seed=1)
    assert alignment is not None
    assert len(alignment) == 11
    counts = [int(np.isin(alignment, [2 * index + 1, 2 * index + 2]).sum()) for index in range(3)]
    assert max(counts) - min(counts) <= 1


def test_labels_follow_the_path() -> None:
    alignment = equal_align(chain(3), 9, seed=4)
    assert alignment is not None
    assert (np.diff(alignment) >= 0).all()
    assert set(alignment.tolist()) <= set(range(1, 7))
    assert {3, 5} <= set(alignment.tolist())


def test_the_shortest_path_is_used_if_no_other_fits() -> None:
    alignment = equal_align(chain(3), 2, seed=0)
    assert alignment is not None
    assert alignment.tolist() == [3, 5]


def test_too_few_frames_have_no_alignment() -> None:
    assert equal_align(chain(3), 1, seed=0) is None


def test_a_graph_without_self_loops_cannot_be_stretched() -> None:
    graph = Fst.from_arcs(0, [INF, 0.0], [0], [1], [0], [0.0], [1])
    assert equal_align(graph, 2, seed=0) is None
    assert equal_align(graph, 1, seed=0) is not None


@given(st.integers(1, 6), st.integers(0, 40), st.integers(0, 2**31))
def test_the_length_is_always_the_number_of_frames(num_states: int, num_frames: int, seed: int) -> None:
    alignment = equal_align(chain(num_states), num_frames, seed)
    needed = max(num_states - 1, 1)
    if alignment is None:
        assert num_frames < needed or num_frames == 0
    else:
        assert len(alignment) == num_frames
    again = equal_align(chain(num_states), num_frames, seed)
    assert (again is None) == (alignment is None)
    if alignment is not None and again is not None:
        np.testing.assert_array_equal(alignment, again)
