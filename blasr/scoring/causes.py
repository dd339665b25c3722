"""The causes of errors: spelling, vocabulary, search, acoustic model or language model."""

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
    """The cause of an error. Causes are tried in this order."""

    NORMALIZATION = "normalization"
    VOCABULARY = "vocabulary"
    SEARCH = "search"
    MODEL = "acoustic model"
    LANGUAGE_MODEL = "language model"
    UNKNOWN = "not determined"


MEANING = {
    Cause.NORMALIZATION: "both sides have the same letters: only spaces, hyphens, apostrophes or case differ",
    Cause.VOCABULARY: "a word of the reference is not in the vocabulary",
    Cause.SEARCH: "no path of the lattice is right here: the right one was pruned or costs more than the lattice beam",
    Cause.MODEL: "the lattice has a better path, but it costs more, mainly in acoustic cost",
    Cause.LANGUAGE_MODEL: "the lattice has a better path, but it costs more, mainly in graph cost",
    Cause.UNKNOWN: "without lattices, errors of the search and of the models cannot be distinguished",
}
"""What each cause of an error means, as reports print it."""


@dataclass(frozen=True, slots=True)
class LatticeEvidence:
    """What the lattice of an utterance says about its errors. All costs are scaled.

    Attributes:
        oracle_errors: the errors of the path that is nearest to the reference.
        graph_excess: the graph cost of that path minus that of the hypothesis.
        acoustic_excess: the same difference of acoustic costs.
        forced_excess: the cost of the reference, found by a search that allows only the reference, minus the cost of
            the hypothesis. If it is negative, the search missed what the models prefer. None without such a search.
        forced_graph_excess: the part of ``forced_excess`` that is graph cost.
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
    """Count the errors of an utterance by cause.

    The words decide whether a run of errors has the same letters on both sides, or a reference word that is not in the
    vocabulary. Among the other errors, the search accounts for as many as the lattice's nearest path has, unless a
    forced search found that the reference costs more than the hypothesis. The rest comes from the model with the larger
    cost difference.

    Args:
        utterance: the aligned words.
        in_vocabulary: whether a word is in the vocabulary; None if that is unknown.
        evidence: from the utterance's lattice; None if there is none.
    """
    found: Counter[Cause] = Counter()
    others = 0
    for region in error_regions(utterance):
        if spells_the_same(region):
            found[Cause.NORMALIZATION] += len(region)
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
    """Return whether both sides of a run of pairs have the same letters in the same order."""
    reference, hypothesis = ("".join(word for word in side if word is not None) for side in zip(*region, strict=True))
    letters = _LETTERS.sub("", reference).lower()
    return bool(letters) and letters == _LETTERS.sub("", hypothesis).lower()
