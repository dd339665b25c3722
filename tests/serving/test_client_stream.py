"""The answers to one client's audio."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from blasr.inference.live import LiveConfig, LiveRecognizer
from blasr.serving.config import ServerConfig
from tests.serving.servers import AUDIO, recognizer

__all__ = ["recognizer"]  # a fixture
from blasr.decoding.endpoint import EndpointRule
from blasr.serving.client_stream import ClientStream
from blasr.serving.protocol import ClientConfig, ProtocolError


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


def test_alternatives_of_utterances_that_end_in_one_message(recognizer: LiveRecognizer) -> None:
    rule = EndpointRule(False, 0.0, float("inf"), 1.0)  # every second
    short = LiveRecognizer(recognizer.bundle, LiveConfig(endpoints=(rule,)))
    best = ClientStream(short, ClientConfig(), ServerConfig()).audio(AUDIO.tobytes())
    stream_ = ClientStream(short, ClientConfig(max_alternatives=3), ServerConfig())
    (first, *others) = stream_.audio(AUDIO.tobytes())["alternatives"]
    assert stream_.utterances == 2 and first["text"] == best["text"] and len(others) == 2
    assert first["confidence"] >= others[0]["confidence"] >= others[1]["confidence"]
    assert [word["word"] for word in first["result"]] == first["text"].split()
    stream_.reset()
    assert stream_.end() == {"alternatives": [{"confidence": 1.0, "text": ""}]}


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


@pytest.mark.parametrize(
    ("rate", "asked", "shape"), [(16000, 8000, (800,)), (8000, None, (800, 2)), (8000, 16000, (800,))]
)
def test_a_wave_file_of_another_kind_than_the_stream(
    rate: int, asked: int | None, shape: tuple[int, ...], recognizer: LiveRecognizer
) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(shape), rate, format="WAV", subtype="PCM_16")
    stream_ = ClientStream(recognizer, ClientConfig(sample_rate=asked), ServerConfig())
    expected = rf"a wave file: {rate} Hz, {len(shape)} channels, 16 bits; expected {asked or 8000} Hz, 1 channel"
    with pytest.raises(ProtocolError, match=expected):
        stream_.audio(file.getvalue())
