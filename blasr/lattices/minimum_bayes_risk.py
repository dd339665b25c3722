"""Minimum Bayes risk decoding: the words with the lowest expected number of errors, their confidences and times.

Xu, Povey, Mangu and Zhu 2011, "Minimum Bayes Risk decoding and system combination based on a recursion for edit
distance"; Kaldi's ``MinimumBayesRisk`` (``lat/sausages.cc``). Names and line numbers are those of the paper's figures.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.nbest import n_best
from blasr.lattices.word_arcs import WordArcs
from blasr.units import EPSILON

_DELTA: Final = 1e-5  # added to the cost 1 of an insertion, so that epsilon arcs do not count as matches
_MAX_ROUNDS: Final = 100


@dataclass(frozen=True, slots=True)
class ConfidentWord:
    """A word-id, its posterior at its position, and its mean begin and end in frames."""

    word: int
    confidence: float
    begin_frame: float
    end_frame: float


@dataclass(frozen=True, slots=True)
class MinimumBayesRisk:
    """The result of minimum Bayes risk decoding.

    Attributes:
        words: the words with the lowest expected number of errors.
        bins: the confusion network: for each position the words (0 for none) and their posteriors, the highest first.
        risk: the expected number of errors of ``words``.
    """

    words: tuple[ConfidentWord, ...]
    bins: tuple[tuple[tuple[int, float], ...], ...]
    risk: float


def minimum_bayes_risk(
    lattice: CompactLattice,
    scales: CostScales | None = None,
    *,
    words: Sequence[int] | None = None,
    utterance: str | None = None,
) -> MinimumBayesRisk:
    """Decode a lattice for the lowest expected number of word errors.

    Args:
        lattice: a determinized lattice, since posteriors are computed for its arcs.
        scales: the factors of costs; larger factors give sharper posteriors. The usual acoustic scale is
            1 / (LM weight).
        words: compute only the confidences of these word-ids (``decode_mbr=false``), for example those of the best
            path.
        utterance: the utterance-id, for errors.

    Raises:
        DataError: the lattice has a cycle or no path.
    """
    arcs = WordArcs.of(lattice, scales, utterance)
    if words is None:
        (best,) = n_best(lattice, 1, scales, utterance=utterance)
        chosen = best.words.tolist()
    else:
        chosen = [word for word in words if word != EPSILON]
    statistics = _Statistics(arcs)
    for _ in range(_MAX_ROUNDS):
        row = _with_epsilons(chosen)
        risk = statistics.accumulate(row)
        if words is not None:
            break
        improved = [bin_[0][0] for bin_ in statistics.bins]
        gain = sum(bin_[0][1] - dict(bin_).get(word, 0.0) for bin_, word in zip(statistics.bins, row, strict=True))
        if gain == 0:
            break
        chosen = [word for word in improved if word != EPSILON]
    found = []
    for position, word in enumerate(row):
        if word != EPSILON:
            begin, end = statistics.times[position].get(word, statistics.mean_times(position))
            found.append([word, min(1.0, dict(statistics.bins[position]).get(word, 0.0)), begin, end])
    for one, other in pairwise(found):
        if one[3] > other[2]:
            one[3] = other[2] = 0.5 * (one[3] + other[2])
    return MinimumBayesRisk(
        tuple(ConfidentWord(int(word), confidence, begin, max(begin, end)) for word, confidence, begin, end in found),
        tuple(tuple(bin_) for bin_ in statistics.bins),
        risk,
    )


def _with_epsilons(words: Sequence[int]) -> list[int]:
    """``NormalizeEps``: put an epsilon before, between and after all words."""
    row = [EPSILON]
    for word in words:
        row += [word, EPSILON]
    return row


class _Statistics:
    """``AccStats``: the words of the paths at each position of a row of words and epsilons, with their times."""

    def __init__(self, arcs: WordArcs) -> None:
        self._arcs = arcs
        logs = arcs.forward_logs()
        self._shares = [math.exp(logs[arc.source] - arc.cost - logs[arc.target]) for arc in arcs.arcs]
        self.bins: list[list[tuple[int, float]]] = []
        self.times: list[dict[int, tuple[float, float]]] = []

    def mean_times(self, position: int) -> tuple[float, float]:
        """Return the mean begin and end of a position over all its words."""
        weights = dict(self.bins[position])
        rows = [(weights[word], *times) for word, times in self.times[position].items()]
        total = sum(weight for weight, _, _ in rows) or 1.0
        return (
            sum(weight * begin for weight, begin, _ in rows) / total,
            sum(weight * end for weight, _, end in rows) / total,
        )

    def accumulate(self, row: Sequence[int]) -> float:
        """Fill the bins and times for a row; return its expected number of errors (``EditDistance``)."""
        arcs, num_positions = self._arcs, len(row)
        inserted = [0.0 if word == EPSILON else 1.0 for word in row]  # l(0, r_q)
        alpha = [[0.0] * (num_positions + 1) for _ in range(arcs.end + 1)]
        for position, cost in enumerate(inserted):
            alpha[arcs.start][position + 1] = alpha[arcs.start][position] + cost
        moves = []
        for arc, share in zip(arcs.arcs, self._shares, strict=True):  # lines 9 to 22
            source, target = alpha[arc.source], alpha[arc.target]
            deleted = 1.0 + _DELTA if arc.word != EPSILON else 0.0
            before = source[0] + deleted
            target[0] += share * before
            move = [0] * (num_positions + 1)
            for position, word in enumerate(row):
                matched = source[position] + (arc.word != word)
                skipped = source[position + 1] + deleted
                waited = before + inserted[position]
                before = min(matched, skipped, waited)
                move[position + 1] = 1 if matched == before else (2 if skipped == before else 3)
                target[position + 1] += share * before
            moves.append(move)
        self._backward(num_positions, moves)
        return alpha[arcs.end][num_positions]

    def _backward(self, num_positions: int, moves: list[list[int]]) -> None:
        """Compute posteriors and times of words by position (lines 11 to 35)."""
        arcs = self._arcs
        gamma: list[defaultdict[int, float]] = [defaultdict(float) for _ in range(num_positions)]
        begins: list[defaultdict[int, float]] = [defaultdict(float) for _ in range(num_positions)]
        ends: list[defaultdict[int, float]] = [defaultdict(float) for _ in range(num_positions)]
        beta = [[0.0] * (num_positions + 1) for _ in range(arcs.end + 1)]
        beta[arcs.end][num_positions] = 1.0
        for arc, share, move in zip(reversed(arcs.arcs), reversed(self._shares), reversed(moves), strict=True):
            source, target = beta[arc.source], beta[arc.target]
            begin, end = arcs.times[arc.source], arcs.times[arc.target]
            passed = 0.0
            for position in range(num_positions, 0, -1):
                passed += share * target[position]
                if passed == 0.0:
                    continue
                if move[position] == 1:
                    source[position - 1] += passed
                    gamma[position - 1][arc.word] += passed
                    begins[position - 1][arc.word] += begin * passed
                    ends[position - 1][arc.word] += end * passed
                    passed = 0.0
                elif move[position] == 2:
                    source[position] += passed
                    passed = 0.0
                else:
                    gamma[position - 1][EPSILON] += passed
                    begins[position - 1][EPSILON] += end * passed
                    ends[position - 1][EPSILON] += end * passed
            source[0] += passed + share * target[0]
        passed = 0.0
        for position in range(num_positions, 0, -1):
            passed += beta[arcs.start][position]
            gamma[position - 1][EPSILON] += passed
        self.bins = [sorted(counts.items(), key=lambda item: (-item[1], -item[0])) for counts in gamma]
        self.times = [
            {word: (begin_sums[word] / weight, end_sums[word] / weight) for word, weight in counts.items() if weight}
            for counts, begin_sums, end_sums in zip(gamma, begins, ends, strict=True)
        ]
