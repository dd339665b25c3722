"""The steps that make one state of the determinized acceptor: closure, minimal subset, final cost, and new tasks.

The docstrings name the matching functions of Kaldi's ``LatticeDeterminizerPruned``. All functions append to
the tree of strings and to the pool of records, and return both, since the arrays grow.
"""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

import numpy as np

from blasr.jit import jit
from blasr.lattices.subset_table import (
    ARCS,
    ELEMENT,
    ELEMENTS,
    RESULTS,
    SUBSETS,
    TASKS,
    Acceptor,
    Normalized,
    Pool,
    Tree,
    extend,
    find,
    is_better,
    normalize,
    room_for_elements,
    room_for_nodes,
    room_for_records,
)
from blasr.units import AnyArray, IntArray


class ConstructionInput(NamedTuple):
    """The acceptor to determinize, and the limits.

    Attributes:
        acceptor: its states in topological order, the epsilon arcs of each state first.
        backward: by state, the cost of the best path to an end.
        labeled: by state, its first arc with a label.
        cutoff: the highest cost of a path that is kept.
        delta: costs of subsets that differ by up to this count as equal.
    """

    acceptor: Acceptor
    backward: AnyArray
    labeled: AnyArray
    cutoff: float
    delta: float


class Workspace(NamedTuple):
    """Arrays and queues that last as long as the construction.

    Attributes:
        place: by state of the input, its place in ``closure``; -1 while no closure is computed.
        closure: elements that an epsilon closure has reached.
        minimal_buckets, initial_buckets: chains of subsets by hash.
        queue: a heap of the priorities and numbers of the waiting tasks.
    """

    place: IntArray
    closure: AnyArray
    minimal_buckets: IntArray
    initial_buckets: IntArray
    queue: list[tuple[float, int]]


@jit
def bucket_of(buckets: IntArray, key: int) -> int:
    """Return the bucket of a subset's hash; the number of buckets is a power of two."""
    return (key >> 7) & (len(buckets) - 1)


@jit
def expand(
    inputs: ConstructionInput, work: Workspace, tree: Tree, pool: Pool, task: int, found: Normalized
) -> tuple[Tree, Pool, int]:
    """``InitialToStateId``: make the initial subset of a task and, if needed, the output state that it leads to.

    ``found`` is the result of normalizing the task's elements. The subset is returned last; it is -1 if no path
    from it reaches an end.
    """
    source, begin, end = pool.tasks[task].source, pool.tasks[task].begin, pool.tasks[task].end
    first = pool.counts[ELEMENTS]
    tree, pool = _close(inputs, work, tree, pool, begin, end)
    last = pool.counts[ELEMENTS]
    if last == first:
        return tree, pool, -1
    more = normalize(tree, pool.elements, first, last)
    if source < 0:  # no arc into the start could carry what all paths have in common
        for index in range(first, last):
            pool.elements[index].graph += more.graph
            pool.elements[index].acoustic += more.acoustic
        more = Normalized(0.0, 0.0, 0, more.hash)
    pool = room_for_records(pool, 0)
    minimal = -1
    if source >= 0:
        head = work.minimal_buckets[bucket_of(work.minimal_buckets, more.hash)]
        minimal = find(tree.nodes, pool, head, first, last, more, inputs.delta)
    if minimal >= 0:
        target = pool.subsets[minimal].target
        pool.counts[ELEMENTS] = first
    else:
        target = _add_result(work, pool, source, first, found, more)
        tree = _add_final(inputs, tree, pool, target)
        tree, pool = _add_tasks(inputs, work, tree, pool, target)
    initial = pool.counts[SUBSETS]
    pool.counts[SUBSETS] += 1
    entry = pool.subsets[initial]
    entry.hash, entry.begin, entry.end, entry.base = found.hash, begin, end, found.base
    entry.graph, entry.acoustic, entry.onward, entry.target = more.graph, more.acoustic, more.base, target
    entry.next = -1
    if source >= 0:
        bucket = bucket_of(work.initial_buckets, found.hash)
        entry.next = work.initial_buckets[bucket]
        work.initial_buckets[bucket] = initial
    return tree, pool, initial


