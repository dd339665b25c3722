from __future__ import annotations

import numpy as np
from hypothesis import given

from blasr.graph.fst_arrays import arrays_of
from blasr.graph.fst_partition import CLASSES, coarsest_partition
from blasr.io.fst import Fst
from tests.graph.transducers import transducers


@given(transducers())
def test_the_classes_equal_those_of_repeated_refinement(fst: Fst) -> None:
    """Codes are input labels, one arc per label from each state; final costs have a code of their own."""
    first = np.unique(np.stack([fst.sources, fst.ilabel]), axis=1, return_index=True)[1]
    fst = Fst.from_arcs(
        0, fst.final, *(column[first] for column in (fst.sources, fst.ilabel, fst.olabel, fst.weight, fst.nextstate))
    )
    codes, finals = fst.ilabel + np.int32(1), np.where(np.isfinite(fst.final), np.int32(9), np.int32(0))
    start = np.zeros(fst.num_states + 1, dtype=np.int32)
    start[-1] = 1
    partition = coarsest_partition(arrays_of(fst), codes, finals, start.copy())
    classes = start.tolist()
    for _ in range(fst.num_states + 1):
        views = [
            (classes[s], finals[s], tuple(sorted({(int(codes[a]), classes[fst.nextstate[a]]) for a in _arcs(fst, s)})))
            for s in range(fst.num_states)
        ]
        numbers = {view: number for number, view in enumerate(sorted(set(views)))}
        classes = [*(numbers[view] for view in views), len(numbers)]
    found = partition.cls.tolist()
    assert len({*zip(found, classes, strict=True)}) == len(set(found)) == len(set(classes)) == partition.counts[CLASSES]


def _arcs(fst: Fst, state: int) -> range:
    return range(fst.offsets[state], fst.offsets[state + 1])
