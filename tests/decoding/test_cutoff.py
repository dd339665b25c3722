"""The beam of one frame by hand, and its promises on random costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.decoding.cutoff import beam_cutoff
from blasr.units import AnyArray

COSTS = np.array([5.0, 1.0, 2.0, 9.0, 4.0])


@pytest.mark.parametrize(
    ("beam", "min_active", "max_active", "expected"),
    [
        (3.5, 1, 100, (4.5, 3.5)),  # 1, 2 and 4 survive
        (3.5, 1, 2, (4.0, 3.5)),  # too many: up to the third lowest cost, 4; the beam is 4 - 1 + 0.5
        (0.5, 2, 100, (4.0, 3.5)),  # too few: up to the third lowest cost
        (0.5, 5, 100, (np.inf, np.inf)),  # no more than min_active in all
    ],
)
def test_by_hand(beam: float, min_active: int, max_active: int, expected: tuple[float, float]) -> None:
    assert beam_cutoff(COSTS, beam, min_active, max_active, 0.5) == pytest.approx(expected)


@given(
    costs=st.lists(st.floats(0, 50, width=32), min_size=1, max_size=30, unique=True).map(np.array),
    beam=st.floats(0.5, 20),
    limits=st.tuples(st.integers(0, 10), st.integers(10, 20)),
)
@settings(deadline=None, max_examples=60)
def test_so_many_survive(costs: AnyArray, beam: float, limits: tuple[int, int]) -> None:
    cutoff, _ = beam_cutoff(costs.astype(np.float64), beam, *limits, 0.5)
    survivors = int((costs <= cutoff).sum())
    assert survivors >= min(limits[0], len(costs))
    assert survivors <= max(limits[1] + 1, limits[0] + 1) or len(costs) <= limits[0]
