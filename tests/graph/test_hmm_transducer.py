from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import MismatchError
from blasr.graph.hmm_transducer import (
    HTransducerBuilder,
    add_transition_costs,
    remove_input_symbols,
    transition_costs,
)
from blasr.io.fst import Fst
from tests.graph.systems import System, best_way


def test_h_maps_the_states_of_a_phone_to_its_label(kaldi: System) -> None:
    f, z = kaldi.lang.phones.id_of("F"), kaldi.lang.phones.id_of("Z")
    windows = [[], [0], [0, f, z], [f, z, 0], [-22]]
    h = HTransducerBuilder(kaldi.tree, kaldi.model).build(windows)
    first = kaldi.model.num_transition_ids + 1
    assert h.disambig.tolist() == [first, first + 1]
    tids = [
        int(tid)
        for window, phone in (((0, f, z), f), ((f, z, 0), z))
        for state in range(3)
        for tid in np.flatnonzero(
            kaldi.model.transition_states
            == kaldi.model.transition_state(phone, state, kaldi.tree.pdf_id(window, state))
        )
        if not kaldi.model.is_self_loop([tid])[0]
    ]
    way = best_way(h.fst, [*tids[:3], first + 1, *tids[3:], first])
    assert way is not None
    assert way.outputs == [2, 4, 3, 1]
    assert way.cost == pytest.approx(0.0, abs=1e-5)  # only one transition leaves a state without skips
    assert best_way(h.fst, tids[:2]) is None


def test_h_of_silence_allows_any_path_through_its_states(kaldi: System) -> None:
    sil = kaldi.lang.phones.id_of("SIL")
    h = HTransducerBuilder(kaldi.tree, kaldi.model, 0.5).build([[], [0, sil, 0]])
    way = best_way(h.fst)
    assert way is not None
    assert way.outputs == []  # the empty input is accepted too
    states = kaldi.model.hmm_states(h.fst.ilabel[h.fst.ilabel > 0])
    assert sorted(set(states.tolist())) == [0, 1, 2, 3, 4]
    costs = HTransducerBuilder(kaldi.tree, kaldi.model).build([[], [0, sil, 0]]).fst.weight
    np.testing.assert_allclose(h.fst.weight, 0.5 * costs, rtol=1e-6)
    for state in range(4):  # probabilities of leaving a state sum to 1
        leaving = h.fst.ilabel[h.fst.ilabel > 0][states == state]
        assert np.exp(kaldi.model.log_probs_ignoring_self_loops[leaving]).sum() == pytest.approx(1.0, abs=1e-3)


def test_a_window_outside_the_tree_is_refused(kaldi: System) -> None:
    with pytest.raises(MismatchError, match="phone 99"):
        HTransducerBuilder(kaldi.tree, kaldi.model).build([[], [0, 99, 0]])


def test_costs_of_transitions(kaldi: System) -> None:
    model = kaldi.model
    loops = _is_loop(kaldi)
    costs = transition_costs(model, transition_scale=1.0, self_loop_scale=0.1)
    assert costs[0] == 0.0
    np.testing.assert_allclose(costs[loops], -0.1 * model.log_probs[loops], rtol=1e-6)
    others = np.flatnonzero(~loops)[1:]
    expected = -0.1 * model.non_self_loop_log_probs[others] - model.log_probs_ignoring_self_loops[others]
    np.testing.assert_allclose(costs[others], expected, rtol=1e-5, atol=1e-7)
    same = transition_costs(model, transition_scale=1.0, self_loop_scale=1.0)
    np.testing.assert_allclose(same[1:], -model.log_probs[1:], rtol=1e-6)


def test_labels_of_another_model_are_refused(kaldi: System) -> None:
    fst = Fst.from_arcs(0, [0.0], [0], [kaldi.model.num_transition_ids + 1], [0], [0.0], [0])
    with pytest.raises(MismatchError, match="transition-id 323, the model has 322"):
        add_transition_costs(fst, kaldi.model)


def test_input_symbols_become_epsilon() -> None:
    fst = Fst.from_arcs(0, [0.0], [0, 0, 0], [5, 6, 7], [1, 1, 1], [0, 0, 0], [0, 0, 0])
    assert remove_input_symbols(fst, np.array([5, 7], dtype=np.int32)).ilabel.tolist() == [0, 6, 0]


def _is_loop(system: System) -> np.ndarray:
    loops = np.zeros(system.model.num_transition_ids + 1, dtype=bool)
    loops[1:] = system.model.is_self_loop(np.arange(1, len(loops)))
    return loops
