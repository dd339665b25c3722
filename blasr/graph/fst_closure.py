"""The states that input epsilons lead to, with their costs (``EpsilonClosure`` of Kaldi's determinization)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blasr.graph.fst_arrays import FstArrays
from blasr.graph.fst_strings import Strings, append, room_for_strings
from blasr.graph.fst_subsets import ELEMENT, SubsetPool, is_close, log_add, sort_elements
from blasr.jit import grown, jit
from blasr.units import EPSILON, AnyArray, IntArray

DONE, NOT_FUNCTIONAL, ENDLESS = 0, -1, 1
"""Outcomes."""


class Closure(NamedTuple):
    """A subset with the states that epsilons lead to.

    ``counts`` holds its size. ``pending`` is the cost that epsilon arcs have not passed on yet; ``waiting`` says
    whether the element is in a queue. ``place`` finds an element by its state.
    """

    counts: AnyArray
    elements: AnyArray
    pending: AnyArray
    waiting: AnyArray
    place: IntArray


@jit
def new_closure(num_states: Any) -> Closure:
    """Return an empty closure for an input of so many states."""
    return Closure(
        np.zeros(1, np.int64),
        np.empty(64, ELEMENT),
        np.empty(64, np.float32),
        np.empty(64, np.bool_),
        np.zeros(num_states, np.int32),
    )


@jit
def close_subset(
    fst: FstArrays, closure: Closure, strings: Strings, pool: SubsetPool, state: Any, limit: Any
) -> tuple[Closure, Strings, Any]:
    """Fill the closure with the subset of a state and all states that input epsilons lead to, sorted by state."""
    origin = pool.origin[state]
    begin, size = np.int64(0), np.int64(1)
    if origin < 0:
        begin = pool.begin[-1 - origin]
        size = pool.begin[-origin] - begin
    closure = _closure_with_room(closure, size)
    has_epsilons = False
    for place in range(size):
        if origin < 0:
            closure.elements[place] = pool.elements[begin + place]
        else:
            only = closure.elements[place]
            only.state, only.string, only.weight = origin, 0, np.float32(0)
        member = closure.elements[place].state
        arc = fst.offsets[member]
        has_epsilons = has_epsilons or (arc < fst.offsets[member + 1] and fst.ilabel[arc] == EPSILON)
    closure.counts[0] = size
    if not has_epsilons:
        return closure, strings, DONE
    return _follow_epsilons(fst, closure, strings, limit)


@jit
def _closure_with_room(closure: Closure, size: Any) -> Closure:
    if size <= len(closure.elements):
        return closure
    elements, pending = grown(closure.elements, size), grown(closure.pending, size)
    return Closure(closure.counts, elements, pending, grown(closure.waiting, size), closure.place)


@jit
def _follow_epsilons(fst: FstArrays, closure: Closure, strings: Strings, limit: Any) -> tuple[Closure, Strings, Any]:
    """Follow input epsilons from the elements of the closure, and sum up the costs of all ways to a state."""
    initial = closure.counts[0]
    for place in range(initial):
        element = closure.elements[place]
        closure.pending[place], closure.waiting[place] = element.weight, False
        closure.place[element.state] = place
        element.weight = np.float32(np.inf)
    queue = [(np.int64(0), np.float32(0))]
    queue.pop()
    for place in range(initial):
        queue.append((np.int64(place), closure.pending[place]))
    turn = 0
    while turn < len(queue):
        row, passed = queue[turn]
        if turn >= initial:
            passed = closure.pending[row]
            closure.elements[row].weight = log_add(closure.elements[row].weight, passed)
            closure.pending[row], closure.waiting[row] = np.float32(np.inf), False
            if turn - initial > limit:
                return closure, strings, ENDLESS
        turn += 1
        state, string = closure.elements[row].state, closure.elements[row].string
        for arc in range(fst.offsets[state], fst.offsets[state + 1]):
            if fst.ilabel[arc] != EPSILON:
                break
            strings = room_for_strings(strings, 1)
            extended = append(strings, string, fst.olabel[arc])
            target, weight = fst.nextstate[arc], passed + fst.weight[arc]
            at = np.int64(closure.place[target])
            if at >= closure.counts[0] or closure.elements[at].state != target:
                at = closure.counts[0]
                closure = _closure_with_room(closure, at + 1)
                added = closure.elements[at]
                added.state, added.string, added.weight = target, extended, np.float32(np.inf)
                closure.pending[at], closure.waiting[at], closure.place[target] = weight, True, at
                closure.counts[0] += 1
                queue.append((at, weight))
                continue
            known = closure.elements[at]
            if known.string != extended:
                return closure, strings, NOT_FUNCTIONAL
            closure.pending[at] = log_add(closure.pending[at], weight)
            if not closure.waiting[at] and not is_close(log_add(known.weight, closure.pending[at]), known.weight):
                closure.waiting[at] = True
                queue.append((at, weight))
    _finish(closure)
    return closure, strings, DONE


@jit
def _finish(closure: Closure) -> None:
    """Add the costs that nothing passed on, and sort the elements by state."""
    size = closure.counts[0]
    for place in range(size):
        element = closure.elements[place]
        if closure.pending[place] < np.inf:
            element.weight = log_add(element.weight, closure.pending[place])
        element.label = 0
    sort_elements(closure.elements, size)
