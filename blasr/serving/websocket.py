"""The WebSocket of a client: reads messages, has them recognized, answers each once, and ends within the limits."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, Protocol, TypeVar

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import BlasrError
from blasr.inference.live import LiveRecognizer
from blasr.serving.client_stream import ClientStream
from blasr.serving.config import ServerConfig
from blasr.serving.metrics import Metrics
from blasr.serving.protocol import ClientCommand, ClientConfig, ProtocolError, parse_text

logger = logging.getLogger(__name__)

MAX_REASON_BYTES: Final = 123
"""The longest reason of a close (RFC 6455, section 5.5)."""

Answer = TypeVar("Answer")


class PhraseDecoders(Protocol):
    """Makes decoders for the phrases of clients."""

    def of(self, phrases: tuple[str, ...]) -> LatticeDecoder:
        """Return a decoder that finds nothing but the phrases, one after the other."""
        ...


class ClientConnection:
    """One connection from its first message to its close.

    Args:
        recognizer: shared by all connections.
        config: the limits.
        metrics: what is counted.
        executor: the worker threads.
        phrases: makes the graphs of clients' phrases.
    """

    def __init__(
        self,
        recognizer: LiveRecognizer,
        config: ServerConfig,
        metrics: Metrics,
        executor: Executor,
        phrases: PhraseDecoders,
    ) -> None:
        self._recognizer, self._config, self._metrics = recognizer, config, metrics
        self._executor, self._phrases = executor, phrases
        self._socket = web.WebSocketResponse(max_msg_size=config.max_message_bytes, heartbeat=30.0, compress=False)
        self._asked = ClientConfig()
        self._stream: ClientStream | None = None
        self._counted_seconds, self._counted_utterances = 0.0, 0
        self._stopping = False
        self._busy = asyncio.Lock()

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the connection until it is closed."""
        await self._socket.prepare(request)
        try:
            await self._serve()
        except ProtocolError as error:
            await self._close(WSCloseCode.POLICY_VIOLATION, str(error))
        except BlasrError as error:
            await self._close(WSCloseCode.INTERNAL_ERROR, error.message)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # one session's failure must not end the others
            logger.exception("a session failed")
            await self._close(WSCloseCode.INTERNAL_ERROR, "the server failed; its log says why")
        return self._socket

    @property
    def close_code(self) -> int:
        """The code of the close; 1006 if the connection was lost without one."""
        return self._socket.close_code or WSCloseCode.ABNORMAL_CLOSURE

    async def stop(self) -> None:
        """End the utterance, answer it, and close, since the server stops."""
        self._stopping = True
        async with self._busy:
            if not self._socket.closed and self._stream is not None:
                await self._answer(self._stream.end)
        await self._close(WSCloseCode.GOING_AWAY, "the server stops")

    async def _serve(self) -> None:
        while not self._socket.closed:
            try:
                message = await self._socket.receive(timeout=self._config.idle_seconds)
            except TimeoutError:
                raise ProtocolError(f"nothing came for {self._config.idle_seconds:g} s") from None
            async with self._busy:
                if self._stopping or not await self._handle(message):
                    return

    async def _handle(self, message: WSMessage) -> bool:
        """Answer a message; return whether the connection goes on."""
        if message.type == WSMsgType.BINARY:
            stream = await self._open_stream()
            await self._answer(lambda: stream.audio(message.data))
            return True
        if message.type != WSMsgType.TEXT:
            return False  # closed, or lost, or a message that is too big, which aiohttp closes with 1009
        asked = parse_text(message.data, self._asked)
        if isinstance(asked, ClientConfig):
            if self._stream is not None and asked != self._asked:
                raise ProtocolError("the configuration must come before the audio")
            self._asked = asked
            return True
        stream = await self._open_stream()
        if asked is ClientCommand.RESET:
            await self._answer(stream.reset)
            return True
        await self._answer(stream.end)
        await self._close(WSCloseCode.OK, "")
        return False

    async def _open_stream(self) -> ClientStream:
        """Return the stream, which begins with the first audio."""
        if self._stream is None:
            self._stream = await self._work(self._make_stream)
        return self._stream

    def _make_stream(self) -> ClientStream:
        decoder = None if self._asked.phrases is None else self._phrases.of(self._asked.phrases)
        return ClientStream(self._recognizer, self._asked, self._config, decoder)

    async def _answer(self, recognize: Callable[[], dict[str, Any]]) -> None:
        """Send the answer that a worker computes."""
        started = time.monotonic()
        answer = await self._work(recognize)
        self._metrics.answer_seconds.observe(time.monotonic() - started)
        self._count()
        if not self._socket.closed:
            await self._socket.send_str(json.dumps(answer, ensure_ascii=False))

    async def _work(self, function: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    def _count(self) -> None:
        if self._stream is not None:
            self._metrics.audio_seconds.inc(max(0.0, self._stream.seconds - self._counted_seconds))
            self._metrics.utterances.inc(self._stream.utterances - self._counted_utterances)
            self._counted_seconds, self._counted_utterances = self._stream.seconds, self._stream.utterances

    async def _close(self, code: int, reason: str) -> None:
        if not self._socket.closed:
            short = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
            if reason:
                logger.info("session closed (%d): %s", code, reason)
            await self._socket.close(code=code, message=short.encode())
