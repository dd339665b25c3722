"""Transcripts put the words of segments and sides in order."""

from __future__ import annotations

from pathlib import Path

from blasr.inference.transcript import TranscribedSegment, TranscribedSide, TranscribedWord, Transcript


def test_words_of_sides_and_transcripts_are_in_order() -> None:
    words = [TranscribedWord(text, start, 0.5) for text, start in (("ONE", 0.0), ("TWO", 1.0), ("THREE", 2.0))]
    assert [word.end_seconds for word in words] == [0.5, 1.5, 2.5]
    first = TranscribedSide(
        "A", (TranscribedSegment("A", 0, 1, (words[0],)), TranscribedSegment("A", 1, 3, (words[1], words[2])))
    )
    second = TranscribedSide("B", (TranscribedSegment("B", 0, 3, (words[2],), "without a final state"),))
    assert first.words == tuple(words)
    transcript = Transcript(Path("x.wav"), "x", 3.0, 8000, 8000, (first, second))
    assert transcript.text == "ONE TWO THREE THREE"
