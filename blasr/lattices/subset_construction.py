"""Determinization of weighted acceptors with pruning: the subset construction over pairs of costs and strings.

Kaldi's ``LatticeDeterminizerPruned`` (``lat/determinize-lattice-pruned.cc``) on arrays, in numba. A state of the output
is a subset of the states of the input, each with its residual cost and string relative to the best.
"""

from __future__ import annotations

import heapq
import math
from typing import Final

import numpy as np

from blasr.jit import jit
from blasr.lattices.subset_expansion import ConstructionInput, Workspace, bucket_of, expand
from blasr.lattices.subset_output import AcceptorFields, assemble
from blasr.lattices.subset_pruning import best_path, costs_to_end, prune
from blasr.lattices.subset_table import (
    ARC_BYTES,
    ARCS,
    ELEMENT,
    ELEMENT_BYTES,
    ELEMENTS,
    NODE_BYTES,
    RESULTS,
    SUBSET_BYTES,
    SUBSETS,
    TASK_BYTES,
    TASKS,
    Acceptor,
    Normalized,
    Pool,
    Tree,
    find,
    new_pool,
    new_tree,
    normalize,
    room_for_records,
)
from blasr.units import AnyArray

_NUM_BUCKETS: Final = 1 << 14
_RETRY_CUTOFF: Final = 0.5
_MAX_TRIES: Final = 10


def determinize(acceptor: Acceptor, beam: float, delta: float, max_memory: int) -> tuple[Acceptor, float]:
    """Return the best path of every sequence of labels within the beam, and the beam within which this holds.

    The output has no epsilon, at most one arc of a label from each state, only states on the way from state 0 to an
    end, and topological order. The effective beam is smaller than ``beam`` where ``max_memory`` bytes were used up.

    If less than half of the beam was reached, the acceptor is pruned with a narrower beam and determinized again, as in
    Kaldi's ``DeterminizeLatticePruned`` (``retry_cutoff``). An infinite beam is not narrowed. If the best path itself
    does not fit, or ties hide it, the result is this path alone, and the effective beam is 0.
    """
    if not len(acceptor.final_graph):
        return acceptor, beam
    beam, delta, whole = float(beam), float(delta), sort_arcs(acceptor)
    tried = whole
    for remaining in range(_MAX_TRIES - 1, -1, -1):
        fields, effective_beam = _construct(tried, beam, delta, max_memory)
        effective_beam = max(0.0, effective_beam)
        if effective_beam >= _RETRY_CUTOFF * beam or beam == math.inf or not remaining:
            break
        beam = max(0.5 * beam, math.sqrt(beam * effective_beam))
        tried = prune(tried, beam)
    result = Acceptor(*fields)
    if len(result.final_graph) or (effective_beam >= beam and tried is whole):
        return result, effective_beam
    path = best_path(whole)
    if path is not None:
        fields, _ = _construct(path, beam, delta, np.iinfo(np.int64).max)
        return Acceptor(*fields), 0.0
    return result, effective_beam


def sort_arcs(acceptor: Acceptor) -> Acceptor:
    """Return the same acceptor with the epsilon arcs of each state first."""
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


@jit
def _construct(acceptor: Acceptor, beam: float, delta: float, max_memory: int) -> tuple[AcceptorFields, float]:
    """Return the fields of the determinized acceptor, and the effective beam."""
    backward = costs_to_end(acceptor)
    labeled, longest = _survey(acceptor)
    inputs = ConstructionInput(acceptor, backward, labeled, backward[0] + beam, delta)
    work = _new_workspace(len(backward))
    tree = new_tree(len(acceptor.label), longest)
    pool = new_pool()
    effective_beam = beam
    start = pool.elements[0]
    start.state, start.node, start.graph, start.acoustic = 0, 0, 0.0, 0.0
    first = pool.tasks[0]
    first.begin, first.end, first.source, first.label = 0, 1, -1, 0
    pool.counts[ELEMENTS], pool.counts[TASKS] = 1, 1
    if backward[0] < np.inf:
        heapq.heappush(work.queue, (backward[0], 0))
    while len(work.queue) > 0:
        if _bytes_used(tree, pool) > max_memory:
            effective_beam = work.queue[0][0] - backward[0]
            break
        _, task = heapq.heappop(work.queue)
        source, begin, end = pool.tasks[task].source, pool.tasks[task].begin, pool.tasks[task].end
        found = normalize(tree, pool.elements, begin, end)
        initial = -1
        if source >= 0:
            head = work.initial_buckets[bucket_of(work.initial_buckets, found.hash)]
            initial = find(tree.nodes, pool, head, begin, end, found, delta)
        if initial < 0:
            tree, pool, initial = expand(inputs, work, tree, pool, task, found)
        if initial >= 0 and source >= 0:
            pool = room_for_records(pool, 0)
            _add_arc(tree, pool, task, initial, found)
    return assemble(tree.nodes, pool.arcs[: pool.counts[ARCS]], pool.counts[RESULTS]), effective_beam


@jit
def _survey(acceptor: Acceptor) -> tuple[AnyArray, int]:
    """Return, by state, the first arc with a label; and the length of the longest string."""
    num_states = len(acceptor.final_graph)
    longest = np.zeros(num_states, np.int64)
    labeled = np.empty(num_states, np.int64)
    for state in range(num_states - 1, -1, -1):
        longest[state] = acceptor.final_string_offsets[state + 1] - acceptor.final_string_offsets[state]
        labeled[state] = acceptor.offsets[state + 1]
        for arc in range(acceptor.offsets[state + 1] - 1, acceptor.offsets[state] - 1, -1):
            target = acceptor.nextstate[arc]
            length = acceptor.string_offsets[arc + 1] - acceptor.string_offsets[arc]
            longest[state] = max(longest[state], length + longest[target])
            if acceptor.label[arc] > 0:
                labeled[state] = arc
    return labeled, longest[0]


@jit
def _new_workspace(num_states: int) -> Workspace:
    queue: list[tuple[float, int]] = [(0.0, 0)]  # an item gives the list its type
    queue.pop()
    return Workspace(
        np.full(num_states, -1, np.int32),
        np.empty(num_states, ELEMENT),
        np.full(_NUM_BUCKETS, -1, np.int32),
        np.full(_NUM_BUCKETS, -1, np.int32),
        queue,
    )


@jit
def _bytes_used(tree: Tree, pool: Pool) -> int:
    counts = pool.counts
    total = tree.used[0] * NODE_BYTES + counts[ELEMENTS] * ELEMENT_BYTES + counts[SUBSETS] * SUBSET_BYTES
    return int(total + counts[TASKS] * TASK_BYTES + counts[ARCS] * ARC_BYTES)


@jit
def _add_arc(tree: Tree, pool: Pool, task: int, initial: int, found: Normalized) -> None:
    """Add the arc of a task to the output state of its initial subset."""
    source, subset = pool.tasks[task].source, pool.subsets[initial]
    base_of_source = pool.subsets[pool.results[source].subset].base
    arc = pool.arcs[pool.counts[ARCS]]
    pool.counts[ARCS] += 1
    arc.source, arc.label, arc.target = source, pool.tasks[task].label, subset.target
    arc.graph, arc.acoustic = found.graph + subset.graph, found.acoustic + subset.acoustic
    arc.from1, arc.node1 = tree.nodes[base_of_source].depth, found.base
    arc.from2, arc.node2 = tree.nodes[subset.base].depth, subset.onward
