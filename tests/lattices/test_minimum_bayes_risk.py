"""Minimum Bayes risk against expected edit distances over all paths."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.minimum_bayes_risk import minimum_bayes_risk
from blasr.lattices.nbest import n_best
from tests.golden_system import GoldenSystem
from tests.lattices.compact_lattices import CompactArc, all_paths, compact_lattices, make_compact


def distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Levenshtein's."""
    row = list(range(len(other) + 1))
    for number, word in enumerate(one, start=1):
        previous, row[0] = row[0], number
        for place, said in enumerate(other, start=1):
            previous, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, previous + (word != said))
    return row[-1]


def expected_errors(lattice: CompactLattice, words: Sequence[int]) -> float:
    """Over all paths, by definition."""
    paths = [(said, math.exp(-graph)) for said, group in all_paths(lattice).items() for graph, _, _ in group]
    return sum(share * distance(said, words) for said, share in paths) / sum(share for _, share in paths)


@st.composite
def separate_paths(draw: st.DrawFn) -> CompactLattice:
    """Paths that share but the start, for which the recursion is exact."""
    arcs: list[CompactArc] = []
    final = {}
    states = 1
    for _ in range(draw(st.integers(1, 5))):
        source = 0
        for word in draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)):
            arcs.append((source, states, word, draw(st.integers(0, 8)) / 4, 0.0, [1]))
            source = states
            states += 1
        final[source] = 0.0
    return make_compact(arcs, final, states)


@given(lattice=separate_paths())
@settings(deadline=None, max_examples=100)
def test_the_risk_is_the_expected_number_of_errors(lattice: CompactLattice) -> None:
    best = n_best(lattice, 1)[0].words.tolist()
    result = minimum_bayes_risk(lattice)
    words = [word.word for word in result.words]
    assert result.risk == pytest.approx(expected_errors(lattice, words), abs=1e-3)
    assert result.risk <= minimum_bayes_risk(lattice, words=best).risk + 1e-3
    for bin_ in result.bins:
        assert sum(share for _, share in bin_) == pytest.approx(1)


@given(lattice=compact_lattices())
@settings(deadline=None, max_examples=100)
def test_words_are_in_order_of_time_and_posteriors_sum_to_one(lattice: CompactLattice) -> None:
    result = minimum_bayes_risk(lattice, CostScales(acoustic_scale=0.5))
    assert len(result.bins) >= 2 * len(result.words) + 1
    for bin_ in result.bins:
        assert sum(share for _, share in bin_) == pytest.approx(1)
    times = [time for word in result.words for time in (word.begin_frame, word.end_frame)]
    assert times == sorted(times)
    assert all(0 < word.confidence <= 1 for word in result.words)


def test_a_word_that_most_paths_agree_on_wins_over_the_best_path() -> None:
    """The best path says 1 1 with 0.4, but 2 is first in paths with 0.6."""
    arcs: list[CompactArc] = [
        (0, 1, 1, -math.log(0.4), 0.0, [1] * 3),
        (0, 2, 2, -math.log(0.3), 0.0, [1] * 4),
        (0, 3, 2, -math.log(0.3), 0.0, [1] * 2),
        (1, 4, 1, 0.0, 0.0, [2] * 3),
        (2, 4, 1, 0.0, 0.0, [2] * 2),
        (3, 4, 3, 0.0, 0.0, [2] * 4),
    ]
    lattice = make_compact(arcs, {4: 0.0}, 5)
    assert n_best(lattice, 1)[0].words.tolist() == [1, 1]
    first, second = minimum_bayes_risk(lattice).words
    assert (first.word, second.word) == (2, 1)
    assert [first.confidence, second.confidence] == pytest.approx([0.6, 0.7])
    assert [first.begin_frame, first.end_frame] == pytest.approx([0, 3])
    assert second.end_frame == pytest.approx(6)
    ((one, other), risk) = minimum_bayes_risk(lattice, words=[1, 1]).words, minimum_bayes_risk(lattice).risk
    assert [one.confidence, other.confidence] == pytest.approx([0.4, 0.7])
    assert risk == pytest.approx(0.4 + 0.3, abs=1e-3)


def test_the_golden_strings(system: GoldenSystem) -> None:
    """Right words have higher confidences than wrong ones; no more errors are expected than in the best paths."""
    reference = system.text("text")
    scales = CostScales(acoustic_scale=1 / 20)
    right: list[float] = []
    wrong: list[float] = []
    for utterance, lattice in list(system.lattices.items())[:12]:
        compact = determinize_lattice(lattice).lattice
        result = minimum_bayes_risk(compact, scales)
        best = n_best(compact, 1, scales)[0].words.tolist()
        assert result.risk <= minimum_bayes_risk(compact, scales, words=best).risk + 1e-3
        assert result.words[-1].end_frame <= lattice.num_frames + 1e-6
        for word in result.words:
            said = system.words.symbol_of(word.word)
            (right if said in reference[utterance] else wrong).append(word.confidence)
    assert sum(right) / len(right) > (sum(wrong) / len(wrong) if wrong else 0.0)
