"""Determinization in the log semiring with removal of epsilons (Kaldi's ``fstext/determinize-star-inl.h``).

Every state of the result stands for a subset of the input's states, each with a cost and a string of output labels
relative to the rest. States and arcs have Kaldi's order. A subset of one state has no cost and no string left, so that
it is found by its state alone and needs no record; most subsets of decoding graphs are of this kind.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from blasr.errors import DataError
from blasr.graph.fst_arrays import FstArrays, arrays_of, fst_of, sort_by_ilabel
from blasr.graph.fst_closure import DONE, NOT_FUNCTIONAL, Closure, close_subset, new_closure
from blasr.graph.fst_strings import (
    Strings,
    append,
    common_prefix,
    labels_of,
    new_strings,
    room_for_strings,
    without_prefix,
)
from blasr.graph.fst_subsets import (
    ELEMENT,
    RECORDS,
    STACK,
    STATES,
    SubsetPool,
    log_add,
    new_pool,
    sort_elements,
    state_of_one,
    state_of_subset,
    with_room,
)
from blasr.io.fst import Fst
from blasr.jit import grown, jit
from blasr.units import EPSILON, AnyArray

_SPARE_STATES: Final = 10_000
_MAX_GROWTH: Final = 20
"""Determinization stops at this many times the states of its input, plus the spare states."""
_FINAL: Final = -1
"""The next state of a record that holds a final cost."""


def determinize(fst: Fst) -> Fst:
    """Determinize in the log semiring (``fstdeterminizestar --use-log=true``).

    Args:
        fst: a transducer without useless states. Its arcs are sorted by input label in place.

    Raises:
        DataError: the result has many more states than the input, which suggests that it would grow forever; or one
            input sequence has several output sequences.
    """
    arrays = arrays_of(fst)
    sort_by_ilabel(arrays)
    limit = _SPARE_STATES + _MAX_GROWTH * fst.num_states
    pool, strings = _determinize(arrays, limit)
    del fst, arrays  # the caller may have passed its only reference
    outcome = int(pool.counts[STACK])
    if outcome == NOT_FUNCTIONAL:
        raise DataError(
            "the graph cannot be determinized: one sequence of phones has several sequences of words",
            fix="make the lang directory with `blasr lang`, so that words that sound alike have disambiguation symbols",
        )
    if outcome > 0:
        raise DataError(
            f"the graph cannot be determinized: stopped after {limit} states",
            fix="give the backoff arcs of the grammar #0 as their input label, and make the lang directory with "
            "`blasr lang`, so that words that sound alike have disambiguation symbols",
        )
    num_states, num_records = pool.counts[STATES], pool.counts[RECORDS]
    records, first, number = pool.records[:num_records], pool.first[:num_states], pool.number[:num_states]
    del pool
    return fst_of(_output(records, first, number, strings))


@jit
def _determinize(fst: FstArrays, limit: Any) -> tuple[SubsetPool, Strings]:
    """Return the states of the result. ``counts[STACK]`` says whether it stopped early, and why."""
    pool, strings = new_pool(len(fst.final)), new_strings()
    closure = new_closure(len(fst.final))
    following = np.empty(64, ELEMENT)
    if fst.start < 0:
        return pool, strings
    pool.single[fst.start], pool.origin[0], pool.stack[0] = 0, fst.start, 0
    pool.counts[STATES] = pool.counts[STACK] = 1
    while pool.counts[STACK] > 0 and pool.counts[STATES] <= limit:
        pool.counts[STACK] -= 1
        state = pool.stack[pool.counts[STACK]]
        closure, strings, outcome = close_subset(fst, closure, strings, pool, state, limit)
        size = 0
        for place in range(closure.counts[0]):
            origin = closure.elements[place].state
            size += fst.offsets[origin + 1] - fst.offsets[origin]
        following = grown(following, size)
        pool, strings = with_room(pool, size), room_for_strings(strings, size)
        pool.first[state] = pool.counts[RECORDS]
        if outcome == DONE and not _add_final(fst, closure, pool):
            outcome = NOT_FUNCTIONAL
        size = _follow(fst, closure, strings, following)
        sort_elements(following, size)
        place = 0
        while place < size and outcome == DONE:
            end = place + 1
            while end < size and following[end].label == following[place].label:
                end += 1
            strings, outcome = _add_arc(pool, strings, following, place, end)
            place = end
        if outcome != DONE:
            pool.counts[STACK] = outcome
            return pool, strings
        pool.number[state] = pool.counts[RECORDS] - pool.first[state]
    return pool, strings


@jit
def _add_final(fst: FstArrays, closure: Closure, pool: SubsetPool) -> Any:
    """Add a record of the final cost, if there is one; return whether all ways to end have the same string."""
    found = False
    string, total = np.int32(0), np.float32(np.inf)
    for place in range(closure.counts[0]):
        element = closure.elements[place]
        if fst.final[element.state] < np.inf:
            if found and string != element.string:
                return False
            found, string = True, element.string
            total = log_add(total, element.weight + fst.final[element.state])
    if found:
        record = pool.records[pool.counts[RECORDS]]
        record.ilabel, record.string, record.weight, record.next = EPSILON, string, total, _FINAL
        pool.counts[RECORDS] += 1
    return True


@jit
def _follow(fst: FstArrays, closure: Closure, strings: Strings, following: AnyArray) -> Any:
    """List the states that the arcs of a closure with a label lead to, and return how many there are."""
    size = 0
    for place in range(closure.counts[0]):
        element = closure.elements[place]
        for arc in range(fst.offsets[element.state], fst.offsets[element.state + 1]):
            if fst.ilabel[arc] != EPSILON:
                entry = following[size]
                entry.label, entry.state = fst.ilabel[arc], fst.nextstate[arc]
                entry.weight = element.weight + fst.weight[arc]
                entry.string = append(strings, element.string, fst.olabel[arc])
                size += 1
    return size


@jit
def _add_arc(pool: SubsetPool, strings: Strings, following: AnyArray, begin: Any, end: Any) -> tuple[Strings, Any]:
    """Add the arc to the subset that ``following[begin:end]`` lists, without its common cost and string."""
    last = begin
    for place in range(begin + 1, end):
        entry, kept = following[place], following[last]
        if entry.state == kept.state:
            if entry.string != kept.string:
                return strings, NOT_FUNCTIONAL
            kept.weight = log_add(kept.weight, entry.weight)
        else:
            last += 1
            following[last] = entry
    common, total = following[begin].string, following[begin].weight
    for place in range(begin + 1, last + 1):
        common = common_prefix(strings, common, following[place].string)
        total = log_add(total, following[place].weight)
    record = pool.records[pool.counts[RECORDS]]
    record.ilabel, record.string, record.weight = following[begin].label, common, total
    pool.counts[RECORDS] += 1
    if last == begin:
        record.next = state_of_one(pool, following[begin].state)
        return strings, DONE
    length = strings.depth[common]
    for place in range(begin, last + 1):
        entry = following[place]
        entry.weight -= total
        strings = room_for_strings(strings, strings.depth[entry.string])
        entry.string = without_prefix(strings, entry.string, length)
    record.next = state_of_subset(pool, following, begin, last + 1)
    return strings, DONE


@jit
def _output(records: AnyArray, first: AnyArray, number: AnyArray, strings: Strings) -> FstArrays:
    """Return the result; an arc with a longer string becomes a path through new states."""
    num_states = len(first)
    num_arcs = np.int64(0)
    more = np.int64(0)
    for place in range(len(records)):
        record = records[place]
        length = np.int64(strings.depth[record.string])
        extra = length if record.next == _FINAL or length == 0 else length - 1
        more += extra
        num_arcs += extra + (record.next != _FINAL)
    offsets = np.zeros(num_states + more + 1, np.int64)
    ilabel, olabel = np.empty(num_arcs, np.int32), np.empty(num_arcs, np.int32)
    weight, nextstate = np.empty(num_arcs, np.float32), np.empty(num_arcs, np.int32)
    final = np.full(num_states + more, np.inf, np.float32)
    arc = np.int64(0)
    for state in range(num_states):
        for place in range(first[state], first[state] + number[state]):
            record = records[place]
            if record.next != _FINAL or record.string != 0:
                arc += 1
        offsets[state + 1] = arc
    new = num_states
    for state in range(num_states):
        arc = offsets[state]
        for place in range(first[state], first[state] + number[state]):
            record = records[place]
            if record.next == _FINAL and record.string == 0:
                final[state] = record.weight
                continue
            labels = labels_of(strings, record.string)
            ends = record.next == _FINAL
            num_steps = max(len(labels), 1)
            at = arc
            for step in range(num_steps):
                ilabel[at] = record.ilabel if step == 0 else EPSILON
                weight[at] = record.weight if step == 0 else np.float32(0)
                olabel[at] = labels[step] if len(labels) else EPSILON
                if step + 1 < num_steps or ends:
                    nextstate[at] = new
                    at = offsets[new]
                    has_arc = step + 1 < num_steps
                    offsets[new + 1] = at + has_arc
                    if not has_arc:
                        final[new] = np.float32(0)
                    new += 1
                else:
                    nextstate[at] = record.next
            arc += 1
    return FstArrays(np.int64(0), offsets, ilabel, olabel, weight, nextstate, final)
