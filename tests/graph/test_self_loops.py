from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import MismatchError
from blasr.graph.self_loops import add_self_loops
from blasr.io.fst import Fst
from tests.graph.systems import System, best_way


def test_self_loops_follow_the_transition_that_enters_the_state(kaldi: System) -> None:
    model = kaldi.model
    entering = int(np.flatnonzero((model.self_loop_of > 0) & ~_is_loop(kaldi))[0])
    loop = int(model.self_loop_of[entering])
    fst = Fst.from_arcs(0, [np.inf, 0.5], [0], [entering], [7], [1.0], [1])
    looped = add_self_loops(fst, model, 0.1)
    way = best_way(looped, [entering, loop, loop])
    assert way is not None
    staying, leaving = model.log_probs[loop], model.non_self_loop_log_probs[loop]
    assert way.cost == pytest.approx(1.5 - 0.1 * (2 * staying + leaving), abs=1e-5)
    assert best_way(looped, [loop, entering]) is None
    with pytest.raises(MismatchError, match="self-loops already"):
        add_self_loops(looped, model, 0.1)


def test_a_state_entered_from_two_hmm_states_is_split(kaldi: System) -> None:
    model = kaldi.model
    forward = np.flatnonzero((model.self_loop_of > 0) & ~_is_loop(kaldi))
    one = int(forward[0])
    other = int(next(tid for tid in forward if model.transition_states[tid] != model.transition_states[one]))
    fst = Fst.from_arcs(0, [0.0, 0.0], [0, 0, 1], [one, other, one], [1, 2, 3], [0, 0, 0], [1, 1, 0])
    looped = add_self_loops(fst, model, 1.0)
    assert looped.num_states == 2 + 3
    for tid in (one, other):
        loop = int(model.self_loop_of[tid])
        assert best_way(looped, [tid, loop]) is not None
        wrong = int(model.self_loop_of[other if tid == one else one])
        assert best_way(looped, [tid, wrong]) is None


def test_labels_of_another_model_are_refused(kaldi: System) -> None:
    fst = Fst.from_arcs(0, [0.0], [0], [kaldi.model.num_transition_ids + 1], [0], [0.0], [0])
    with pytest.raises(MismatchError, match="transition-id 323, the model has 322"):
        add_self_loops(fst, kaldi.model, 0.1)


def _is_loop(system: System) -> np.ndarray:
    loops = np.zeros(system.model.num_transition_ids + 1, dtype=bool)
    loops[1:] = system.model.is_self_loop(np.arange(1, len(loops)))
    return loops
