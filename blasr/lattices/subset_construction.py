"""Determinisation of weighted acceptors with pruning: the subset construction over pairs of costs and strings.

Kaldi's ``LatticeDeterminizerPruned`` (``lat/determinize-lattice-pruned.cc``) on arrays, in numba. A state of the result
stands for a subset: states of the input, each with the cost and the string by which it lags behind the best.
"""

from __future__ import annotations

import hashlib
import heapq
from pathlib import Path
from typing import Any

import numba
import numpy as np

from blasr.lattices import subset_output, subset_table
from blasr.lattices.subset_output import assemble
from blasr.lattices.subset_table import (
    ARC,
    BYTES_USED,
    ELEMENT,
    MULTIPLIER,
    NODE,
    SUBSET,
    TASK,
    Acceptor,
    Tree,
    extend,
    find,
    normalize,
    room,
)
from blasr.units import AnyArray, IntArray


def determinize(acceptor: Acceptor, beam: float, delta: float, max_memory: int) -> tuple[Acceptor, float]:
    """The best path of every sequence of labels within the beam, and the beam within which this is so.

    The result has no epsilon, one arc of a label at most from each state, only states on the way from state 0 to an
    end, and topological order. The beam is smaller than asked for where ``max_memory`` bytes were used before.
    """
    if not len(acceptor.final_graph):
        return acceptor, beam
    pieces, effective_beam = _construct(sort_arcs(acceptor), float(beam), float(delta), max_memory)
    return Acceptor(*pieces), effective_beam


def sort_arcs(acceptor: Acceptor) -> Acceptor:
    """The same with the epsilon arcs of each state first."""
    sources = np.repeat(np.arange(len(acceptor.final_graph)), np.diff(acceptor.offsets))
    order = np.lexsort((acceptor.label > 0, sources))
    lengths = np.diff(acceptor.string_offsets)[order]
    string_offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
    places = np.arange(string_offsets[-1]) + np.repeat(
        acceptor.string_offsets[:-1][order] - string_offsets[:-1], lengths
    )
    return Acceptor(
        offsets=np.ascontiguousarray(acceptor.offsets, np.int64),
        label=np.ascontiguousarray(acceptor.label[order], np.int32),
        nextstate=np.ascontiguousarray(acceptor.nextstate[order], np.int32),
        graph=acceptor.graph[order],
        acoustic=acceptor.acoustic[order],
        string_offsets=string_offsets,
        string=np.ascontiguousarray(acceptor.string[places], np.int32),
        final_graph=np.ascontiguousarray(acceptor.final_graph, np.float64),
        final_acoustic=np.ascontiguousarray(acceptor.final_acoustic, np.float64),
        final_string_offsets=np.ascontiguousarray(acceptor.final_string_offsets, np.int64),
        final_string=np.ascontiguousarray(acceptor.final_string, np.int32),
    )


