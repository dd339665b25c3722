"""Who may use the server, how many, and what it serves apart from speech."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from blasr.errors import DataError
from blasr.inference.live import LiveRecognizer
from blasr.serving.app import SpeechServer, serve
from blasr.serving.config import ServerConfig
from tests.serving.servers import AUDIO, recognizer, run, served

__all__ = ["recognizer"]  # a fixture


def test_more_sessions_than_allowed(recognizer: LiveRecognizer) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        first = await client.ws_connect("/")
        refused = await client.get("/", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
        await first.close()
        await asyncio.sleep(0.1)
        again = await client.ws_connect("/")
        return refused.status, refused.headers["Retry-After"], not again.closed

    assert run(recognizer, talk, ServerConfig(port=0, max_sessions=1)) == (503, "5", True)


def test_sessions_that_are_cut_leave_nothing(recognizer: LiveRecognizer) -> None:
    async def main() -> tuple[int, str]:
        async with served(recognizer) as (client, server):
            for number in range(20):
                socket = await client.ws_connect("/")
                for _ in range(number % 3):
                    await socket.send_bytes(AUDIO[:1600].tobytes())
                if number % 2:
                    socket._response.connection.transport.abort()  # type: ignore[union-attr]
                else:
                    await socket.close()
            for _ in range(100):
                if not server._connections:
                    break
                await asyncio.sleep(0.05)
            return len(server._connections), await (await client.get("/metrics")).text()

    open_sessions, metrics = asyncio.run(main())
    assert open_sessions == 0 and "blasr_sessions 0.0" in metrics
    assert 'blasr_sessions_closed_total{code="1000"} 10.0' in metrics


def test_tokens_and_origins(recognizer: LiveRecognizer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("0123456789abcdef\n")

    async def talk(client: TestClient[Any, Any]) -> Any:
        right, wrong = ({"Authorization": f"Bearer {token}"} for token in ("0123456789abcdef", "other"))
        answers = [
            await client.get("/metrics"),
            await client.get("/metrics", headers=wrong),
            await client.get("/metrics", headers=right),
            await client.get("/?token=0123456789abcdef"),
            await client.get("/healthz"),
            await client.get("/metrics", headers={**right, "Origin": "https://example.com"}),
            await client.get("/metrics", headers={**right, "Origin": "https://friend.org"}),
            await client.get("/metrics", headers={**right, "Origin": f"http://{client.host}:{client.port}"}),
        ]
        return [answer.status for answer in answers]

    config = ServerConfig(port=0, token_file=tmp_path / "token", origins=("https://friend.org",))
    assert run(recognizer, talk, config) == [401, 401, 200, 200, 200, 403, 200, 200]
    (tmp_path / "token").write_text("short\n")
    with pytest.raises(DataError, match="no token of 16"):
        SpeechServer(recognizer, config)


def test_the_page_has_no_foreign_parts(recognizer: LiveRecognizer) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        page = await client.get("/")
        script = await client.get("/page/captions.js")
        return page.headers["Content-Security-Policy"], await page.text(), script.status

    policy, page, status = run(recognizer, talk)
    assert "default-src 'self'" in policy and "https://" not in page and status == 200


def test_a_certificate_of_another_key(recognizer: LiveRecognizer, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    server = SpeechServer(recognizer, ServerConfig(port=0, certificate=tmp_path / "a", key=tmp_path / "b"))
    with pytest.raises(DataError, match="cannot be used with the key"):
        server.ssl_context()
    (tmp_path / "b").unlink()
    with pytest.raises(DataError, match=r"b: there is no key here\n  fix: check --key"):
        server.ssl_context()


def test_addresses_that_cannot_be_listened_on(recognizer: LiveRecognizer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DataError, match=rf"port {port}: Address already in use\n  fix: stop the program"):
            serve(SpeechServer(recognizer, ServerConfig(port=port)))
    config = ServerConfig(host="203.0.113.7", port=0, insecure=True)  # of an example in a book, not of this machine
    with pytest.raises(DataError, match=r"Cannot assign requested address\n  fix: give an address of this machine"):
        serve(SpeechServer(recognizer, config))


def test_a_stopped_server_does_not_wait_for_a_file(recognizer: LiveRecognizer) -> None:
    server, working = SpeechServer(recognizer), threading.Event()
    thread = threading.Thread(target=working.wait, name="files_0", daemon=True)
    thread.start()
    assert not server.wait(0.05)
    working.set()
    assert server.wait(10)
