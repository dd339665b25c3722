"""The words that may come next after each state of a decoding graph, as sets of intervals.

Words are numbered in the order of a depth-first search, which is that of the lexicon's tree. The words below a node of
the tree are then consecutive, and most sets have one interval (OpenFst's ``LabelReachable``, Allauzen et al. 2009, "A
generalized composition algorithm for weighted finite-state transducers").
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from blasr.jit import grown, jit
from blasr.units import AnyArray, FloatArray, IntArray

MAX_INTERVALS: Final = 12
"""Sets with more intervals are widened: the smallest gaps between their intervals are closed."""
ANY_WORD: Final = -1
"""The class of states from which every word is reachable."""


class ReachableWords(NamedTuple):
    """Classes of states with the same next words.

    Attributes:
        order: the number of each word-id, from 1; 0 for words that the graph does not have.
        state_class: the class of each state; :data:`ANY_WORD` if all words are reachable.
        offsets: class c has the intervals ``offsets[c]:offsets[c + 1]``, sorted.
        begins, ends: the first number of each interval, and the number after its last.
        may_end: whether the utterance may end before the next word, by class.
    """

    order: IntArray
    state_class: IntArray
    offsets: AnyArray
    begins: IntArray
    ends: IntArray
    may_end: AnyArray


class _Classes(NamedTuple):
    """The sets found so far; ``counts`` has the number of classes and of intervals, ``table`` finds a set's class."""

    offsets: AnyArray
    begins: IntArray
    ends: IntArray
    may_end: AnyArray
    counts: AnyArray
    table: IntArray


def reachable_words(
    start: int, offsets: AnyArray, olabel: IntArray, nextstate: IntArray, final: FloatArray
) -> ReachableWords:
    """Return the next words of every state; state s has the arcs ``offsets[s]:offsets[s + 1]``."""
    order = np.zeros(int(olabel.max(initial=0)) + 1, np.int32)
    state_class, classes = _search(start, offsets, olabel, nextstate, final, order)
    num_classes, num_intervals = classes.counts.tolist()
    class_offsets, begins = classes.offsets[: num_classes + 1], classes.begins[:num_intervals]
    ends = classes.ends[:num_intervals]
    is_any = np.zeros(num_classes + 1, np.bool_)  # its last entry is for states that lead nowhere
    single = np.flatnonzero(np.diff(class_offsets) == 1)
    first = class_offsets[single]
    is_any[single] = (begins[first] == 1) & (ends[first] == order.max() + 1)
    state_class[is_any[state_class]] = ANY_WORD
    return ReachableWords(order, state_class, class_offsets, begins, ends, classes.may_end[:num_classes])


@jit
def _search(
    start: int, offsets: AnyArray, olabel: IntArray, nextstate: IntArray, final: FloatArray, order: IntArray
) -> tuple[IntArray, _Classes]:
    """Tarjan's algorithm on the arcs without words: a component is complete after all components that it leads to.

    Return the class of each state; store the numbers of words in ``order``.
    """
    num_states = len(final)
    num_words = 0
    state_class = np.full(num_states, -1, np.int32)
    found = np.full(num_states, -1, np.int32)  # when the search reached a state
    lowest = np.empty(num_states, np.int32)
    done = np.zeros(num_states, np.bool_)
    next_arc = offsets[:-1].copy()
    path = np.empty(num_states, np.int32)
    open_states = np.empty(num_states, np.int32)
    num_found, num_open = 0, 0
    table_size = 4096
    while table_size < 2 * num_states:
        table_size *= 2
    classes = _Classes(
        np.zeros(1024, np.int64),
        np.empty(1024, np.int32),
        np.empty(1024, np.int32),
        np.empty(1024, np.bool_),
        np.zeros(2, np.int64),
        np.full(table_size, -1, np.int32),
    )
    for root in range(-1, num_states):
        height = 0
        push = start if root < 0 else root
        if found[push] >= 0:
            continue
        while True:
            if push >= 0:
                found[push] = lowest[push] = num_found
                num_found += 1
                path[height] = open_states[num_open] = push
                height += 1
                num_open += 1
                push = -1
            state = path[height - 1]
            arc = next_arc[state]
            if arc < offsets[state + 1]:
                next_arc[state] += 1
                word, target = olabel[arc], nextstate[arc]
                if word > 0:
                    if order[word] == 0:
                        num_words += 1
                        order[word] = num_words
                elif found[target] < 0:
                    push = target
                elif not done[target]:
                    lowest[state] = min(lowest[state], found[target])
                continue
            height -= 1
            if lowest[state] == found[state]:
                first = num_open - 1
                while open_states[first] != state:
                    first -= 1
                members = open_states[first:num_open]
                arcs = (offsets, olabel, nextstate)
                number, classes = _class_of(members, arcs, final, order, state_class, done, classes)
                for member in members:
                    state_class[member] = number
                    done[member] = True
                num_open = first
            if height == 0:
                break
            above = path[height - 1]
            lowest[above] = min(lowest[above], lowest[state])
    return state_class, classes


