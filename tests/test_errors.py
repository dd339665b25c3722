from __future__ import annotations

from blasr.errors import DataError


def test_the_message_says_where_what_and_what_to_do() -> None:
    error = DataError("found 16000 Hz, expected 8000 Hz", path="data/wav.scp", line=3, utterance="u1", fix="resample")
    assert str(error) == "data/wav.scp:3: utterance u1: found 16000 Hz, expected 8000 Hz\n  fix: resample"


def test_parts_that_are_not_known_are_left_out() -> None:
    assert str(DataError("empty")) == "empty"
