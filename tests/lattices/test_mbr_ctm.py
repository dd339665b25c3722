"""CTM rows of minimum Bayes risk decoding: times of the words' path, confidences, and the words of the best path."""

from __future__ import annotations

import math

import pytest

from blasr.io.symbols import SymbolTable
from blasr.lattices.config import CostScales
from blasr.lattices.mbr_ctm import mbr_ctm
from blasr.lattices.timed_words import PathFormatter
from tests.lattices.compact_lattices import make_compact

FORMATTER = PathFormatter(words=SymbolTable({"<eps>": 0, "yes": 1, "no": 2, "maybe": 3}), frame_shift=0.5)


def test_words_have_the_times_of_their_path() -> None:
    three, one = -math.log(3), 0.0  # probabilities of 3/4 and 1/4
    lattice = make_compact(
        [(0, 1, 1, three, 0.0, [1, 1]), (0, 1, 2, one, 0.0, [1, 1]), (1, 2, 3, 0.0, 0.0, [1])], {2: 0.0}, 3
    )
    rows, risk = mbr_ctm("u1", lattice, FORMATTER, CostScales(acoustic_scale=1.0))
    assert [(row.word, row.start_seconds, row.duration_seconds) for row in rows] == [
        ("yes", 0.0, 1.0),
        ("maybe", 1.0, 0.5),
    ]
    assert [row.confidence for row in rows] == pytest.approx([0.75, 1.0])
    assert risk == pytest.approx(0.25)


def test_the_best_path_can_have_a_higher_risk() -> None:
    """The best single path says no (0.4); two others, which agree on yes, are more probable together (0.6)."""
    costs = [-math.log(share) for share in (0.4, 0.3, 0.3)]
    lattice = make_compact(
        [
            (0, 1, 2, costs[0], 0.0, [1]),
            (0, 2, 1, costs[1], 0.0, [1]),
            (0, 3, 1, costs[2], 0.0, [1]),
            (1, 4, 3, 0.0, 0.0, [1]),
            (2, 4, 3, 0.0, 0.0, [1]),
            (3, 4, 2, 0.0, 0.0, [1]),
        ],
        {4: 0.0},
        5,
    )
    scales = CostScales(acoustic_scale=1.0)
    rows, risk = mbr_ctm("u1", lattice, FORMATTER, scales)
    best, best_risk = mbr_ctm("u1", lattice, FORMATTER, scales, best_path=True)
    assert [row.word for row in rows] == ["yes", "maybe"] and [row.word for row in best] == ["no", "maybe"]
    assert [row.confidence for row in best] == pytest.approx([0.4, 0.7])
    assert risk < best_risk
