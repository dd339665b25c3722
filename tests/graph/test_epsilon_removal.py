from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blasr.graph.epsilon_removal import remove_epsilons_locally
from blasr.io.fst import Fst


@st.composite
def graphs(draw: st.DrawFn) -> Fst:
    """Acyclic graphs, so that all paths can be listed, with many epsilons."""
    size = draw(st.integers(2, 6))
    labels = st.sampled_from([0, 0, 1, 2])
    costs = st.integers(0, 8).map(lambda eighths: eighths / 8)
    arcs = [
        (source, draw(labels), draw(labels), draw(costs), draw(st.integers(source + 1, size - 1)))
        for source in range(size - 1)
        for _ in range(draw(st.integers(1, 2)))
    ]
    final = [draw(st.sampled_from([math.inf, 0.5])) for _ in range(size - 1)] + [0.25]
    return Fst.from_arcs(0, final, *[list(column) for column in zip(*arcs, strict=True)])


def ways(fst: Fst) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """The lowest cost of every pair of input and output sequences."""
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}

    def follow(state: int, inputs: tuple[int, ...], outputs: tuple[int, ...], cost: float) -> None:
        if np.isfinite(fst.final[state]):
            total = cost + float(fst.final[state])
            found[inputs, outputs] = min(found.get((inputs, outputs), math.inf), total)
        for arc in range(fst.offsets[state], fst.offsets[state + 1]):
            ilabel, olabel = int(fst.ilabel[arc]), int(fst.olabel[arc])
            follow(
                int(fst.nextstate[arc]),
                (*inputs, ilabel) if ilabel else inputs,
                (*outputs, olabel) if olabel else outputs,
                cost + float(fst.weight[arc]),
            )

    if fst.num_states:
        follow(fst.start, (), (), 0.0)
    return found


@given(graphs())
def test_the_result_is_equivalent_and_has_no_more_arcs(fst: Fst) -> None:
    removed = remove_epsilons_locally(fst)
    assert removed.num_arcs <= fst.num_arcs
    before, after = ways(fst), ways(removed)
    assert before.keys() == after.keys()
    for pair, cost in before.items():
        assert math.isclose(after[pair], cost, abs_tol=1e-4)


def test_chains_of_epsilons_disappear() -> None:
    fst = Fst.from_arcs(0, [np.inf, np.inf, np.inf, 0.5], [0, 1, 2], [5, 0, 0], [0, 6, 0], [1.0, 2.0, 4.0], [1, 2, 3])
    removed = remove_epsilons_locally(fst)
    assert (removed.num_states, removed.num_arcs) == (2, 1)
    assert (removed.ilabel[0], removed.olabel[0], removed.weight[0]) == (5, 6, 7.0)


def test_partial_removal_keeps_sums_of_probabilities() -> None:
    half = -math.log(0.5)
    fst = Fst.from_arcs(0, [np.inf, np.inf, 0.0], [0, 1, 1], [7, 0, 8], [0, 0, 0], [0.0, half, half], [1, 2, 2])
    removed = remove_epsilons_locally(fst)
    sums = np.bincount(removed.sources, np.exp(-removed.weight), removed.num_states) + np.exp(-removed.final)
    np.testing.assert_allclose(sums, 1.0, atol=1e-6)
    assert removed.num_arcs == 3
    assert (removed.ilabel == 0).sum() == 0
