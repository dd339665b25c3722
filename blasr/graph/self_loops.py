"""The self-loops of HMM states, added to a graph (``AddSelfLoops`` of Kaldi's ``hmm/hmm-utils.cc``)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from blasr.errors import MismatchError
from blasr.graph.fst_arrays import FstArrays, arrays_of, fst_of
from blasr.graph.hmm_transducer import check_transition_ids
from blasr.graph.pair_buckets import pair_bucket, pair_buckets
from blasr.hmm.transition_model import TransitionModel
from blasr.io.fst import Fst
from blasr.jit import grown, jit
from blasr.units import EPSILON, AnyArray, FloatArray, IntArray


def add_self_loops(fst: Fst, transition_model: TransitionModel, self_loop_scale: float) -> Fst:
    """Add the self-loop of each HMM state after the transition that enters it (``AddSelfLoops``, reordered).

    A state that transitions of several HMM states enter gets a new state with one self-loop for each of them
    (``MakePrecedingInputSymbolsSameClass``).

    Args:
        fst: transition-ids (without self-loops) or epsilon on its input side.
        transition_model: the transition model of the graph.
        self_loop_scale: scale of the costs of staying in a state and of leaving it.

    Raises:
        MismatchError: a label is not a transition-id of the model, or is a self-loop.
    """
    check_transition_ids(fst, transition_model)
    is_loop = np.zeros(transition_model.num_transition_ids + 1, dtype=bool)
    is_loop[1:] = transition_model.is_self_loop(np.arange(1, len(is_loop)))
    if is_loop[fst.ilabel].any():
        raise MismatchError("the graph has self-loops already", fix="add self-loops only once")
    arrays = arrays_of(fst)
    of_tid = np.ascontiguousarray(transition_model.transition_states, dtype=np.int32)
    loops = _loops_of(transition_model, np.float32(self_loop_scale))
    nextstate, targets, entered_by = _separate_entries(arrays, of_tid)
    return fst_of(_with_loops(arrays, nextstate, targets, entered_by, loops))


class _Loops(NamedTuple):
    """By transition-state: the transition-id of the self-loop, 0 for none, its cost, and the cost of leaving.

    Number 0 stands for an epsilon, and has neither.
    """

    tid: IntArray
    cost: FloatArray
    leaving: FloatArray


def _loops_of(model: TransitionModel, scale: np.float32) -> _Loops:
    first = model.first_transition_ids[: model.num_transition_states + 1].copy()
    first[0] = 0
    tid = model.self_loop_of[first].astype(np.int32)
    leaving = (-model.non_self_loop_log_probs[first] * scale).astype(np.float32)
    tid[0] = leaving[0] = 0
    return _Loops(tid, (-model.log_probs[tid] * scale).astype(np.float32), leaving)


@jit
def _separate_entries(fst: FstArrays, of_tid: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Let only transitions of one HMM state enter each state.

    Returns:
        The next state of each arc; for each new state the state that it leads to; and for each state, with the new
        ones, the transition-state of the arcs that enter it.
    """
    num_states = len(fst.final)
    entered_by = np.full(num_states, -1, np.int32)
    is_mixed = np.zeros(num_states, np.bool_)
    if num_states:
        entered_by[fst.start] = 0
    for arc in range(len(fst.ilabel)):
        target, entering = fst.nextstate[arc], of_tid[fst.ilabel[arc]]
        if entered_by[target] < 0:
            entered_by[target] = entering
        elif entered_by[target] != entering:
            is_mixed[target] = True
    nextstate = fst.nextstate.copy()
    targets, classes = np.empty(64, np.int32), np.empty(64, np.int32)  # of new states
    buckets = np.full(1024, -1, np.int32)
    count = 0
    for arc in range(len(fst.ilabel)):
        target = fst.nextstate[arc]
        if not is_mixed[target] or fst.ilabel[arc] == EPSILON:
            continue
        if 2 * count >= len(buckets):
            buckets = pair_buckets(targets, classes, 0, count, 2 * len(buckets))
        entering = of_tid[fst.ilabel[arc]]
        place = pair_bucket(buckets, targets, classes, target, entering)
        new = buckets[place]
        if new < 0:
            new = count
            buckets[place] = new
            targets, classes = grown(targets, count + 1), grown(classes, count + 1)
            targets[new], classes[new] = target, entering
            count += 1
        nextstate[arc] = num_states + new
    for state in range(num_states):
        if is_mixed[state] or entered_by[state] < 0:
            entered_by[state] = 0
    return nextstate, targets[:count].copy(), np.concatenate((entered_by, classes[:count]))


@jit
def _with_loops(
    fst: FstArrays, nextstate: IntArray, targets: IntArray, entered_by: AnyArray, loops: _Loops
) -> FstArrays:
    """Return the graph with the new states, and with a self-loop as the last arc of each state that has one."""
    num_old, num_states = len(fst.final), len(entered_by)
    num_loops = 0
    for state in range(num_states):
        num_loops += loops.tid[entered_by[state]] > 0
    num_arcs = len(fst.ilabel) + len(targets) + num_loops
    offsets = np.zeros(num_states + 1, np.int64)
    ilabel, olabel = np.zeros(num_arcs, np.int32), np.zeros(num_arcs, np.int32)
    weight, target = np.zeros(num_arcs, np.float32), np.empty(num_arcs, np.int32)
    final = np.full(num_states, np.inf, np.float32)
    place = 0
    for state in range(num_states):
        leaving = loops.leaving[entered_by[state]]
        if state < num_old:
            final[state] = fst.final[state] + leaving
            for arc in range(fst.offsets[state], fst.offsets[state + 1]):
                ilabel[place], olabel[place] = fst.ilabel[arc], fst.olabel[arc]
                weight[place], target[place] = fst.weight[arc] + leaving, nextstate[arc]
                place += 1
        else:
            weight[place], target[place] = leaving, targets[state - num_old]
            place += 1
        tid = loops.tid[entered_by[state]]
        if tid > 0:
            ilabel[place], weight[place], target[place] = tid, loops.cost[entered_by[state]], state
            place += 1
        offsets[state + 1] = place
    return FstArrays(fst.start, offsets, ilabel, olabel, weight, target, final)
