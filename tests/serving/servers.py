"""A server in this process, and clients that talk to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
import torch
from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient, TestServer

from blasr.features import CmvnStats, FeatureConfig, LogMel
from blasr.features.online_cmvn import write_global_cmvn
from blasr.inference.bundle import Bundle
from blasr.inference.live import LiveConfig, LiveRecognizer
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment
from blasr.serving.app import SpeechServer
from blasr.serving.config import ServerConfig
from tests.pipeline.systems import babble, write_system

AUDIO = (babble(3, 1) * 32767).astype(np.int16)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> LiveRecognizer:
    folder = tmp_path_factory.mktemp("system")
    system = write_system(folder, FeatureConfig(norm_vars=True))
    stats = CmvnStats.of(LogMel(FeatureConfig())(torch.from_numpy(babble(20, 9) * 32768)))
    write_global_cmvn(folder / "stats", stats)
    make_bundle(
        Experiment.load(system.experiment),
        system.graph,
        folder / "bundle",
        lang=system.lang,
        model=system.model,
        global_cmvn=folder / "stats",
    )
    return LiveRecognizer(Bundle.read(folder / "bundle"), LiveConfig(endpoints=()))


@asynccontextmanager
async def served(
    recognizer: LiveRecognizer, config: ServerConfig | None = None
) -> AsyncIterator[tuple[TestClient[Any, Any], SpeechServer]]:
    server = SpeechServer(recognizer, config or ServerConfig(port=0))
    async with TestClient(TestServer(server.app())) as client:
        yield client, server


def run(
    recognizer: LiveRecognizer,
    talk: Callable[[TestClient[Any, Any]], Awaitable[Any]],
    config: ServerConfig | None = None,
) -> Any:
    """What ``talk`` returns, given a client of a new server."""

    async def main() -> Any:
        async with served(recognizer, config) as (client, _):
            return await asyncio.wait_for(talk(client), 60)

    return asyncio.run(main())


async def stream(
    socket: ClientWebSocketResponse, audio: np.ndarray = AUDIO, *, piece: int = 1600, end: str = '{"eof" : 1}'
) -> list[dict[str, Any]]:
    """The answers to audio and its end, one for each message."""
    answers = []
    for begin in range(0, len(audio), piece):
        await socket.send_bytes(audio[begin : begin + piece].tobytes())
        answers.append(json.loads(await socket.receive_str()))
    await socket.send_str(end)
    answers.append(json.loads(await socket.receive_str()))
    return answers


def expected_words(recognizer: LiveRecognizer) -> list[str]:
    session = recognizer.open()
    session.accept(AUDIO.astype(np.float32))
    return session.finish()[-1].text.split()
