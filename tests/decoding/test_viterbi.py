"""Forced alignment against exhaustive search, its beams, and graphs that are refused."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.decoding.viterbi import force_align
from blasr.errors import DataError, MismatchError
from blasr.io.fst import Fst
from blasr.units import FloatArray, IntArray
from tests.golden_system import GoldenSystem

Arc = tuple[int, int, int, float]  # source, ilabel, target, weight
Tokens = dict[int, tuple[float, set[tuple[int, ...]]]]  # state -> cost, every label sequence of that cost

TID_TO_PDF = np.array([-1, 0, 1, 2, 0], np.int32)


def make_graph(arcs: list[Arc], final: dict[int, float], num_states: int) -> Fst:
    sources, ilabels, targets, weights = zip(*arcs, strict=True) if arcs else ((), (), (), ())
    finals = [final.get(state, np.inf) for state in range(num_states)]
    return Fst.from_arcs(0, finals, sources, ilabels, [0] * len(arcs), weights, targets)


def exhaustive(graph: Fst, loglikes: FloatArray, scale: float) -> tuple[float, set[tuple[int, ...]]]:
    """Every path's cost by Bellman's recursion over (frame, state), keeping all the best label sequences."""
    num_states = len(graph.final)
    best: Tokens = {graph.start: (0.0, {()})}

    def closure(tokens: Tokens) -> None:
        for _ in range(num_states):
            for state, (cost, paths) in list(tokens.items()):
                for arc in range(graph.offsets[state], graph.offsets[state + 1]):
                    if graph.ilabel[arc] == 0:
                        relax(tokens, int(graph.nextstate[arc]), cost + float(graph.weight[arc]), paths)

    def relax(tokens: Tokens, state: int, cost: float, paths: set[tuple[int, ...]]) -> None:
        old = tokens.get(state)
        if old is None or cost < old[0] - 1e-9:
            tokens[state] = (cost, set(paths))
        elif abs(cost - old[0]) <= 1e-9:
            old[1].update(paths)

    closure(best)
    for row in loglikes:
        following: Tokens = {}
        for state, (cost, paths) in best.items():
            for arc in range(graph.offsets[state], graph.offsets[state + 1]):
                label = int(graph.ilabel[arc])
                if label:
                    total = cost + float(graph.weight[arc]) - scale * float(row[TID_TO_PDF[label]])
                    relax(following, int(graph.nextstate[arc]), total, {(*path, label) for path in paths})
        closure(following)
        best = following
    ends = [
        (cost + float(graph.final[state]), paths)
        for state, (cost, paths) in best.items()
        if np.isfinite(graph.final[state])
    ]
    lowest = min((cost for cost, _ in ends), default=np.inf)
    return lowest, set().union(*(paths for cost, paths in ends if cost <= lowest + 1e-6)) if ends else set()


graphs = st.integers(2, 5).flatmap(
    lambda num_states: st.builds(
        make_graph,
        st.lists(
            st.tuples(
                st.integers(0, num_states - 1),
                st.integers(0, 4),
                st.integers(0, num_states - 1),
                st.floats(0, 5, width=32),
            ),
            max_size=12,
        ),
        st.dictionaries(st.integers(0, num_states - 1), st.floats(0, 3, width=32), max_size=2),
        st.just(num_states),
    )
)


@given(graph=graphs, num_frames=st.integers(0, 5), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=200)
def test_equals_exhaustive_search(graph: Fst, num_frames: int, seed: int) -> None:
    loglikes = np.random.default_rng(seed).normal(-5, 4, (num_frames, 3)).astype(np.float32)
    cost, paths = exhaustive(graph, loglikes, 0.7)
    alignment = force_align(graph, loglikes, TID_TO_PDF, acoustic_scale=0.7, beam=np.inf)
    if alignment is None:
        assert cost == np.inf
    else:
        assert alignment.cost == pytest.approx(cost, abs=1e-5)
        assert len(alignment.transition_ids) == num_frames
        assert tuple(alignment.transition_ids.tolist()) in paths


def test_equals_the_lattice_search_on_golden_strings(system: GoldenSystem) -> None:
    """Over the whole decoding graph, at Kaldi's cost per frame (to 1e-4: it printed six digits)."""
    for utterance, loglikes in system.loglikes.items():
        alignment = force_align(system.graph, loglikes, system.transition_model.tid_to_pdf, min_active=200)
        assert alignment is not None and not alignment.retried
        assert -alignment.cost / len(loglikes) == pytest.approx(system.log_likelihoods_per_frame[utterance], abs=1e-4)
        assert alignment.transition_ids.tolist() == system.lattices[utterance].best_path().transition_ids.tolist()


