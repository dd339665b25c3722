"""State-level lattices from their parts: sorted, timed, and refused where they are not valid."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.lattices.assembly import ARC, assemble
from blasr.lattices.lattice import Lattice

INF = np.inf


def assembled(
    start: int, sources: list[int], arcs: list[tuple[int, int, float, float, int]], final: list[float]
) -> Lattice:
    costs = np.array(final, np.float32)
    acoustic = np.where(np.isfinite(costs), 0, INF).astype(np.float32)
    return assemble(start, np.array(sources, np.int64), np.array(arcs, ARC), costs, acoustic)


def test_states_are_sorted_from_the_start_and_get_their_times() -> None:
    # 2 -> 0 -> 1: the start has the highest number; the arc from 0 to 1 has no transition-id.
    lattice = assembled(2, [0, 2], [(0, 7, 1.0, 2.0, 1), (5, 0, 3.0, 4.0, 0)], [INF, 0.5, INF])
    assert lattice.nextstate.tolist() == [1, 2]
    assert lattice.ilabel.tolist() == [5, 0] and lattice.olabel.tolist() == [0, 7]
    assert lattice.graph_cost.tolist() == [3.0, 1.0] and lattice.acoustic_cost.tolist() == [4.0, 2.0]
    assert lattice.final_graph_cost.tolist() == [INF, INF, 0.5]
    assert lattice.state_times.tolist() == [0, 1, 1] and lattice.num_frames == 1


@pytest.mark.parametrize(
    ("start", "sources", "arcs", "message"),
    [
        (3, [0], [(1, 0, 0.0, 0.0, 1)], "the start state is 3 of 2"),
        (0, [0], [(1, 0, 0.0, 0.0, 2)], "a state that is not among the 2"),
        (0, [0], [(-1, 0, 0.0, 0.0, 1)], "negative label"),
        (0, [0], [(1, 0, np.nan, 0.0, 1)], "not a number"),
        (0, [0, 1], [(1, 0, 0.0, 0.0, 1), (1, 0, 0.0, 0.0, 0)], "a cycle"),
        (0, [0, 0], [(1, 0, 0.0, 0.0, 1), (0, 0, 0.0, 0.0, 1)], "different numbers of frames"),
    ],
)
def test_what_is_not_valid_is_refused(
    start: int, sources: list[int], arcs: list[tuple[int, int, float, float, int]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        assembled(start, sources, arcs, [INF, 0.0])


def test_a_lattice_without_states() -> None:
    assert assembled(-1, [], [], []).num_states == 0
