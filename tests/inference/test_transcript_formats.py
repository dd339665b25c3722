"""Text, CTM, JSON and subtitles of transcripts."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from blasr.inference.transcript import TranscribedSegment, TranscribedSide, TranscribedWord, Transcript
from blasr.inference.transcript_formats import (
    CUE_CHARACTERS,
    CUE_PAUSE_SECONDS,
    CUE_SECONDS,
    subtitle_cues,
    to_ctm,
    to_json,
    to_srt,
    to_text,
)


def transcript(*sides: TranscribedSide) -> Transcript:
    return Transcript(Path("calls/talk.wav"), "talk", 3700.0, 8000, 8000, sides)


def side(label: str, *words: TranscribedWord) -> TranscribedSide:
    return TranscribedSide(label, (TranscribedSegment(label, 0.0, 3700.0, words),))


HELLO, YES = TranscribedWord("hello", 3661.5, 0.25, 0.987), TranscribedWord("yes", 1.0, 0.5)


def test_text_and_ctm_name_the_sides_of_a_call() -> None:
    assert to_text(transcript(side("1", YES, HELLO))) == "talk yes hello\n"
    assert to_text(transcript(side("A", HELLO), side("B"))) == "talk-A hello\ntalk-B\n"
    assert to_ctm(transcript(side("A", HELLO), side("B", YES))) == (
        "talk A 3661.500 0.250 hello 0.99\ntalk B 1.000 0.500 yes\n"
    )


def test_json_is_one_line() -> None:
    text = to_json(transcript(side("A", HELLO)))
    assert text.count("\n") == 1
    values = json.loads(text)
    assert values["file"] == "calls/talk.wav"
    word = {"word": "hello", "start": 3661.5, "end": 3661.75, "confidence": 0.987}
    segment = {"start": 0.0, "end": 3700.0, "text": "hello", "words": [word]}
    assert values["sides"] == [{"side": "A", "text": "hello", "segments": [segment]}]


def test_subtitles_are_in_the_order_of_time() -> None:
    assert to_srt(transcript(side("A", HELLO), side("B", YES))) == (
        "1\n00:00:01,000 --> 00:00:01,500\nB: yes\n\n2\n01:01:01,500 --> 01:01:01,750\nA: hello\n"
    )
    assert to_srt(transcript(side("1"))) == ""


@given(
    st.lists(st.tuples(st.text("abcdefgh", min_size=1, max_size=30), st.floats(0.05, 2), st.floats(0, 2)), max_size=60)
)
def test_subtitles_have_every_word_once_and_can_be_read(rows: list[tuple[str, float, float]]) -> None:
    words, time = [], 0.0
    for text, length, pause in rows:
        words.append(TranscribedWord(text, time, length))
        time += length + pause
    cues = list(subtitle_cues(words))
    assert [word for cue in cues for word in cue] == words
    for cue in cues:
        assert len(cue) == 1 or cue[-1].end_seconds - cue[0].start_seconds <= CUE_SECONDS
        assert len(cue) == 1 or len(" ".join(word.text for word in cue)) <= CUE_CHARACTERS
        pauses = [later.start_seconds - word.end_seconds for word, later in pairwise(cue)]
        assert all(pause < CUE_PAUSE_SECONDS for pause in pauses)