@jit
def _class_of(
    members: IntArray,
    arcs: tuple[AnyArray, IntArray, IntArray],
    final: FloatArray,
    order: IntArray,
    state_class: IntArray,
    done: AnyArray,
    classes: _Classes,
) -> tuple[int, _Classes]:
    """Return the class of a component, -1 if it leads nowhere; its successors are done."""
    offsets, olabel, nextstate = arcs
    may_end = False
    begins, ends = np.empty(64, np.int32), np.empty(64, np.int32)
    count, num_sets = 0, 0
    last = -1  # the class that was added last: neighboring arcs often lead to the same one
    for state in members:
        may_end |= final[state] < np.inf
        for arc in range(offsets[state], offsets[state + 1]):
            word = olabel[arc]
            number = state_class[nextstate[arc]]
            if word > 0:
                begins, ends = grown(begins, count + 1), grown(ends, count + 1)
                begins[count], ends[count] = order[word], order[word] + 1
                count += 1
                num_sets += 1
            elif done[nextstate[arc]] and number >= 0 and number != last:
                last = number
                num_sets += 1
                may_end |= classes.may_end[number]
                first, end = classes.offsets[number], classes.offsets[number + 1]
                begins, ends = grown(begins, count + end - first), grown(ends, count + end - first)
                begins[count : count + end - first] = classes.begins[first:end]
                ends[count : count + end - first] = classes.ends[first:end]
                count += end - first
    if count == 0 and not may_end:
        return -1, classes
    if num_sets == 1 and last >= 0 and classes.may_end[last] == may_end:
        return last, classes
    count = _merge(begins, ends, count)
    return _find(begins[:count], ends[:count], may_end, classes)


@jit
def _merge(begins: IntArray, ends: IntArray, count: int) -> int:
    """Sort intervals and join those that touch, or more if there are too many; return how many are left."""
    by_begin = np.argsort(begins[:count])
    sorted_begins, sorted_ends = begins[:count][by_begin], ends[:count][by_begin]
    kept = 0
    for position in range(count):
        if kept > 0 and sorted_begins[position] <= ends[kept - 1]:
            ends[kept - 1] = max(ends[kept - 1], sorted_ends[position])
        else:
            begins[kept], ends[kept] = sorted_begins[position], sorted_ends[position]
            kept += 1
    if kept <= MAX_INTERVALS:
        return kept
    gaps = begins[1:kept] - ends[: kept - 1]
    widest = np.sort(np.argsort(-gaps)[: MAX_INTERVALS - 1])
    last = ends[kept - 1]
    for position, gap in enumerate(widest):  # the interval before the gap ends there, and the one after it begins
        ends[position] = ends[gap]
        begins[position + 1] = begins[gap + 1]
    ends[MAX_INTERVALS - 1] = last
    return MAX_INTERVALS


@jit
def _find(begins: IntArray, ends: IntArray, may_end: bool, classes: _Classes) -> tuple[int, _Classes]:
    """Return the class of a set of intervals, a new one if there is none yet."""
    mixed = np.uint64(may_end)
    for position in range(len(begins)):
        mixed = (mixed ^ np.uint64(begins[position])) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ np.uint64(ends[position]) ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    table = classes.table
    slot = np.int64(mixed & np.uint64(len(table) - 1))
    while table[slot] >= 0:
        number = table[slot]
        first, end = classes.offsets[number], classes.offsets[number + 1]
        if (
            classes.may_end[number] == may_end
            and np.array_equal(classes.begins[first:end], begins)
            and np.array_equal(classes.ends[first:end], ends)
        ):
            return number, classes
        slot = (slot + 1) & (len(table) - 1)
    number, first = classes.counts
    classes = _Classes(
        grown(classes.offsets, number + 2),
        grown(classes.begins, first + len(begins)),
        grown(classes.ends, first + len(begins)),
        grown(classes.may_end, number + 1),
        classes.counts,
        table,
    )
    classes.begins[first : first + len(begins)] = begins
    classes.ends[first : first + len(begins)] = ends
    classes.offsets[number + 1] = first + len(begins)
    classes.may_end[number] = may_end
    classes.counts[:] = number + 1, first + len(begins)
    table[slot] = number
    return number, classes
