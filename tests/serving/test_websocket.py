"""Streams as clients of vosk-server speak them: one answer for each message, and limits."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest
import soundfile
from aiohttp import WSMsgType
from aiohttp.test_utils import TestClient

from blasr.inference.live import LiveRecognizer
from blasr.serving.config import ServerConfig
from tests.serving.servers import AUDIO, expected_words, recognizer, run, served, stream

__all__ = ["recognizer"]  # a fixture


def test_a_vosk_client(recognizer: LiveRecognizer) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        socket = await client.ws_connect("/")
        await socket.send_str('{ "config" : { "sample_rate" : 8000.0, "words": true } }')
        answers = await stream(socket)
        closed = await socket.receive()
        return answers, closed.type, socket.close_code

    answers, closed, code = run(recognizer, talk)
    assert all(set(answer) == {"partial"} for answer in answers[:-1])
    final = answers[-1]
    assert final["text"].split() == [word["word"] for word in final["result"]] == expected_words(recognizer)
    for word in final["result"]:
        assert 0 <= word["conf"] <= 1 and 0 <= word["start"] < word["end"] <= 3
    assert closed == WSMsgType.CLOSE and code == 1000


def test_without_a_configuration_and_with_a_wave_header(recognizer: LiveRecognizer) -> None:
    """The 44 bytes of a header are skipped, odd bytes wait, and words have their times by default."""

    async def talk(client: TestClient[Any, Any]) -> Any:
        file = io.BytesIO()
        soundfile.write(file, AUDIO, 8000, format="WAV", subtype="PCM_16")
        socket = await client.ws_connect("/")
        content = file.getvalue()
        for begin in range(0, len(content), 1001):
            await socket.send_bytes(content[begin : begin + 1001])
            await socket.receive_str()
        await socket.send_str('{"eof":1}')
        return json.loads(await socket.receive_str())

    answer = run(recognizer, talk)
    assert answer["text"].split() == [word["word"] for word in answer["result"]] == expected_words(recognizer)


def test_reset_and_alternatives(recognizer: LiveRecognizer) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        socket = await client.ws_connect("/")
        await socket.send_str('{"config": {"max_alternatives": 3, "words": 1}}')
        first = (await stream(socket, end='{"reset" : 1}'))[-1]
        return first, (await stream(socket))[-1]

    first, second = run(recognizer, talk)
    for answer in (first, second):
        assert len(answer["alternatives"]) == 3
        assert answer["alternatives"][0]["confidence"] >= answer["alternatives"][1]["confidence"]
    assert first["alternatives"][0]["text"].split() == expected_words(recognizer)
    assert second["alternatives"][0]["result"][0]["start"] >= 2.9, "times count from the beginning of the stream"


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        ("hello", 1008, "expected JSON or binary audio"),
        ('{"config": {"sample_rate": 1}}', 1008, "sample_rate"),
        ('{"config": {"sample_rate": 44099}}', 1008, "sample_rate"),
        ('{"config": {"phrase_list": ["NOBODY KNOWS"]}}', 1008, "phrase_list"),
        (bytes(5000), 1009, ""),
    ],
)
def test_hostile_messages_end_that_session_only(
    recognizer: LiveRecognizer, message: str | bytes, code: int, reason: str
) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        good, bad = await client.ws_connect("/"), await client.ws_connect("/", max_msg_size=0)
        if isinstance(message, bytes):
            await bad.send_bytes(message)
        else:
            await bad.send_str(message)
            if "config" in message and not bad.closed:
                await bad.send_bytes(bytes(3200))
        closed = await bad.receive()
        return closed.extra, bad.close_code, (await stream(good))[-1]["text"]

    found_reason, found_code, text = run(recognizer, talk, ServerConfig(port=0, max_message_bytes=4000))
    assert found_code == code and reason in (found_reason or "")
    assert text.split() == expected_words(recognizer)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_session_seconds": 1.0}, "longer than 1 s"),
        ({"max_silence_seconds": 0.5}, "no word for 0.5 s"),
        ({"idle_seconds": 0.2}, "nothing came for 0.2 s"),
    ],
)
def test_limits(
    recognizer: LiveRecognizer, limits: dict[str, float], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blasr.inference.live.LiveSession.partial", lambda _: "")  # this network hears words in silence

    async def talk(client: TestClient[Any, Any]) -> Any:
        socket = await client.ws_connect("/")
        while True:
            if "idle_seconds" not in limits:
                await socket.send_bytes(bytes(1600))
            message = await socket.receive()
            if message.type != WSMsgType.TEXT:
                return message.extra, socket.close_code

    found, code = run(recognizer, talk, ServerConfig(port=0, **limits))  # type: ignore[arg-type]
    assert reason in found and code == 1008


def test_a_failure_inside_one_session(recognizer: LiveRecognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        good, bad = await client.ws_connect("/"), await client.ws_connect("/")
        await good.send_bytes(AUDIO[:1600].tobytes())
        await good.receive_str()
        with monkeypatch.context() as patch:
            patch.setattr("blasr.serving.client_stream.ClientStream.audio", lambda *_: 1 / 0)
            await bad.send_bytes(AUDIO[:1600].tobytes())
            closed = await bad.receive()
        return closed.data, (await stream(good, AUDIO[1600:]))[-1]["text"]

    code, text = run(recognizer, talk)
    assert code == 1011 and text.split() == expected_words(recognizer)


def test_stopping_ends_open_utterances(recognizer: LiveRecognizer) -> None:
    async def main() -> Any:
        async with served(recognizer) as (client, server):
            socket = await client.ws_connect("/")
            await socket.send_bytes(AUDIO.tobytes())
            await socket.receive_str()
            stopping = asyncio.ensure_future(server._shutdown(client.app))
            answer = json.loads(await socket.receive_str())
            closed = await socket.receive()
            await stopping
            health = await client.get("/healthz")
            return answer["text"].split(), closed.data, health.status

    words, code, health = asyncio.run(main())
    assert (words, code, health) == (expected_words(recognizer), 1001, 503)
