"""Random transducers, and their comparison."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from blasr.io.fst import Fst


@st.composite
def transducers(draw: st.DrawFn, *, acyclic: bool = False, functional: bool = False, labels: int = 3) -> Fst:
    """Transducers in which every state leads to the last one; with ``functional``, the input determines the output."""
    size = draw(st.integers(1, 7))
    eighths = st.integers(0, 8).map(lambda number: number / 8)
    arcs = []
    for source in range(size):
        targets = [source + 1] if source + 1 < size else []
        lowest = source + 1 if acyclic else 0
        if lowest < size:
            targets += draw(st.lists(st.integers(lowest, size - 1), max_size=4))
        for target in targets:
            ilabel = draw(st.integers(0, labels))
            olabel = ilabel * (ilabel % 2) if functional else draw(st.integers(0, labels))
            arcs.append((source, ilabel, olabel, draw(eighths), target))
    final = [draw(st.sampled_from([np.inf, np.inf, 0.5])) for _ in range(size - 1)] + [0.25]
    columns = [list(column) for column in zip(*arcs, strict=True)] if arcs else [[]] * 5
    return Fst.from_arcs(0, final, *columns)


def assert_same(ours: Fst, theirs: Fst, atol: float = 0.0) -> None:
    """The states, arcs and labels are the same, in the same order; costs agree within ``atol``."""
    assert ours.start == theirs.start
    for name in ("offsets", "ilabel", "olabel", "nextstate"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
    np.testing.assert_allclose(ours.weight, theirs.weight, rtol=0, atol=atol)
    np.testing.assert_allclose(ours.final, theirs.final, rtol=0, atol=atol)
