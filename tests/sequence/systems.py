"""Small random graphs, and their paths one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from blasr.sequence.graph import SequenceGraph, normalized

Doubles = NDArray[np.float64]


def random_graph(seed: int, num_states: int = 4, num_pdfs: int = 3) -> SequenceGraph:
    """A graph in which some transitions are absent, two states share a pdf, and only some states end."""
    random = np.random.default_rng(seed)
    dense = random.uniform(0.1, 1, (num_states, num_states)) * (random.uniform(size=(num_states, num_states)) < 0.6)
    dense[np.arange(num_states), (np.arange(num_states) + 1) % num_states] = 0.5
    sources, targets = np.nonzero(dense)
    initial = np.zeros(num_states)
    initial[:2] = random.uniform(0.2, 1, 2)
    final = np.where(np.arange(num_states) % 2 == 1, 0.3, 0.0)
    graph = SequenceGraph(
        initial=initial,
        final=final,
        pdf_ids=(np.arange(num_states) % num_pdfs).astype(np.int32),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=num_states))]).astype(np.int64),
        targets=targets.astype(np.int32),
        probabilities=0.25 * dense[sources, targets],
        num_pdfs=num_pdfs,
    )
    return normalized(graph)[0]


def dense_matrix(graph: SequenceGraph) -> NDArray[np.float64]:
    """The transitions as a matrix ``(S, S)``."""
    matrix = np.zeros((graph.num_states, graph.num_states))
    sources = np.repeat(np.arange(graph.num_states), np.diff(graph.offsets))
    np.add.at(matrix, (sources, graph.targets), graph.probabilities)
    return matrix


def weighted_paths(
    graph: SequenceGraph, leak: float, num_frames: int, *, whole: bool = True
) -> Iterator[tuple[list[int], float]]:
    """Every sequence of states with its probability in the leaky graph."""
    away = graph.stationary
    first, last = (graph.initial, graph.final) if whole else (away, np.ones(graph.num_states))
    matrix = (1 - leak) * dense_matrix(graph) + leak * away
    initial = (1 - leak) * first + leak * away
    final = (1 - leak) * last + leak * (away @ last)
    for states in itertools.product(range(graph.num_states), repeat=num_frames):
        weight = initial[states[0]] * final[states[-1]]
        for before, after in itertools.pairwise(states):
            weight *= matrix[before, after]
        if weight > 0:
            yield list(states), float(weight)


def random_inputs(seed: int, num_frames: int = 5, num_pdfs: int = 3) -> tuple[Doubles, Doubles]:
    """Emissions and accuracies ``(T, num_pdfs)``."""
    random = np.random.default_rng(100 + seed)
    return np.exp(random.normal(size=(num_frames, num_pdfs))), random.uniform(size=(num_frames, num_pdfs))
