"""Uniform alignment, which shares the frames equally among the states (EqualAlign of fstext/fstext-utils-inl.h)."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from typing import Final

import numpy as np

from blasr.io.fst import Fst
from blasr.units import EPSILON, IntArray

NUM_TRIES: Final = 10
"""Number of random paths to try before using the path with the fewest transitions."""

MAX_PATH_FACTOR: Final = 4
"""A random path stops when it is this many times longer than the utterance."""

TOO_SHORT_FOR_WORDS: Final = "too short for its words"
NO_PATH_IN_BEAM: Final = "with no path in the beam"


_PathArc = tuple[int, int]  # label and target


@dataclass(frozen=True)
class _Graph:
    """A graph as Python lists, by state.

    Attributes:
        arcs: arcs to other states.
        loops: the label of the self-loop, or 0.
        start: the start state.
        final: whether a path may end here.
    """

    arcs: list[list[_PathArc]]
    loops: list[int]
    start: int
    final: list[bool]

    @classmethod
    def of(cls, graph: Fst) -> _Graph:
        arcs: list[list[_PathArc]] = [[] for _ in range(graph.num_states)]
        loops = [EPSILON] * graph.num_states
        columns = zip(graph.sources.tolist(), graph.ilabel.tolist(), graph.nextstate.tolist(), strict=True)
        for source, label, target in columns:
            if source != target:
                arcs[source].append((label, target))
            elif loops[source] == EPSILON:
                loops[source] = label
        return cls(arcs, loops, graph.start, np.isfinite(graph.final).tolist())


def equal_align(graph: Fst, num_frames: int, seed: int) -> IntArray | None:
    """Align an utterance to a random path, and share the frames equally among its states.

    The path chooses among pronunciations and optional silences; all arcs out of a state are equally probable.

    Args:
        graph: a training graph with self-loops.
        num_frames: frames of the utterance (T).
        seed: seed of the random path; the same seed gives the same alignment.

    Returns:
        Transition-ids ``(T,)``, or None if every path is longer than the utterance or cannot be stretched to it.
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


def failure_reason(graph: Fst, num_frames: int) -> str:
    """The reason why an utterance has no alignment: its words do not fit, or the beam was too narrow."""
    fits = equal_align(graph, num_frames, seed=0) is not None
    return NO_PATH_IN_BEAM if fits else TOO_SHORT_FOR_WORDS


def _random_path(graph: _Graph, num_frames: int, draw: random.Random) -> list[_PathArc] | None:
    """A random path from the start to a final state; None if it becomes far too long or ends in a dead end."""
    state = graph.start
    path: list[_PathArc] = []
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


def _shortest_path(graph: _Graph) -> list[_PathArc] | None:
    """The path with the fewest transition-ids; None if no final state can be reached."""
    came_from: dict[int, tuple[int, _PathArc]] = {}
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


def _stretched(graph: _Graph, path: list[_PathArc], num_frames: int) -> IntArray | None:
    """The labels of a path with self-loops added as evenly as possible; None if the path does not fit."""
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
