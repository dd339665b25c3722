"""The recordings and times of utterances."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io.nist.ctm import CtmAlternatives, CtmWord
from blasr.scoring.utterance_places import UtterancePlace, place_in_recordings, read_utterance_places

PLACES = {"u1": UtterancePlace("sw_1", "B", 1.5)}


def test_places_follow_from_segments_and_channels(tmp_path: Path) -> None:
    (tmp_path / "segments").write_text("u1 r1 1.5 2.0\nu2 r2 0 1\n")
    assert read_utterance_places(tmp_path)["u1"] == UtterancePlace("r1", "A", 1.5)
    (tmp_path / "reco2file_and_channel").write_text("r1 sw_1 B\n")
    assert read_utterance_places(tmp_path) == {**PLACES, "u2": UtterancePlace("r2", "A", 0.0)}


@pytest.mark.parametrize(
    ("segments", "sides", "message"),
    [
        ("u1 r1 1.5\n", "r1 sw_1 B\n", "utterance u1: found 'r1 1.5', expected recording, start and end"),
        ("u1 r1 early 2\n", "r1 sw_1 B\n", "found 'r1 early 2'"),
        ("u1 r1 1 2\n", "r1 sw_1\n", "recording r1 has 1 fields, expected file and channel"),
    ],
)
def test_lines_with_wrong_fields_are_refused(tmp_path: Path, segments: str, sides: str, message: str) -> None:
    (tmp_path / "segments").write_text(segments)
    (tmp_path / "reco2file_and_channel").write_text(sides)
    with pytest.raises(FormatError, match=message):
        read_utterance_places(tmp_path)


def test_words_and_alternatives_move_to_their_recording() -> None:
    word = CtmWord("u1", "1", 0.25, 0.1, "a", line=3)
    moved = CtmWord("sw_1", "B", 1.75, 0.1, "a")
    alternatives = CtmAlternatives("u1", "1", ((word,), ()), 2)
    placed = list(place_in_recordings([word, alternatives], PLACES, source=Path("hyp.ctm")))
    assert placed == [moved, CtmAlternatives("sw_1", "B", ((moved,), ()))]


def test_an_unknown_utterance_is_refused_with_its_line() -> None:
    word = CtmWord("u9", "1", 0.25, 0.1, "a", line=3)
    with pytest.raises(FormatError, match=r"hyp.ctm:3: utterance u9: is not in the segments"):
        list(place_in_recordings([word], PLACES, source=Path("hyp.ctm")))