def chain(length: int) -> Fst:
    """States in a row, each with a self-loop: transition-ids 1 and 4 move on, 2 and 3 stay."""
    arcs: list[Arc] = []
    for state in range(length):
        arcs += [(state, 1 + 3 * (state % 2), state + 1, 0.2), (state + 1, 2 + state % 2, state + 1, 0.4)]
    return make_graph(arcs, {length: 0.5}, length + 1)


def test_a_wider_beam_is_tried_again() -> None:
    # The only path to the final state looks bad at its first frame and good at its second.
    arcs: list[Arc] = [(0, 1, 1, 0.0), (1, 1, 1, 0.0), (0, 2, 2, 30.0), (2, 2, 3, 0.0)]
    graph = make_graph(arcs, {3: 0.0}, 4)
    loglikes = np.zeros((2, 3), np.float32)
    assert force_align(graph, loglikes, TID_TO_PDF, beam=10, retry_beam=0, min_active=0) is None
    alignment = force_align(graph, loglikes, TID_TO_PDF, beam=10, retry_beam=40, min_active=0)
    assert alignment is not None and alignment.retried
    assert alignment.transition_ids.tolist() == [2, 2]
    assert alignment.cost == pytest.approx(30.0)
    alignment = force_align(graph, loglikes, TID_TO_PDF, beam=10, retry_beam=0)  # of so few states all stay alive
    assert alignment is not None and not alignment.retried


def test_too_few_frames_align_to_nothing() -> None:
    assert force_align(chain(5), np.zeros((4, 3), np.float32), TID_TO_PDF) is None
    assert force_align(chain(5), np.zeros((5, 3), np.float32), TID_TO_PDF) is not None
    assert force_align(chain(5), np.zeros((0, 3), np.float32), TID_TO_PDF) is None


def test_a_value_that_is_not_finite_is_refused() -> None:
    loglikes = np.zeros((8, 3), np.float32)
    loglikes[3] = np.nan
    with pytest.raises(DataError, match="not finite"):
        force_align(chain(5), loglikes, TID_TO_PDF)


@pytest.mark.parametrize("columns, tids", [(2, 4), (3, 3)])
def test_a_graph_of_another_model_is_refused(columns: int, tids: int) -> None:
    with pytest.raises(MismatchError, match=rf"transition-id is 4, the model has {tids} .*{columns} columns"):
        force_align(chain(5), np.zeros((9, columns), np.float32), TID_TO_PDF[: tids + 1])


def test_a_negative_epsilon_cycle_is_refused() -> None:
    graph = make_graph([(0, 0, 1, -1.0), (1, 0, 0, 0.5), (1, 1, 1, 0.0)], {1: 0.0}, 2)
    with pytest.raises(DataError, match="negative"):
        force_align(graph, np.zeros((2, 3), np.float32), TID_TO_PDF)


@given(st.lists(st.integers(1, 3), min_size=3, max_size=6))
@settings(deadline=None, max_examples=20)
def test_the_path_follows_the_planted_durations(durations: list[int]) -> None:
    """A chain whose loglikes plant one state after the other gives back just those durations."""
    graph = chain(len(durations))
    labels: list[int] = []
    for state, duration in enumerate(durations):
        labels += [1 + 3 * (state % 2)] + [2 + state % 2] * (duration - 1)
    tid_to_pdf = np.array([-1, *range(4)], np.int32)  # a pdf of its own for every transition-id
    loglikes = np.full((len(labels), 4), -100.0, np.float32)
    loglikes[np.arange(len(labels)), np.array(labels) - 1] = 0.0
    alignment = force_align(graph, loglikes, tid_to_pdf, acoustic_scale=1.0, beam=500.0)
    assert alignment is not None and alignment.transition_ids.tolist() == labels


def test_thousands_of_short_utterances_a_second() -> None:
    graph = chain(30)
    generator = np.random.default_rng(0)
    utterances: list[FloatArray] = [generator.normal(-50, 5, (40, 3)).astype(np.float32) for _ in range(50)]
    force_align(graph, utterances[0], TID_TO_PDF)
    started = time.process_time()
    results: list[IntArray] = []
    for loglikes in itertools.chain(*[utterances] * 20):
        alignment = force_align(graph, loglikes, TID_TO_PDF, beam=50)
        assert alignment is not None
        results.append(alignment.transition_ids)
    assert len(results) / (time.process_time() - started) > 2000
