"""Live recognition of one stream: its results as lines, while the audio comes."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from blasr.errors import BlasrError, DataError
from blasr.inference.live import LiveRecognizer, LiveUtterance
from blasr.inference.live_messages import final_message, partial_message
from blasr.io.audio_source import STANDARD_INPUT
from blasr.io.pcm_stream import PcmStream

logger = logging.getLogger(__name__)

LiveFormat = Literal["text", "json"]
"""How live results are printed."""


@dataclass(frozen=True, slots=True)
class LivePartial:
    """The words so far of the utterance that is going on."""

    text: str


def recognize_stream(
    recognizer: LiveRecognizer,
    path: Path,
    *,
    sample_rate: int | None = None,
    channel: int | None = None,
    piece_seconds: float = 0.25,
) -> Iterator[LivePartial | LiveUtterance]:
    """Yield the results of a stream as they come: partial ones whenever their words change, and final ones.

    Args:
        recognizer: with its bundle.
        path: a file or named pipe; ``-`` is the standard input.
        sample_rate: of raw PCM, in Hz; by default the network's. A wave file has its own, which must be the same.
        channel: the only channel to recognize, from 0; by default the mean of all.
        piece_seconds: how much audio is read at a time.

    Raises:
        DataError: there is no such file, there is no audio, or its rate is not ``sample_rate`` or cannot be converted.
        FormatError: the stream is neither raw 16-bit PCM nor a wave file with it.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        try:
            is_stdin = str(path) == STANDARD_INPUT
            stream = sys.stdin.buffer if is_stdin else stack.enter_context(path.open("rb"))
            rate = sample_rate or recognizer.bundle.config.features.sample_rate
            audio = PcmStream(stream, rate, channel=channel)
            if sample_rate not in (None, audio.sample_rate):
                message = f"is a wave file of {audio.sample_rate} Hz, but its rate was said to be {sample_rate} Hz"
                raise DataError(message, fix="leave out --rate, which is for raw PCM: a wave file has its rate itself")
            session = recognizer.open(sample_rate=audio.sample_rate)
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path=path, fix="check the path") from None
        except BlasrError as error:
            raise error.at(path=path) from None
        shown, utterances = "", 0
        for piece in audio.pieces(piece_seconds):
            for utterance in session.accept(piece):
                yield utterance
                utterances, shown = utterances + 1, ""
            text = session.partial()
            if text != shown:
                yield LivePartial(text)
                shown = text
        for utterance in session.finish():
            yield utterance
            utterances += 1
    seconds = time.monotonic() - started
    logger.info(
        "%.1f s of audio in %.1f s, %d utterance(s), real-time factor %.3f",
        *(session.seconds, seconds, utterances, seconds / max(session.seconds, 1e-9)),
    )


def result_lines(results: Iterator[LivePartial | LiveUtterance], live_format: LiveFormat) -> Iterator[tuple[bool, str]]:
    """Yield whether a result is final, and its line: words, or JSON in the form of vosk-server's messages.

    Utterances without a word are left out.
    """
    as_json = live_format == "json"
    for result in results:
        if isinstance(result, LivePartial):
            yield False, json.dumps(partial_message(result.text)) if as_json else result.text
        elif result.words:
            yield True, json.dumps(final_message(result)) if as_json else result.text
