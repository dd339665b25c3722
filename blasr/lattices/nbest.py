"""The N best word sequences of a compact lattice (``lattice-to-nbest``), and the best path of a given one."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice

import numpy as np

from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.lattice import BestPath
from blasr.lattices.word_arcs import WordArc, WordArcs

_Tail = tuple[WordArc, "_Tail | None"]


def n_best(
    lattice: CompactLattice, number: int, scales: CostScales | None = None, *, utterance: str | None = None
) -> list[BestPath]:
    """Return the best paths of up to ``number`` word sequences, the best first; each word sequence once.

    Raises:
        DataError: the lattice has a cycle or no path.
    """
    return list(islice(best_paths(lattice, scales, utterance=utterance), number))


def best_paths(
    lattice: CompactLattice, scales: CostScales | None = None, *, utterance: str | None = None
) -> Iterator[BestPath]:
    """Yield the best path of every word sequence, in the order of costs.

    An A* search; its heuristic, the cost of the best path to the end, is exact.
    """
    arcs = WordArcs.of(lattice, scales, utterance)
    leaving, backward = arcs.leaving(), arcs.backward_costs()
    numbers = count()
    seen: set[tuple[int, ...]] = set()
    queue: list[tuple[float, int, float, int, _Tail | None]] = [
        (backward[arcs.start], next(numbers), 0.0, arcs.start, None)
    ]
    while queue:
        _, _, cost, state, tail = heapq.heappop(queue)
        if state == arcs.end:
            path = _unwind(arcs, tail)
            words = tuple(path.words.tolist())
            if words not in seen:
                seen.add(words)
                yield path
            continue
        for arc in leaving[state]:
            total = cost + arc.cost
            heapq.heappush(queue, (total + backward[arc.target], next(numbers), total, arc.target, (arc, tail)))


def distinct_sentences(
    paths: Iterable[BestPath], text: Callable[[Sequence[int]], list[str]]
) -> Iterator[tuple[list[str], BestPath]]:
    """Yield the words of paths and the paths; of several paths with the same words in different pieces, only the first.

    Args:
        paths: the best first.
        text: returns the words of word-ids, for example :meth:`blasr.lattices.timed_words.PathFormatter.text`.
    """
    seen: set[tuple[str, ...]] = set()
    for path in paths:
        sentence = text(path.words.tolist())
        if tuple(sentence) not in seen:
            seen.add(tuple(sentence))
            yield sentence, path


def path_of_words(
    lattice: CompactLattice, words: Sequence[int], scales: CostScales | None = None, *, utterance: str | None = None
) -> BestPath | None:
    """Return the best path with exactly these words; None if the lattice has none."""
    arcs = WordArcs.of(lattice, scales, utterance)
    best: dict[tuple[int, int], tuple[float, _Tail | None]] = {(arcs.start, 0): (0.0, None)}
    for source, leaving in _by_source(arcs):
        for used in range(len(words) + 1):
            if (source, used) not in best:
                continue
            cost, tail = best[source, used]
            for arc in leaving:
                if arc.word and (used == len(words) or arc.word != words[used]):
                    continue
                key = arc.target, used + (arc.word > 0)
                if key not in best or cost + arc.cost < best[key][0]:
                    best[key] = cost + arc.cost, (arc, tail)
    found = best.get((arcs.end, len(words)))
    return None if found is None else _unwind(arcs, found[1])


def _by_source(arcs: WordArcs) -> Iterator[tuple[int, list[WordArc]]]:
    """Yield the states in topological order, and the arcs that leave each."""
    leaving = arcs.leaving()
    for source in dict.fromkeys(arc.source for arc in arcs.arcs):
        yield source, leaving[source]


def _unwind(arcs: WordArcs, tail: _Tail | None) -> BestPath:
    path: list[WordArc] = []
    while tail is not None:
        path.append(tail[0])
        tail = tail[1]
    path.reverse()
    lattice = arcs.lattice
    strings = [lattice.string(arc.index) if arc.index >= 0 else lattice.final_string(arc.source) for arc in path]
    with_words = [arc for arc in path if arc.word]
    return BestPath(
        words=np.array([arc.word for arc in with_words], np.int32),
        word_frames=np.array([arcs.times[arc.source] for arc in with_words], np.int32),
        transition_ids=np.concatenate([np.zeros(0, np.int32), *strings]),
        graph_cost=sum(arc.graph_cost for arc in path),
        acoustic_cost=sum(arc.acoustic_cost for arc in path),
    )
