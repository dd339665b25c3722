"""Results of live recognition as JSON, in the form of vosk-server's messages, which many clients read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blasr.inference.live import LiveUtterance
from blasr.inference.transcript import TranscribedWord


def partial_message(text: str) -> dict[str, Any]:
    """Return the message of an utterance that is going on."""
    return {"partial": text}


def final_message(utterance: LiveUtterance, *, words: bool = True) -> dict[str, Any]:
    """Return the message of an utterance that has ended.

    Args:
        utterance: its words, or its alternatives if it has any.
        words: also list each word with its times, in seconds from the beginning of the stream, and its confidence.
    """
    if utterance.alternatives:
        return {
            "alternatives": [
                {
                    "confidence": round(other.probability, 6),
                    **_listed(other.words, words),
                    "text": other.text,
                }
                for other in utterance.alternatives
            ]
        }
    return {**_listed(utterance.words, words), "text": utterance.text}


def _listed(words: Sequence[TranscribedWord], wanted: bool) -> dict[str, Any]:
    """Return the list of words as a part of a message."""
    return {"result": [_word(word) for word in words]} if wanted and words else {}


def _word(word: TranscribedWord) -> dict[str, Any]:
    confidence = {} if word.confidence is None else {"conf": round(word.confidence, 6)}
    return {**confidence, "start": round(word.start_seconds, 3), "end": round(word.end_seconds, 3), "word": word.text}
