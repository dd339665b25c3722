"""Local removal of epsilons, where it adds no arcs (Kaldi's ``fstext/remove-eps-local-inl.h``)."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from blasr.graph.fst_arrays import FstArrays, arrays_of, connect, fst_of
from blasr.io.fst import Fst
from blasr.jit import grown, jit, jit_inline
from blasr.units import EPSILON, AnyArray, IntArray

_REMOVED: Final = -1
"""The next state of a removed arc."""


def remove_epsilons_locally(fst: Fst) -> Fst:
    """Join pairs of consecutive arcs with an epsilon, wherever that adds no arcs (``fstrmepslocal``).

    Two consecutive arcs are joined if the state between them has one arc in or one arc out. Where only some of the
    arcs out can be joined, the weights are changed so that sums of probabilities stay the same.

    Returns:
        An equivalent transducer without useless states.
    """
    return connect(fst_of(_removed(arrays_of(fst)))) if fst.num_states else fst


class _Draft(NamedTuple):
    """A transducer under change.

    ``offsets`` bounds the original arcs of a state. Arcs that joining adds follow them; ``added`` and ``latest`` of a
    state are its first and last one, and ``following`` of an added arc is the next one, -1 at the end. ``num_out``
    counts the arcs out of a state, plus one if it is final; ``num_in`` the arcs into it, plus one for the start state.
    ``used`` holds the number of all arcs, with the original ones.
    """

    used: AnyArray
    offsets: AnyArray
    ilabel: IntArray
    olabel: IntArray
    weight: AnyArray
    nextstate: IntArray
    following: IntArray
    final: AnyArray
    added: IntArray
    latest: IntArray
    num_out: IntArray
    num_in: IntArray


@jit
def _draft_of(fst: FstArrays) -> _Draft:
    num_states, num_arcs = len(fst.final), len(fst.ilabel)
    size = num_arcs + num_arcs // 8 + 64
    draft = _Draft(
        np.array([num_arcs], np.int64),
        fst.offsets,
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.float64),
        np.empty(size, np.int32),
        np.empty(size - num_arcs, np.int32),
        fst.final.astype(np.float64),
        np.full(num_states, -1, np.int32),
        np.full(num_states, -1, np.int32),
        np.zeros(num_states, np.int32),
        np.zeros(num_states, np.int32),
    )
    draft.ilabel[:num_arcs] = fst.ilabel
    draft.olabel[:num_arcs] = fst.olabel
    draft.weight[:num_arcs] = fst.weight
    draft.nextstate[:num_arcs] = fst.nextstate
    for state in range(num_states):
        draft.num_out[state] = fst.offsets[state + 1] - fst.offsets[state] + (fst.final[state] < np.inf)
    for target in fst.nextstate:
        draft.num_in[target] += 1
    draft.num_in[fst.start] += 1
    return draft


@jit
def _removed(fst: FstArrays) -> FstArrays:
    """Visit every state near an epsilon in order, and return the result."""
    has_epsilon = np.zeros(len(fst.final), np.bool_)
    for state in range(len(fst.final)):
        for arc in range(fst.offsets[state], fst.offsets[state + 1]):
            has_epsilon[state] = has_epsilon[state] or fst.ilabel[arc] == EPSILON
    draft = _draft_of(fst)
    joined = np.empty(64, np.int64)
    for state in range(len(fst.final)):
        arc = _next_arc(draft, state, -1)
        while arc >= 0:
            target = draft.nextstate[arc]
            is_open = target != _REMOVED and target != state
            if is_open and (draft.ilabel[arc] == EPSILON or has_epsilon[target]):
                if draft.num_in[target] == 1 and draft.num_out[target] > 1:
                    draft, joined = _join_single_entry(draft, state, arc, joined)
                elif draft.num_out[target] == 1:
                    draft = _join_single_exit(draft, state, arc)
            arc = _next_arc(draft, state, arc)
    return _result(draft, fst.start)


@jit_inline
def _next_arc(draft: _Draft, state: Any, arc: Any) -> Any:
    """Return the arc of a state after this one, removed or not; the first one after -1, and -1 at the end."""
    begin, end, original = draft.offsets[state], draft.offsets[state + 1], draft.offsets[-1]
    if arc < 0 and begin < end:
        return begin
    if 0 <= arc < end - 1:
        return arc + 1
    if arc < original:
        return np.int64(draft.added[state])
    return np.int64(draft.following[arc - original])


@jit_inline
def _can_join(draft: _Draft, first: Any, second: Any) -> Any:
    return (draft.ilabel[first] == EPSILON or draft.ilabel[second] == EPSILON) and (
        draft.olabel[first] == EPSILON or draft.olabel[second] == EPSILON
    )


@jit
def _join_single_entry(draft: _Draft, state: Any, arc: Any, joined: AnyArray) -> tuple[_Draft, AnyArray]:
    """Kaldi's pattern 1: the next state has one arc in and several out."""
    between = np.int64(draft.nextstate[arc])
    removed, kept = np.inf, np.inf  # summed costs of the joined and of the other arcs
    num_joined = 0
    other = _next_arc(draft, between, -1)
    while other >= 0:
        if draft.nextstate[other] != _REMOVED:
            if _can_join(draft, arc, other):
                removed = _log_add(removed, draft.weight[other])
                joined = grown(joined, num_joined + 1)
                joined[num_joined] = other
                num_joined += 1
            else:
                kept = _log_add(kept, draft.weight[other])
        other = _next_arc(draft, between, other)
    first_weight, final = draft.weight[arc], draft.final[between]
    if final < np.inf and draft.ilabel[arc] == EPSILON and draft.olabel[arc] == EPSILON:
        removed = _log_add(removed, final)
        _set_final(draft, state, min(draft.final[state], first_weight + final))
        _set_final(draft, between, np.inf)
    elif final < np.inf:
        kept = _log_add(kept, final)
    draft = _with_room(draft, num_joined)
    targets = np.empty(num_joined, np.int32)
    for place in range(num_joined):
        targets[place] = draft.nextstate[joined[place]]
        _remove(draft, between, joined[place])
    weights = np.empty(num_joined, np.float64)
    for place in range(num_joined):
        weights[place] = first_weight + draft.weight[joined[place]]
    if removed < np.inf:
        if kept == np.inf:
            _remove(draft, state, arc)
        else:
            _reweight(draft, arc, between, kept - _log_add(removed, kept))
    for place in range(num_joined):
        _add(draft, state, arc, joined[place], weights[place], targets[place])
    return draft, joined


