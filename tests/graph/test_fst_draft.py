from __future__ import annotations

import numpy as np

from blasr.graph.fst_arrays import FstArrays
from blasr.graph.fst_draft import add_arc, finished, new_draft, room_for_arcs
from blasr.jit import jit


@jit
def _grid(size: int) -> FstArrays:
    """A grid of pairs, in which each state leads to the right and down."""
    draft = new_draft(1, 0, 0)
    offsets, final = np.zeros(size * size + 1, np.int64), np.zeros(size * size, np.float32)
    state = 0
    while state < draft.counts[0]:
        first, second = draft.first[state], draft.second[state]
        draft = room_for_arcs(draft, 2)
        if first + 1 < size:
            add_arc(draft, first + 1, second, 1, 0, np.float32(0))
        if second + 1 < size:
            add_arc(draft, first, second + 1, 0, 1, np.float32(0))
        state += 1
        offsets[state] = draft.counts[1]
    return finished(draft, offsets, final)


def test_a_state_that_is_reached_again_is_found_after_any_growth() -> None:
    size = 60
    grid = _grid(size)
    assert len(grid.final) == size * size
    assert len(grid.ilabel) == grid.offsets[-1] == 2 * size * (size - 1)
    assert sorted(np.bincount(grid.nextstate).tolist()) == [0] + [1] * (2 * size - 2) + [2] * (size - 1) ** 2
