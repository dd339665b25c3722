"""The path of a lattice that is nearest to the reference (``lattice-oracle``): a lower bound for any rescoring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.word_arcs import WordArc, WordArcs
from blasr.scoring.edit_distance import ErrorCounts


class Oracle(NamedTuple):
    """The words of the nearest path, and its errors: no path has fewer. Every error counts 1."""

    words: tuple[int, ...]
    counts: ErrorCounts


_Step = tuple[int, int, WordArc | None]  # the previous state and number of reference words used, and the arc between


def oracle(lattice: CompactLattice, reference: Sequence[int], *, utterance: str | None = None) -> Oracle:
    """Find the path with the lowest edit distance from ``reference``.

    ``reference`` has word-ids; -1 marks a word that the lattice cannot contain.

    Raises:
        DataError: the lattice has a cycle or no path.
    """
    arcs = WordArcs.of(lattice, utterance=utterance)
    size = len(reference)
    unreached = size + len(arcs.arcs) + 1
    errors = [[unreached] * (size + 1) for _ in range(arcs.end + 1)]
    steps: list[list[_Step | None]] = [[None] * (size + 1) for _ in range(arcs.end + 1)]
    errors[arcs.start][0] = 0
    deleted: set[int] = set()

    def delete(state: int) -> None:
        """Let paths at a state skip words of the reference; called once all arcs into the state are done."""
        if state in deleted:
            return
        deleted.add(state)
        for used in range(size):
            if errors[state][used] + 1 < errors[state][used + 1]:
                errors[state][used + 1] = errors[state][used] + 1
                steps[state][used + 1] = (state, used, None)

    for arc in arcs.arcs:
        delete(arc.source)
        before, after = errors[arc.source], errors[arc.target]
        for used in range(size + 1):
            options = [(used, int(arc.word > 0))]
            if arc.word and used < size:
                options.append((used + 1, int(arc.word != reference[used])))
            for place, cost in options:
                if before[used] + cost < after[place]:
                    after[place] = before[used] + cost
                    steps[arc.target][place] = (arc.source, used, arc)
    delete(arcs.end)
    return _trace(arcs, steps, reference)


def _trace(arcs: WordArcs, steps: list[list[_Step | None]], reference: Sequence[int]) -> Oracle:
    state, used = arcs.end, len(reference)
    words: list[int] = []
    correct = substitutions = deletions = insertions = 0
    while (step := steps[state][used]) is not None:
        before, place, arc = step
        if arc is None:
            deletions += 1
        elif arc.word:
            words.append(arc.word)
            insertions += place == used
            correct += place < used and arc.word == reference[place]
            substitutions += place < used and arc.word != reference[place]
        state, used = before, place
    counts = ErrorCounts(correct=correct, substitutions=substitutions, deletions=deletions, insertions=insertions)
    return Oracle(tuple(reversed(words)), counts)
