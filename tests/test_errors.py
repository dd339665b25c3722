from __future__ import annotations

from pathlib import Path

from blasr.errors import DataError, FormatError, MismatchError


def test_the_message_says_where_what_and_how_to_fix_it() -> None:
    error = DataError("found 16000 Hz, expected 8000 Hz", path="data/wav.scp", line=3, utterance="u1", fix="resample")
    assert str(error) == "data/wav.scp:3: utterance u1: found 16000 Hz, expected 8000 Hz\n  fix: resample"


def test_unknown_parts_are_left_out() -> None:
    assert str(DataError("empty")) == "empty"


def test_at_fills_what_is_missing() -> None:
    error = DataError("empty", utterance="u1").at(path="wav.scp", line=3, utterance="u2", fix="record it again")
    assert str(error) == "wav.scp:3: utterance u1: empty\n  fix: record it again"
    assert error.args == (str(error),)


def test_at_keeps_the_known_place_and_leaves_the_original_unchanged() -> None:
    known = FormatError("truncated", path="a.ark", fix="copy it again")
    error = known.at(path="a.scp", line=7, utterance="u1", fix="something else")
    assert str(error) == "a.ark: utterance u1: truncated\n  fix: copy it again"
    assert str(known) == "a.ark: truncated\n  fix: copy it again"


def test_at_adds_the_line_of_the_same_file() -> None:
    assert str(FormatError("bad", path=Path("a.scp")).at(path="a.scp", line=7)) == "a.scp:7: bad"


def test_at_keeps_the_class() -> None:
    error = MismatchError("widths differ").at(path="final.mdl")
    assert type(error) is MismatchError
    assert error.exit_code == 1
