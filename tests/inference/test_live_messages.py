"""Messages in the form of vosk-server's."""

from __future__ import annotations

from blasr.inference.lattice_words import Alternative
from blasr.inference.live import LiveUtterance
from blasr.inference.live_messages import final_message, partial_message
from blasr.inference.transcript import TranscribedWord

WORDS = (TranscribedWord("one", 0.36, 0.66, 0.98), TranscribedWord("two", 1.1, 0.2))


def test_words_with_times() -> None:
    assert final_message(LiveUtterance(0, 2, WORDS)) == {
        "result": [
            {"conf": 0.98, "start": 0.36, "end": 1.02, "word": "one"},
            {"start": 1.1, "end": 1.3, "word": "two"},
        ],
        "text": "one two",
    }


def test_text_only_and_silence() -> None:
    assert final_message(LiveUtterance(0, 2, WORDS), words=False) == {"text": "one two"}
    assert final_message(LiveUtterance(0, 2, ())) == {"text": ""}
    assert partial_message("one") == {"partial": "one"}


def test_alternatives() -> None:
    others = (Alternative(WORDS, 0.75), Alternative(WORDS[:1], 0.25))
    message = final_message(LiveUtterance(0, 2, WORDS, others), words=False)
    assert message == {"alternatives": [{"confidence": 0.75, "text": "one two"}, {"confidence": 0.25, "text": "one"}]}