@jit
def _close(
    inputs: ConstructionInput, work: Workspace, tree: Tree, pool: Pool, begin: int, end: int
) -> tuple[Tree, Pool]:
    """``EpsilonClosure`` and ``ConvertToMinimal``: append the elements that epsilon arcs reach, if they can continue.

    An element can continue if its state is final or has an arc with a label. States are taken in topological order, so
    that each is expanded once.
    """
    acceptor, labeled, place, closure = inputs.acceptor, inputs.labeled, work.place, work.closure
    counts = pool.counts
    waiting = [np.int64(0)]
    waiting.pop()
    num_closed = 0
    for index in range(begin, end):
        closure[num_closed] = pool.elements[index]
        place[pool.elements[index].state] = num_closed
        heapq.heappush(waiting, np.int64(pool.elements[index].state))
        num_closed += 1
    while len(waiting) > 0:
        state = int(heapq.heappop(waiting))
        element = closure[place[state]]
        begin, end = acceptor.offsets[state], labeled[state]
        length = acceptor.string_offsets[end] - acceptor.string_offsets[begin]
        if tree.used[0] + length > len(tree.nodes):
            tree = room_for_nodes(tree, length)
        for arc in range(begin, end):
            target = acceptor.nextstate[arc]
            if inputs.backward[target] == np.inf:
                continue
            graph, acoustic = element.graph + acceptor.graph[arc], element.acoustic + acceptor.acoustic[arc]
            position = place[target]
            if position < 0:
                position = place[target] = num_closed
                num_closed += 1
                heapq.heappush(waiting, np.int64(target))
            elif not is_better(graph, acoustic, closure[position]):
                continue
            string = acceptor.string[acceptor.string_offsets[arc] : acceptor.string_offsets[arc + 1]]
            closure[position].state, closure[position].node = target, extend(tree, element.node, string)
            closure[position].graph, closure[position].acoustic = graph, acoustic
        if end < acceptor.offsets[state + 1] or acceptor.final_graph[state] < np.inf:
            if counts[ELEMENTS] == len(pool.elements):
                pool = room_for_elements(pool, 1)
            pool.elements[counts[ELEMENTS]] = element
            counts[ELEMENTS] += 1
    for index in range(num_closed):
        place[closure[index].state] = -1
    return tree, pool


@jit
def _add_result(work: Workspace, pool: Pool, source: int, first: int, found: Normalized, more: Normalized) -> int:
    """Add an output state for the minimal subset of the elements from ``first`` on; return the state."""
    target, subset = pool.counts[RESULTS], pool.counts[SUBSETS]
    pool.counts[RESULTS] += 1
    pool.counts[SUBSETS] += 1
    forward = found.graph + found.acoustic + more.graph + more.acoustic
    if source >= 0:
        forward += pool.results[source].forward
    pool.results[target].forward, pool.results[target].subset = forward, subset
    entry = pool.subsets[subset]
    entry.hash, entry.begin, entry.end, entry.base = more.hash, first, pool.counts[ELEMENTS], more.base
    entry.graph, entry.acoustic, entry.onward, entry.target = 0.0, 0.0, more.base, target
    entry.next = -1
    if source >= 0:
        bucket = bucket_of(work.minimal_buckets, more.hash)
        entry.next = work.minimal_buckets[bucket]
        work.minimal_buckets[bucket] = subset
    return int(target)


