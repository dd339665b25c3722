"""The cheapest alignment of two networks of words, with the same tie-breaking as NIST's ``sclite``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import numpy as np

from blasr.scoring.edit_distance import DELETION_COST, INSERTION_COST, SUBSTITUTION_COST, ErrorCounts
from blasr.scoring.word_network import NetworkWord, WordNetwork, same_word

DELETABLE_COST: Final = 2
NULL_COST: Final = 0.001
NULL_PAIR_COST: Final = 1

Number = Any  # int, or numpy's float32 where the rounding of sclite's sums breaks ties
Step = tuple[int, int]
Table = tuple[list[list[Number]], list[list[Step]]]


class Verdict(StrEnum):
    """The kind of a pair of an alignment."""

    CORRECT = "C"
    SUBSTITUTION = "S"
    DELETION = "D"
    INSERTION = "I"


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """A reference word and a hypothesis word; a deletable word is correct even without the other."""

    verdict: Verdict
    reference: NetworkWord | None
    hypothesis: NetworkWord | None


def counts_of(pairs: Sequence[AlignedPair]) -> ErrorCounts:
    """Return the numbers of correct, substituted, deleted and inserted words."""
    verdicts = [pair.verdict for pair in pairs]
    return ErrorCounts(
        verdicts.count(Verdict.CORRECT),
        verdicts.count(Verdict.SUBSTITUTION),
        verdicts.count(Verdict.DELETION),
        verdicts.count(Verdict.INSERTION),
    )


@lru_cache(maxsize=1 << 14)
def align_networks(reference: WordNetwork, hypothesis: WordNetwork) -> tuple[AlignedPair, ...]:
    """Align the two paths of the networks that match best; the result has no null words.

    The costs and ties are those of ``sclite -F -D`` (``wwd_WORD`` of ``word.c``, ``net_dp.c`` in NIST's SCTK):
    4 for a substitution, 3 for an insertion or a deletion, 2 for a deletable word, 0.001 for a null
    word. At equal cost, a pair is preferred to an insertion, an insertion to a deletion, and an earlier alternative to
    a later one.
    """
    with_null = any(word.null for network in (reference, hypothesis) for word in network.words[1:])
    costs = _Costs(np.float32 if with_null else int)
    table, back = _fill(reference, hypothesis, costs)
    lowest: Number = None
    row = column = 0
    for last_row in reference.last:
        for last_column in hypothesis.last:
            if lowest is None or table[last_row][last_column] < lowest:
                lowest, row, column = table[last_row][last_column], last_row, last_column
    pairs: list[AlignedPair] = []
    while row or column:
        previous = back[row][column]
        pair = _pair(reference.words[row], hypothesis.words[column], previous[0] == row, previous[1] == column)
        if pair is not None:
            pairs.append(pair)
        row, column = previous
    return tuple(reversed(pairs))


def _pair(reference: NetworkWord, hypothesis: NetworkWord, inserted: bool, deleted: bool) -> AlignedPair | None:
    """The pair that a step makes; None if it passes only null words."""
    if inserted:
        if hypothesis.null:
            return None
        return AlignedPair(Verdict.CORRECT if hypothesis.deletable else Verdict.INSERTION, None, hypothesis)
    if deleted:
        if reference.null:
            return None
        return AlignedPair(Verdict.CORRECT if reference.deletable else Verdict.DELETION, reference, None)
    if reference.null and hypothesis.null:
        return None
    verdict = Verdict.CORRECT if same_word(reference, hypothesis) else Verdict.SUBSTITUTION
    return AlignedPair(verdict, reference, hypothesis)


class _Costs:
    """The cost of each kind of step, in the number type of the table."""

    def __init__(self, number: type) -> None:
        self.zero = number(0)
        self.insertion = number(INSERTION_COST)
        self.deletion = number(DELETION_COST)
        self.substitution = number(SUBSTITUTION_COST)
        self.deletable = number(DELETABLE_COST)
        self.null = number(NULL_COST)
        self.null_pair = number(NULL_PAIR_COST)

    def left_out(self, word: NetworkWord, otherwise: Number) -> Number:
        return self.null if word.null else self.deletable if word.deletable else otherwise

    def pair(self, first: NetworkWord, second: NetworkWord) -> Number:
        if first.null and second.null:
            return self.null_pair
        return self.zero if same_word(first, second) else self.substitution


def _fill(
    reference: WordNetwork, hypothesis: WordNetwork, costs: _Costs
) -> tuple[list[list[Number]], list[list[Step]]]:
    """The lowest cost of each pair of arcs, and the previous pair on that path."""
    insertions = [costs.left_out(word, costs.insertion) for word in hypothesis.words]
    first, first_back = [costs.zero], [(0, 0)]
    for column in range(1, len(hypothesis.words)):
        cost, before = _lowest(first, hypothesis.before[column])
        first.append(cost + insertions[column])
        first_back.append((0, before))
    table, back = [first], [first_back]
    for row in range(1, len(reference.words)):
        word = reference.words[row]
        rows = reference.before[row]
        deletion = costs.left_out(word, costs.deletion)
        cost, row_before = _lowest([above[0] for above in table], rows)
        line, line_back = [cost + deletion], [(row_before, 0)]
        for column in range(1, len(hypothesis.words)):
            columns = hypothesis.before[column]
            inserted, column_before = _lowest(line, columns)
            inserted = inserted + insertions[column]
            deleted, row_before = min(((table[above][column], above) for above in rows), key=_cost)
            deleted = deleted + deletion
            paired, *step = min(((table[above][left], above, left) for above in rows for left in columns), key=_cost)
            paired = paired + costs.pair(word, hypothesis.words[column])
            if paired <= deleted and paired <= inserted:
                line.append(paired)
                line_back.append((step[0], step[1]))
            elif deleted < inserted:
                line.append(deleted)
                line_back.append((row_before, column))
            else:
                line.append(inserted)
                line_back.append((row, column_before))
        table.append(line)
        back.append(line_back)
    return table, back


def _cost(reached: tuple[Number, ...]) -> Number:
    return reached[0]


def _lowest(costs: Sequence[Number], arcs: Sequence[int]) -> tuple[Number, int]:
    """The lowest cost at ``arcs``, and the first arc that has it."""
    return min(((costs[arc], arc) for arc in arcs), key=_cost)
