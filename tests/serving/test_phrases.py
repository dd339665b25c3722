"""Clients that give their own phrases."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from blasr.inference.live import LiveRecognizer
from tests.serving.servers import recognizer, run, stream

__all__ = ["recognizer"]  # a fixture
from blasr.serving.phrases import PhraseGraphs
from blasr.serving.protocol import ProtocolError


def test_only_the_phrases_are_found(recognizer: LiveRecognizer) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        socket = await client.ws_connect("/")
        await socket.send_str('{"config": {"phrase_list": ["TEA OAT", "EAT"], "words": 1}}')
        return (await stream(socket))[-1]["text"]

    text = run(recognizer, talk)
    assert text and set(text.replace("TEA OAT", "x").split()) <= {"x", "EAT"}


def test_graphs_are_kept(recognizer: LiveRecognizer) -> None:
    graphs = PhraseGraphs(recognizer)
    first = graphs.of(("TEA",))
    for number in range(15):
        graphs.of(("EAT",) * 2 + ("OAT",) * number)
    assert graphs.of(("TEA",)) is first
    with pytest.raises(ProtocolError, match="NOWHERE"):
        graphs.of(("NOWHERE",))


def test_a_bundle_without_lang(recognizer: LiveRecognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(recognizer.bundle), "lang", None)
    with pytest.raises(ProtocolError, match="made without"):
        PhraseGraphs(recognizer).of(("TEA",))