@jit
def _add_final(inputs: ConstructionInput, tree: Tree, pool: Pool, result: int) -> Tree:
    """``ProcessFinal``: add the end of an output state, if the best path that ends there is below the cutoff."""
    acceptor, elements = inputs.acceptor, pool.elements
    subset = pool.subsets[pool.results[result].subset]
    best_graph, best_acoustic, best = np.inf, np.inf, -1
    for index in range(subset.begin, subset.end):
        state = elements[index].state
        graph = elements[index].graph + acceptor.final_graph[state]
        acoustic = elements[index].acoustic + acceptor.final_acoustic[state]
        if graph + acoustic < best_graph + best_acoustic:
            best_graph, best_acoustic, best = graph, acoustic, index
    if best < 0 or not pool.results[result].forward + best_graph + best_acoustic <= inputs.cutoff:
        return tree
    state = elements[best].state
    string = acceptor.final_string[acceptor.final_string_offsets[state] : acceptor.final_string_offsets[state + 1]]
    tree = room_for_nodes(tree, len(string))
    node = extend(tree, elements[best].node, string)
    arc = pool.arcs[pool.counts[ARCS]]
    pool.counts[ARCS] += 1
    arc.source, arc.label, arc.target = result, 0, -1
    arc.graph, arc.acoustic = best_graph, best_acoustic
    arc.from1, arc.node1, arc.from2, arc.node2 = tree.nodes[subset.base].depth, node, 0, 0
    return tree


@jit
def _add_tasks(inputs: ConstructionInput, work: Workspace, tree: Tree, pool: Pool, result: int) -> tuple[Tree, Pool]:
    """``ProcessTransitions``: add a task for each label that leaves an output state below the cutoff."""
    tree, keys, moves = _moves(inputs, tree, pool, result)
    order = np.argsort(keys, kind="mergesort")
    pool = room_for_records(room_for_elements(pool, len(keys)), len(keys))
    elements, counts = pool.elements, pool.counts
    num_states = len(inputs.backward)
    forward = pool.results[result].forward
    index = 0
    while index < len(keys):
        label = keys[order[index]] // num_states
        begin, priority = counts[ELEMENTS], np.inf
        while index < len(keys) and keys[order[index]] // num_states == label:
            move = moves[order[index]]
            priority = min(priority, forward + (move.graph + move.acoustic) + inputs.backward[move.state])
            _append_best(elements, counts, begin, move)
            index += 1
        if priority > inputs.cutoff:
            counts[ELEMENTS] = begin
            continue
        task = counts[TASKS]
        counts[TASKS] += 1
        pool.tasks[task].begin, pool.tasks[task].end = begin, counts[ELEMENTS]
        pool.tasks[task].source, pool.tasks[task].label = result, label
        heapq.heappush(work.queue, (priority, task))
    return tree, pool


@jit
def _append_best(elements: AnyArray, counts: AnyArray, begin: int, move: Any) -> None:
    """Append an element; if both belong to the same state, it replaces the last one or is dropped."""
    end = counts[ELEMENTS]
    if end > begin and elements[end - 1].state == move.state:
        old = elements[end - 1]
        if is_better(move.graph, move.acoustic, old):
            elements[end - 1] = move
    else:
        elements[end] = move
        counts[ELEMENTS] += 1


@jit
def _moves(inputs: ConstructionInput, tree: Tree, pool: Pool, result: int) -> tuple[Tree, AnyArray, AnyArray]:
    """Return what the labeled arcs of an output state's subset reach: keys that sort by label and state, elements."""
    acceptor, labeled = inputs.acceptor, inputs.labeled
    subset = pool.subsets[pool.results[result].subset]
    count = 0
    for index in range(subset.begin, subset.end):
        state = pool.elements[index].state
        count += acceptor.offsets[state + 1] - labeled[state]
    keys = np.empty(count, np.int64)
    moves = np.empty(count, ELEMENT)
    count = 0
    for index in range(subset.begin, subset.end):
        element = pool.elements[index]
        begin, end = labeled[element.state], acceptor.offsets[element.state + 1]
        tree = room_for_nodes(tree, acceptor.string_offsets[end] - acceptor.string_offsets[begin])
        for arc in range(begin, end):
            following = acceptor.nextstate[arc]
            if inputs.backward[following] == np.inf:
                continue
            string = acceptor.string[acceptor.string_offsets[arc] : acceptor.string_offsets[arc + 1]]
            keys[count] = np.int64(acceptor.label[arc]) * len(inputs.backward) + following
            moves[count].state, moves[count].node = following, extend(tree, element.node, string)
            moves[count].graph = element.graph + acceptor.graph[arc]
            moves[count].acoustic = element.acoustic + acceptor.acoustic[arc]
            count += 1
    return tree, keys[:count], moves[:count]
