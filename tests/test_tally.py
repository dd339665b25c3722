from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import DataError
from blasr.tally import Tally


def test_summary_names_each_reason_and_its_first_item() -> None:
    tally = Tally("align", max_loss=1.0)
    tally.keep(8)
    tally.drop("u1", "too short")
    tally.drop("u2", "too short")
    assert tally.summary() == "align: 10 utterances in -> 8 kept -> 2 dropped (2 too short, first u1)"
    tally.drop("u5", "too short", 3)
    assert "13 utterances in -> 8 kept -> 5 dropped (5 too short, first u1)" in tally.summary()


@given(kept=st.integers(0, 50), dropped=st.integers(0, 50), max_loss=st.floats(0, 1))
def test_check_fails_exactly_above_the_allowed_loss(kept: int, dropped: int, max_loss: float) -> None:
    tally = Tally("dump", max_loss=max_loss)
    tally.keep(kept)
    for index in range(dropped):
        tally.drop(f"u{index}", "no audio")
    assert tally.total == kept + dropped
    if kept == 0 or dropped > max_loss * (kept + dropped):
        with pytest.raises(DataError):
            tally.check()
    else:
        tally.check()


def test_the_fix_is_that_of_the_first_error_of_the_most_frequent_reason() -> None:
    tally = Tally("align")
    for item in ("u1", "u2"):
        tally.drop_error(item, DataError("has 8000 Hz, expected 16000 Hz", fix="set features.sample_rate=8000"))
    tally.drop("u3", "too short")
    with pytest.raises(DataError) as caught:
        tally.check()
    assert caught.value.fix == "u1: has 8000 Hz, expected 16000 Hz: set features.sample_rate=8000"