def _compile_construction(sources: str) -> Any:
    """The construction itself, to be compiled at its first call and cached on disk.

    ``sources`` stands for the modules whose functions it calls: numba would not notice that they changed.
    """

    @numba.njit(cache=True, nogil=True)
    def construct(
        acceptor: Acceptor, beam: float, delta: float, max_memory: int
    ) -> tuple[
        tuple[
            AnyArray, IntArray, IntArray, AnyArray, AnyArray, AnyArray, IntArray, AnyArray, AnyArray, AnyArray, IntArray
        ],
        float,
    ]:
        """The fields of the determinised acceptor, and the beam that was reached."""
        _ = sources
        num_states, num_arcs = len(acceptor.final_graph), len(acceptor.label)
        # The best cost from every state to an end, the longest string on the way, and where the arcs with labels begin.
        backward = np.empty(num_states, np.float64)
        longest = np.zeros(num_states, np.int64)
        labelled = np.empty(num_states, np.int64)
        for state in range(num_states - 1, -1, -1):
            backward[state] = acceptor.final_graph[state] + acceptor.final_acoustic[state]
            longest[state] = acceptor.final_string_offsets[state + 1] - acceptor.final_string_offsets[state]
            labelled[state] = acceptor.offsets[state + 1]
            for arc in range(acceptor.offsets[state + 1] - 1, acceptor.offsets[state] - 1, -1):
                target = acceptor.nextstate[arc]
                backward[state] = min(backward[state], acceptor.graph[arc] + acceptor.acoustic[arc] + backward[target])
                length = acceptor.string_offsets[arc + 1] - acceptor.string_offsets[arc]
                longest[state] = max(longest[state], length + longest[target])
                if acceptor.label[arc] > 0:
                    labelled[state] = arc
        cutoff = backward[0] + beam
        powers = np.empty(longest[0] + 2, np.int64)
        powers[0] = 1
        for exponent in range(1, len(powers)):
            powers[exponent] = powers[exponent - 1] * np.int64(MULTIPLIER)

        size = 1024
        while size < num_arcs and size < 1 << 22:
            size *= 2
        tree = Tree(np.empty(4096, NODE), np.full(size, -1, np.int32), np.ones(1, np.int64))
        root = tree.nodes[0]
        root.hash, root.parent, root.label, root.depth, root.next = 0, -1, 0, 0, -1
        elements = np.empty(4096, ELEMENT)
        subsets = np.empty(1024, SUBSET)
        tasks = np.empty(1024, TASK)
        arcs = np.empty(1024, ARC)
        subset_buckets = np.full(1 << 14, -1, np.int32)
        initial_buckets = np.full(1 << 14, -1, np.int32)
        forward = np.empty(1024, np.float64)
        subset_of = np.empty(1024, np.int32)  # of each state of the result
        num_elements, num_subsets, num_tasks, num_found, num_results = 0, 0, 0, 0, 0
        # What an epsilon closure has reached, by state of the input.
        place = np.full(num_states, -1, np.int32)
        closure = np.empty(num_states, ELEMENT)
        waiting = [np.int64(0)]
        waiting.pop()
        queue = [(0.0, 0)]
        queue.pop()
        effective_beam = beam

        elements[0].state, elements[0].node, elements[0].graph, elements[0].acoustic = 0, 0, 0.0, 0.0
        tasks[0].begin, tasks[0].end, tasks[0].source, tasks[0].label = 0, 1, -1, 0
        num_elements, num_tasks = 1, 1
        if backward[0] < np.inf:
            heapq.heappush(queue, (backward[0], 0))
        while len(queue) > 0:
            used = tree.used[0] + num_elements + num_subsets + num_tasks + num_found
            if used * BYTES_USED > max_memory:
                effective_beam = queue[0][0] - backward[0]
                break
            _, task = heapq.heappop(queue)
            source, label, begin, end = tasks[task].source, tasks[task].label, tasks[task].begin, tasks[task].end
            graph, acoustic, base, key = normalize(tree.nodes, elements, begin, end, powers)
            initial = -1
            if source >= 0:
                candidate = initial_buckets[(key >> 7) & (len(initial_buckets) - 1)]
                initial = find(tree.nodes, elements, subsets, candidate, begin, end, base, key, delta)
            else:
                graph, acoustic = 0.0, 0.0
            if initial < 0:
                # EpsilonClosure: the input's states are taken in order, so that each is left once.
                num_closed = 0
                for index in range(begin, end):
                    closure[num_closed] = elements[index]
                    place[elements[index].state] = num_closed
                    heapq.heappush(waiting, np.int64(elements[index].state))
                    num_closed += 1
                first = num_elements  # of the minimal subset
                while len(waiting) > 0:
                    state = int(heapq.heappop(waiting))
                    element = closure[place[state]]
                    for arc in range(acceptor.offsets[state], labelled[state]):
                        target = acceptor.nextstate[arc]
                        if backward[target] == np.inf:
                            continue
                        new_graph = element.graph + acceptor.graph[arc]
                        new_acoustic = element.acoustic + acceptor.acoustic[arc]
                        position = place[target]
                        if position >= 0:
                            old = closure[position]
                            difference = new_graph + new_acoustic - old.graph - old.acoustic
                            if difference > 0 or (difference == 0 and new_graph >= old.graph):
                                continue
                        else:
                            position = num_closed
                            place[target] = position
                            num_closed += 1
                            heapq.heappush(waiting, np.int64(target))
                        string = acceptor.string[acceptor.string_offsets[arc] : acceptor.string_offsets[arc + 1]]
                        tree, node = extend(tree, element.node, string, powers)
                        closure[position].state, closure[position].node = target, node
                        closure[position].graph, closure[position].acoustic = new_graph, new_acoustic
                    # ConvertToMinimal: only states that end or have a label behind them.
                    if labelled[state] < acceptor.offsets[state + 1] or acceptor.final_graph[state] < np.inf:
                        elements = room(elements, num_elements + 1)
                        elements[num_elements] = closure[place[state]]
                        num_elements += 1
                for index in range(num_closed):
                    place[closure[index].state] = -1
                if num_elements == first:
                    continue
                more_graph, more_acoustic, onward, minimal_key = normalize(
                    tree.nodes, elements, first, num_elements, powers
                )
                if source < 0:  # the start has no arc into it that could carry what all its paths have in common
                    for index in range(first, num_elements):
                        elements[index].graph += more_graph
                        elements[index].acoustic += more_acoustic
                    more_graph, more_acoustic, onward = 0.0, 0.0, 0
                bucket = (minimal_key >> 7) & (len(subset_buckets) - 1)
                minimal = -1
                if source >= 0:
                    minimal = find(
                        tree.nodes,
                        elements,
                        subsets,
                        subset_buckets[bucket],
                        first,
                        num_elements,
                        onward,
                        minimal_key,
                        delta,
                    )
                subsets = room(subsets, num_subsets + 2)
                if minimal >= 0:
                    target = subsets[minimal].target
                    num_elements = first
                else:
                    target = num_results
                    num_results += 1
                    forward = room(forward, num_results)
                    subset_of = room(subset_of, num_results)
                    forward[target] = graph + acoustic + more_graph + more_acoustic
                    if source >= 0:
                        forward[target] += forward[source]
                    subset_of[target] = num_subsets
                    entry = subsets[num_subsets]
                    entry.hash, entry.begin, entry.end, entry.base = minimal_key, first, num_elements, onward
                    entry.graph, entry.acoustic, entry.onward, entry.target = 0.0, 0.0, onward, target
                    entry.next = -1
                    if source >= 0:
                        entry.next = subset_buckets[bucket]
                        subset_buckets[bucket] = num_subsets
                    num_subsets += 1

                    # ProcessFinal
                    best_graph, best_acoustic, best_node = np.inf, np.inf, -1
                    for index in range(first, num_elements):
                        state = elements[index].state
                        new_graph = elements[index].graph + acceptor.final_graph[state]
                        new_acoustic = elements[index].acoustic + acceptor.final_acoustic[state]
                        if new_graph + new_acoustic < best_graph + best_acoustic:
                            best_graph, best_acoustic, best_node = new_graph, new_acoustic, index
                    if best_node >= 0 and forward[target] + best_graph + best_acoustic <= cutoff:
                        state = elements[best_node].state
                        string = acceptor.final_string[
                            acceptor.final_string_offsets[state] : acceptor.final_string_offsets[state + 1]
                        ]
                        tree, node = extend(tree, elements[best_node].node, string, powers)
                        arcs = room(arcs, num_found + 1)
                        found = arcs[num_found]
                        num_found += 1
                        found.source, found.label, found.target = target, 0, -1
                        found.graph, found.acoustic = best_graph, best_acoustic
                        found.from1, found.node1, found.from2, found.node2 = tree.nodes[onward].depth, node, 0, 0

                    # ProcessTransitions: one task for each label.
                    count = 0
                    for index in range(first, num_elements):
                        state = elements[index].state
                        count += acceptor.offsets[state + 1] - labelled[state]
                    keys = np.empty(count, np.int64)
                    moves = np.empty(count, ELEMENT)
                    count = 0
                    for index in range(first, num_elements):
                        element = elements[index]
                        for arc in range(labelled[element.state], acceptor.offsets[element.state + 1]):
                            following = acceptor.nextstate[arc]
                            if backward[following] == np.inf:
                                continue
                            string = acceptor.string[acceptor.string_offsets[arc] : acceptor.string_offsets[arc + 1]]
                            tree, node = extend(tree, element.node, string, powers)
                            keys[count] = np.int64(acceptor.label[arc]) * num_states + following
                            moves[count].state, moves[count].node = following, node
                            moves[count].graph = element.graph + acceptor.graph[arc]
                            moves[count].acoustic = element.acoustic + acceptor.acoustic[arc]
                            count += 1
                    order = np.argsort(keys[:count], kind="mergesort")
                    elements = room(elements, num_elements + count)
                    index = 0
                    while index < count:
                        new_label = keys[order[index]] // num_states
                        start, priority = num_elements, np.inf
                        while index < count and keys[order[index]] // num_states == new_label:
                            move = moves[order[index]]
                            cost = move.graph + move.acoustic
                            priority = min(priority, forward[target] + cost + backward[move.state])
                            if num_elements > start and elements[num_elements - 1].state == move.state:
                                old = elements[num_elements - 1]
                                difference = cost - old.graph - old.acoustic
                                if difference < 0 or (difference == 0 and move.graph < old.graph):
                                    elements[num_elements - 1] = move
                            else:
                                elements[num_elements] = move
                                num_elements += 1
                            index += 1
                        if priority > cutoff:
                            num_elements = start
                            continue
                        tasks = room(tasks, num_tasks + 1)
                        tasks[num_tasks].begin, tasks[num_tasks].end = start, num_elements
                        tasks[num_tasks].source, tasks[num_tasks].label = target, new_label
                        heapq.heappush(queue, (priority, num_tasks))
                        num_tasks += 1
                initial = num_subsets
                num_subsets += 1
                entry = subsets[initial]
                entry.hash, entry.begin, entry.end, entry.base = key, begin, end, base
                entry.graph, entry.acoustic, entry.onward, entry.target = more_graph, more_acoustic, onward, target
                bucket = (key >> 7) & (len(initial_buckets) - 1)
                entry.next = -1
                if source >= 0:
                    entry.next = initial_buckets[bucket]
                    initial_buckets[bucket] = initial
            if source < 0:
                continue
            arcs = room(arcs, num_found + 1)
            found = arcs[num_found]
            num_found += 1
            entry = subsets[initial]
            found.source, found.label, found.target = source, label, entry.target
            found.graph, found.acoustic = graph + entry.graph, acoustic + entry.acoustic
            found.from1, found.node1 = tree.nodes[subsets[subset_of[source]].base].depth, base
            found.from2, found.node2 = tree.nodes[entry.base].depth, entry.onward
        return assemble(tree.nodes, arcs[:num_found], num_results), effective_beam

    return construct


_construct = _compile_construction(
    hashlib.sha256(
        b"".join(Path(str(module.__file__)).read_bytes() for module in (subset_table, subset_output))
    ).hexdigest()
)
