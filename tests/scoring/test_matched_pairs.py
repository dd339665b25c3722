"""Stretches with errors of two alignments, and the test on their differences; against sc_stats in test_sctk.py."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.scoring.matched_pairs import error_segments, matched_pairs
from blasr.scoring.network_alignment import Verdict


def verdicts(text: str) -> list[Verdict]:
    return [Verdict(letter) for letter in text]


@pytest.mark.parametrize(
    ("first", "second", "segments"),
    [
        ("CCCC", "CCCC", []),
        ("CSCC", "CCCC", [(1, 0)]),
        ("SCCS", "CCCC", [(1, 0), (1, 0)]),
        ("SCSC", "CCCC", [(2, 0)]),  # one right word does not part them
        ("SCCCC", "CCCCS", [(1, 0), (0, 1)]),
        ("CICCC", "CCCC", [(1, 0)]),
        ("CC", "CCII", [(0, 2)]),
        ("DD", "CSI", [(2, 2)]),
        ("", "I", [(0, 1)]),
    ],
)
def test_stretches(first: str, second: str, segments: list[tuple[int, int]]) -> None:
    assert error_segments(verdicts(first), verdicts(second)) == segments


references = st.lists(st.sampled_from("CCCSD"), max_size=12)


@given(references, st.data())
def test_every_error_is_in_one_stretch(first: list[str], data: st.DataObject) -> None:
    """For two alignments with the same words of the reference."""
    length = len(first)
    second = data.draw(st.lists(st.sampled_from("CCCSD"), min_size=length, max_size=length))
    systems = []
    for system in (first, second):
        inserted = data.draw(st.lists(st.booleans(), min_size=length + 1, max_size=length + 1))
        pieces = [("I" if more else "") + letter for more, letter in zip(inserted, [*system, ""], strict=True)]
        systems.append(verdicts("".join(pieces)))
    found = error_segments(systems[0], systems[1])
    for number, aligned in enumerate(systems):
        assert sum(pair[number] for pair in found) == sum(verdict is not Verdict.CORRECT for verdict in aligned)
    assert error_segments(systems[1], systems[0]) == [(second, first) for first, second in found]


def test_statistics() -> None:
    first = [verdicts(text) for text in ("SSCC", "SCC", "CCC", "SSS")]
    second = [verdicts(text) for text in ("CCCC", "SCC", "CSC", "CCC")]
    found = matched_pairs(first, second)  # differences 2, 0, -1, 3
    assert (found.segments, found.mean) == (4, 1.0)
    assert found.standard_deviation == pytest.approx(math.sqrt(10 / 3))
    assert found.z == pytest.approx(1 / math.sqrt(10 / 12))
    assert found.p_value == pytest.approx(0.27332, abs=1e-5)


def test_equal_systems() -> None:
    found = matched_pairs([verdicts("SCC")], [verdicts("SCC")])
    assert (found.segments, found.z, found.p_value) == (1, 0.0, 1.0)
    assert matched_pairs([], []).p_value == 1.0
