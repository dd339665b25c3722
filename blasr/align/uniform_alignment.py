"""The first alignment of a flat start: equal times for every state (fstext/fstext-utils-inl.h EqualAlign)."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass

import numpy as np

from blasr.io.fst import Fst
from blasr.units import EPSILON, IntArray

NUM_TRIES = 10
"""Random paths tried before the one with the fewest transitions is taken."""

MAX_PATH_FACTOR = 4
"""A random walk this many times longer than the utterance is given up."""


@dataclass(frozen=True)
class _Graph:
    """A graph's arcs as Python lists, self-loops apart."""

    arcs: list[list[tuple[int, int]]]
    loops: list[int]
    start: int
    final: list[bool]

    @classmethod
    def of(cls, graph: Fst) -> _Graph:
        arcs: list[list[tuple[int, int]]] = [[] for _ in range(graph.num_states)]
        loops = [EPSILON] * graph.num_states
        columns = zip(graph.sources.tolist(), graph.ilabel.tolist(), graph.nextstate.tolist(), strict=True)
        for source, label, target in columns:
            if source != target:
                arcs[source].append((label, target))
            elif loops[source] == EPSILON:
                loops[source] = label
        return cls(arcs, loops, graph.start, np.isfinite(graph.final).tolist())


def equal_align(graph: Fst, num_frames: int, seed: int) -> IntArray | None:
    """Transition-ids ``(T,)`` of a random path whose states share the frames equally through their self-loops.

    The path is drawn among all pronunciations and optional silences, every arc being as likely as the others.

    Args:
        graph: a training graph with self-loops.
        seed: of the draw; the same gives the same alignment.

    Returns:
        None where no path is as short as ``num_frames``, or none can be stretched to it.
    """
    if graph.start < 0 or num_frames <= 0:
        return None
    lists = _Graph.of(graph)
    draw = random.Random(seed)
    for _ in range(NUM_TRIES):
        path = _random_path(lists, num_frames, draw)
        alignment = _stretched(lists, path, num_frames) if path is not None else None
        if alignment is not None:
            return alignment
    path = _shortest_path(lists)
    return _stretched(lists, path, num_frames) if path is not None else None


def _random_path(graph: _Graph, num_frames: int, draw: random.Random) -> list[tuple[int, int]] | None:
    """Arcs, as (label, target), from the start to an end; None for one that would be far too long."""
    state = graph.start
    path: list[tuple[int, int]] = []
    while len(path) <= MAX_PATH_FACTOR * num_frames + MAX_PATH_FACTOR:
        choices = graph.arcs[state]
        pick = draw.randrange(len(choices) + graph.final[state]) if choices or graph.final[state] else -1
        if pick < 0:
            return None
        if pick == len(choices):
            return path
        path.append(choices[pick])
        state = choices[pick][1]
    return None


def _shortest_path(graph: _Graph) -> list[tuple[int, int]] | None:
    """The path with the fewest transition-ids, None where nothing final can be reached."""
    came_from: dict[int, tuple[int, tuple[int, int]]] = {}
    done: set[int] = set()
    queue: list[tuple[int, int]] = [(0, graph.start)]
    best = {graph.start: 0}
    while queue:
        length, state = heapq.heappop(queue)
        if state in done:
            continue
        done.add(state)
        if graph.final[state]:
            path = []
            while state != graph.start:
                state, arc = came_from[state]
                path.append(arc)
            return path[::-1]
        for label, target in graph.arcs[state]:
            longer = length + (label != EPSILON)
            if longer < best.get(target, longer + 1):
                best[target] = longer
                came_from[target] = (state, (label, target))
                heapq.heappush(queue, (longer, target))
    return None


def _stretched(graph: _Graph, path: list[tuple[int, int]], num_frames: int) -> IntArray | None:
    """The path's labels with self-loops of the states it visits, as even as can be."""
    extra = num_frames - sum(label != EPSILON for label, _ in path)
    states = [graph.start, *(target for _, target in path)]
    num_loops = sum(graph.loops[state] != EPSILON for state in states)
    if extra < 0 or (extra > 0 and num_loops == 0):
        return None
    each, left = divmod(extra, num_loops) if num_loops else (0, 0)
    labels: list[int] = []
    for (label, _), state in zip([(EPSILON, graph.start), *path], states, strict=True):
        if label != EPSILON:
            labels.append(label)
        if graph.loops[state] != EPSILON:
            labels.extend([graph.loops[state]] * (each + (left > 0)))
            left -= left > 0
    return np.array(labels, dtype=np.int32)
