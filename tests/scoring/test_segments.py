"""Assignment of hypothesis words to segments."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blasr.scoring.segments import TimedItem, assign, in_order, side_of
from blasr.scoring.word_network import hypothesis_word
from tests.scoring.test_hub5 import Segment

WORD = hypothesis_word("a")


def test_sides_and_starts_are_in_order() -> None:
    late, early, other = Segment(1, 2, ""), Segment(0, 1, "", recording="REC"), Segment(0, 1, "", recording="abc")
    assert in_order([late, early, other]) == {("abc", "a"): [other], ("rec", "a"): [early, late]}
    assert side_of("Rec", "A") == ("rec", "a")


def test_words_between_segments_belong_to_the_later_one() -> None:
    segments = [Segment(0, 1, ""), Segment(2, 3, ""), Segment(4, 5, "")]
    items = [TimedItem(WORD, middle) for middle in (0.5, 1.0, 2.5, 3.5, 9.0)]
    assert [[item.middle_seconds for item in found] for found in assign(segments, items)] == [
        [0.5],
        [1.0, 2.5],
        [3.5, 9.0],
    ]
    assert assign([], items) == []


def test_ends_have_single_precision() -> None:
    end = 0.1 + 2**-40
    middle = float(np.float32(end))  # before the end in double precision, not in single
    assert middle < end or middle > end
    segments = [Segment(0, end, ""), Segment(end, 1, "")]
    assert [len(found) for found in assign(segments, [TimedItem(WORD, middle)])] == [0, 1]


@given(st.lists(st.floats(0, 10), min_size=1, max_size=5), st.lists(st.floats(0, 10), max_size=8))
def test_every_word_is_in_one_segment(ends: list[float], middles: list[float]) -> None:
    segments = [Segment(0, end, "") for end in sorted(ends)]
    items = [TimedItem(WORD, middle) for middle in sorted(middles)]
    found = assign(segments, items)
    assert len(found) == len(segments)
    assert [item for part in found for item in part] == items