@jit
def _join_single_exit(draft: _Draft, state: Any, arc: Any) -> _Draft:
    """Kaldi's pattern 2: the next state has one arc out, or no arc and a final cost."""
    between = np.int64(draft.nextstate[arc])
    last_entry = draft.num_in[between] == 1
    final = draft.final[between]
    if final < np.inf:
        if draft.ilabel[arc] != EPSILON or draft.olabel[arc] != EPSILON:
            return draft
        _set_final(draft, state, min(draft.final[state], draft.weight[arc] + final))
        if last_entry:
            _set_final(draft, between, np.inf)
    else:
        other = _next_arc(draft, between, -1)
        while draft.nextstate[other] == _REMOVED:
            other = _next_arc(draft, between, other)
        if not _can_join(draft, arc, other):
            return draft
        target = draft.nextstate[other]
        if last_entry:
            _remove(draft, between, other)
        draft = _with_room(draft, 1)
        _add(draft, state, arc, other, draft.weight[arc] + draft.weight[other], target)
    _remove(draft, state, arc)
    return draft


@jit
def _reweight(draft: _Draft, arc: Any, between: Any, cost: Any) -> None:
    """Move ``cost`` from the arcs and the final cost after an arc to the arc itself."""
    draft.weight[arc] += cost
    other = _next_arc(draft, between, -1)
    while other >= 0:
        if draft.nextstate[other] != _REMOVED:
            draft.weight[other] -= cost
        other = _next_arc(draft, between, other)
    draft.final[between] -= cost


@jit_inline
def _remove(draft: _Draft, state: Any, arc: Any) -> None:
    draft.num_out[state] -= 1
    draft.num_in[draft.nextstate[arc]] -= 1
    draft.nextstate[arc] = _REMOVED


@jit
def _with_room(draft: _Draft, more: Any) -> _Draft:
    """Return a draft with room for more arcs."""
    count, original = draft.used[0] + more, draft.offsets[-1]
    if count <= len(draft.ilabel):
        return draft
    return _Draft(
        draft.used,
        draft.offsets,
        grown(draft.ilabel, count),
        grown(draft.olabel, count),
        grown(draft.weight, count),
        grown(draft.nextstate, count),
        grown(draft.following, 2 * len(draft.ilabel) + more - original),
        draft.final,
        draft.added,
        draft.latest,
        draft.num_out,
        draft.num_in,
    )


@jit
def _add(draft: _Draft, state: Any, first: Any, second: Any, weight: Any, target: Any) -> None:
    """Add two arcs as one; there must be room."""
    new, original = draft.used[0], draft.offsets[-1]
    draft.used[0] += 1
    draft.ilabel[new] = draft.ilabel[first] if draft.ilabel[first] else draft.ilabel[second]
    draft.olabel[new] = draft.olabel[first] if draft.olabel[first] else draft.olabel[second]
    draft.weight[new], draft.nextstate[new], draft.following[new - original] = weight, target, -1
    if draft.added[state] < 0:
        draft.added[state] = new
    else:
        draft.following[draft.latest[state] - original] = new
    draft.latest[state] = new
    draft.num_out[state] += 1
    draft.num_in[target] += 1


@jit_inline
def _set_final(draft: _Draft, state: Any, cost: Any) -> None:
    draft.num_out[state] += np.int32(cost < np.inf) - np.int32(draft.final[state] < np.inf)
    draft.final[state] = cost


@jit_inline
def _log_add(a: Any, b: Any) -> Any:
    """Return the cost of the sum of two probabilities, from their costs."""
    if a == np.inf or b == np.inf:
        return min(a, b)
    low, high = min(a, b), max(a, b)
    return low - math.log1p(math.exp(low - high))


@jit
def _result(draft: _Draft, start: Any) -> FstArrays:
    num_states, num_arcs = len(draft.final), np.int64(0)
    for arc in range(draft.used[0]):
        num_arcs += draft.nextstate[arc] != _REMOVED
    offsets = np.zeros(num_states + 1, np.int64)
    ilabel, olabel = np.empty(num_arcs, np.int32), np.empty(num_arcs, np.int32)
    weight, nextstate = np.empty(num_arcs, np.float32), np.empty(num_arcs, np.int32)
    place = 0
    for state in range(num_states):
        arc = _next_arc(draft, state, -1)
        while arc >= 0:
            if draft.nextstate[arc] != _REMOVED:
                ilabel[place], olabel[place] = draft.ilabel[arc], draft.olabel[arc]
                weight[place], nextstate[place] = draft.weight[arc], draft.nextstate[arc]
                place += 1
            arc = _next_arc(draft, state, arc)
        offsets[state + 1] = place
    return FstArrays(start, offsets, ilabel, olabel, weight, nextstate, draft.final.astype(np.float32))
