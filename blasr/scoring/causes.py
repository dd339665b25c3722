"""Where errors come from: spelling, vocabulary, search, acoustic model or language model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from blasr.scoring.aligned_utterance import AlignedUtterance, Pair
from blasr.scoring.confusions import error_regions

_LETTERS = re.compile(r"[^\w]|_")


class Cause(StrEnum):
    """What an error is put down to, in the order in which causes are tried."""

    NORMALISATION = "normalisation"
    VOCABULARY = "vocabulary"
    SEARCH = "search"
    MODEL = "acoustic model"
    LANGUAGE_MODEL = "language model"
    UNKNOWN = "not told apart"


MEANING = {
    Cause.NORMALISATION: "reference and hypothesis spell the same letters: blanks, hyphens, apostrophes, case",
    Cause.VOCABULARY: "a word of the reference is not in the vocabulary",
    Cause.SEARCH: "no path of the lattice is right there: pruned, or the models put it beyond the lattice beam",
    Cause.MODEL: "the lattice has a better path, which costs more, above all acoustically",
    Cause.LANGUAGE_MODEL: "the lattice has a better path, which costs more, above all in the graph",
    Cause.UNKNOWN: "without lattices, search and models cannot be told apart",
}


@dataclass(frozen=True, slots=True)
class LatticeEvidence:
    """What a lattice says of one utterance.

    Attributes:
        oracle_errors: those of the path nearest to the reference.
        graph_excess: that path's scaled graph cost less the hypothesis's.
        acoustic_excess: the same of scaled acoustic costs.
        forced_excess: the scaled cost of the reference itself, searched for alone, less the hypothesis's; below 0 the
            search has missed what the models prefer. None where it was not searched for.
        forced_graph_excess: the graph's share of it.
    """

    oracle_errors: int
    graph_excess: float
    acoustic_excess: float
    forced_excess: float | None = None
    forced_graph_excess: float = 0.0


def causes(
    utterance: AlignedUtterance,
    in_vocabulary: Callable[[str], bool] | None = None,
    evidence: LatticeEvidence | None = None,
) -> Counter[Cause]:
    """Put every error of an utterance down to a cause.

    Errors in stretches that spell the same, or with a reference word that the vocabulary lacks, are told by their
    words. Of the others, as many as the lattice's nearest path has are the search's, unless the reference was searched
    for alone and found to cost more than the hypothesis; the rest is a model's, of the one that objects more.
    """
    found: Counter[Cause] = Counter()
    others = 0
    for region in error_regions(utterance):
        if spells_the_same(region):
            found[Cause.NORMALISATION] += len(region)
        elif in_vocabulary is not None and not all(in_vocabulary(word) for word, _ in region if word is not None):
            found[Cause.VOCABULARY] += len(region)
        else:
            others += len(region)
    if evidence is None:
        found[Cause.UNKNOWN] = others
        return +found
    explained = found.total()
    beyond = min(max(evidence.oracle_errors - explained, 0), others)
    model = Cause.LANGUAGE_MODEL if evidence.graph_excess > evidence.acoustic_excess else Cause.MODEL
    found[model] += others - beyond
    if evidence.forced_excess is not None and evidence.forced_excess >= 0:
        by_graph = evidence.forced_graph_excess > evidence.forced_excess - evidence.forced_graph_excess
        found[Cause.LANGUAGE_MODEL if by_graph else Cause.MODEL] += beyond
    else:
        found[Cause.SEARCH] += beyond
    return +found


def spells_the_same(region: Sequence[Pair]) -> bool:
    """Whether both sides of a stretch have the same letters in the same order."""
    reference, hypothesis = ("".join(word for word in side if word is not None) for side in zip(*region, strict=True))
    letters = _LETTERS.sub("", reference).lower()
    return bool(letters) and letters == _LETTERS.sub("", hypothesis).lower()
