"""The answers to one client's audio."""

from __future__ import annotations

from blasr.inference.live import LiveConfig, LiveRecognizer
from blasr.serving.config import ServerConfig
from tests.serving.servers import AUDIO, recognizer

__all__ = ["recognizer"]  # a fixture
from blasr.decoding.endpoint import EndpointRule
from blasr.serving.client_stream import ClientStream
from blasr.serving.protocol import ClientConfig


def test_utterances_that_end_in_one_message_are_one_answer(recognizer: LiveRecognizer) -> None:
    rule = EndpointRule(False, 0.0, float("inf"), 1.0)  # every second
    short = LiveRecognizer(recognizer.bundle, LiveConfig(endpoints=(rule,)))
    stream_ = ClientStream(short, ClientConfig(words=True), ServerConfig())
    answer = stream_.audio(AUDIO.tobytes())
    assert [word["word"] for word in answer["result"]] == answer["text"].split()
    assert stream_.utterances == 2, "the third second is not complete: its context has not come"
    starts = [word["start"] for word in answer["result"]]
    assert starts == sorted(starts) and starts[-1] > 1
    assert stream_.end()["text"] and stream_.utterances == 3


def test_silence_is_an_empty_text(recognizer: LiveRecognizer) -> None:
    stream_ = ClientStream(recognizer, ClientConfig(words=True), ServerConfig())
    assert stream_.audio(b"") == {"partial": ""}
    assert stream_.reset() == {"text": ""}
    assert stream_.end() == {"text": ""}
    assert stream_.seconds == 0


def test_half_a_sample_waits(recognizer: LiveRecognizer) -> None:
    stream_ = ClientStream(recognizer, ClientConfig(), ServerConfig())
    stream_.audio(AUDIO.tobytes()[:1601])
    assert stream_.seconds == 0.1
    stream_.audio(AUDIO.tobytes()[1601:3200])
    assert stream_.seconds == 0.2
