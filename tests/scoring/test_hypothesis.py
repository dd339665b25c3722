"""Time-marked words prepared for scoring."""

from __future__ import annotations

import pytest

from blasr.scoring.hypothesis import by_side, is_block, timed_items
from blasr.scoring.segments import TimedItem
from blasr.scoring.word_network import Alternatives, hypothesis_word
from tests.scoring.test_hub5 import Timed

A, B, C = map(hypothesis_word, "abc")


def test_sides_are_sorted_by_start_and_their_case_does_not_matter() -> None:
    late, early, other = Timed("a", 2.0), Timed("b", 1.0, recording="rec"), Timed("c", 0.0, channel="B")
    found = by_side([[[late]], [[early]], [[other]]])
    assert found == {("rec", "a"): [[[early]], [[late]]], ("rec", "b"): [[[other]]]}


def test_a_plain_word_is_not_a_block() -> None:
    word = Timed("a", 0.0)
    assert not is_block([[word]])
    assert is_block([[word, word]]) and is_block([[word], []])


@pytest.mark.parametrize(
    ("normalized", "expected"),
    [
        ("a", [TimedItem(A, 1.1)]),
        ("", []),
        ("a b", [TimedItem(A, 1.05), TimedItem(B, 1.15)]),
        ("{a b / c}", [TimedItem(Alternatives(((A, B), (C,))), 1.15)]),
    ],
)
def test_a_word_becomes_what_its_normalization_says(normalized: str, expected: list[TimedItem]) -> None:
    (found,) = timed_items([[[Timed("x", 1.0, 0.2)]]], lambda _: normalized).values()
    assert [item.item for item in found] == [item.item for item in expected]
    assert [item.middle_seconds for item in found] == pytest.approx([item.middle_seconds for item in expected])


def test_alternatives_have_the_latest_middle() -> None:
    block = [[Timed("a", 1.0, 0.2)], [Timed("b", 1.0, 0.2), Timed("c", 1.2, 0.4)], []]
    ((item,),) = timed_items([block], str).values()
    assert item.item == Alternatives(((A,), (B, C), ()))
    assert item.middle_seconds == pytest.approx(1.4)
