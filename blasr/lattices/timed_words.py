"""The words of a best path with all that is known of each: its times and how probable it is."""

from __future__ import annotations

from collections.abc import Sequence

from blasr.hmm.transition_model import TransitionModel
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.lattice import BestPath
from blasr.lattices.minimum_bayes_risk import minimum_bayes_risk
from blasr.lattices.word_times import AlignLexicon, WordTime, word_times, word_times_from_arcs


def timed_words(
    path: BestPath, transition_model: TransitionModel, lexicon: AlignLexicon | None, *, partial: bool = False
) -> tuple[list[WordTime], bool]:
    """The words' times, and whether they are those of the words' phones; else they are roughly those of arcs.

    Args:
        path: the best path.
        transition_model: whose transition-ids it has.
        lexicon: how words are pronounced, where that is known.
        partial: whether the path reached no final state, so that its last word may be incomplete.
    """
    if lexicon is not None:
        times = word_times(path, transition_model, lexicon, partial=partial)
        if times is not None:
            return times, True
    return word_times_from_arcs(path), False


def word_confidences(
    path: BestPath, times: Sequence[WordTime], lattice: CompactLattice, scales: CostScales
) -> list[float | None]:
    """The posterior of each of a path's words, 0 to 1; None for all where the lexicon timed other words than those.

    Args:
        path: the best path of the lattice.
        times: of its words.
        lattice: the determinised lattice.
        scales: of its costs; posteriors are the sharper the larger they are.
    """
    found = minimum_bayes_risk(lattice, scales, words=path.words.tolist()).words
    return [word.confidence for word in found] if len(found) == len(times) else [None] * len(times)
