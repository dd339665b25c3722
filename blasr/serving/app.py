"""The server: WebSocket streams and a page at ``/``, ``POST /transcribe``, ``/healthz`` and ``/metrics``."""

from __future__ import annotations

import asyncio
import errno
import hmac
import logging
import os
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from blasr.errors import DataError
from blasr.inference.config import TranscriptionConfig
from blasr.inference.live import LiveRecognizer
from blasr.inference.transcribe import Transcriber
from blasr.serving.config import ServerConfig
from blasr.serving.metrics import CONTENT_TYPE, Metrics
from blasr.serving.phrases import PhraseGraphs
from blasr.serving.uploads import Uploads, problem
from blasr.serving.websocket import ClientConnection

logger = logging.getLogger(__name__)

_LISTEN_FIXES: Final = {
    errno.EADDRINUSE: "stop the program that uses it, or choose another --port",
    errno.EACCES: "choose a --port of 1024 or more",
}
_THREADS: Final = ("recognizer", "files")
"""How the names of the worker threads begin."""

PAGE: Final = Path(__file__).parent / "page"
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src data:; connect-src 'self' ws: wss:; object-src 'none'; "
    "base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class SpeechServer:
    """Serves one bundle.

    Args:
        recognizer: recognizes streams.
        config: the limits.

    Raises:
        DataError: the token or the certificate cannot be read.
    """

    def __init__(self, recognizer: LiveRecognizer, config: ServerConfig | None = None) -> None:
        self.config = config or ServerConfig()
        self.metrics = Metrics()
        self._recognizer = recognizer
        self._token = self.config.read_token()
        self._executor = ThreadPoolExecutor(self.config.workers, thread_name_prefix=_THREADS[0])
        self._phrases = PhraseGraphs(recognizer)
        settings = TranscriptionConfig(workers=1, device=recognizer.config.device)  # the network is shared
        transcriber = Transcriber(recognizer.bundle, settings)
        self._file_executor = ThreadPoolExecutor(1, thread_name_prefix=_THREADS[1])  # so that no file delays a stream
        self._uploads = Uploads(transcriber, self.config, self.metrics, self._file_executor)
        self._connections: set[ClientConnection] = set()
        self._stopping = False

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(client_max_size=self.config.max_upload_bytes, middlewares=[self._guard()])
        app.router.add_get("/", self._root)
        app.router.add_post("/transcribe", self._uploads.transcribe)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_static("/page/", PAGE)
        app.on_shutdown.append(self._shutdown)
        return app

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return the context of TLS; None without a certificate.

        Raises:
            DataError: certificate and key cannot be read or do not match.
        """
        if self.config.certificate is None:
            return None
        for path, what in ((self.config.certificate, "certificate"), (self.config.key, "key")):
            if path is not None and not path.is_file():
                raise DataError(f"there is no {what} here", path=path, fix=f"check --{what}")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.config.certificate, self.config.key)
        except (OSError, ssl.SSLError) as error:
            mismatch = getattr(error, "reason", "") == "KEY_VALUES_MISMATCH"
            reason = "it belongs to another key" if mismatch else getattr(error, "strerror", None) or error
            raise DataError(
                f"cannot be used with the key {self.config.key}: {reason}",
                path=self.config.certificate,
                fix="give a certificate and its own key, both in PEM format",
            ) from None
        return context

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Refuse requests without the token, and those that other web pages make in a browser."""
            if not self._is_allowed(request):
                self.metrics.refused.labels(reason="token").inc()
                return problem(401, "the token is missing or wrong")
            if not self._is_own_page(request):
                self.metrics.refused.labels(reason="origin").inc()
                return problem(403, f"pages of {request.headers['Origin']} may not use this server")
            return await handler(request)

        return guard

    def _is_allowed(self, request: web.Request) -> bool:
        if self._token is None or request.path == "/healthz":
            return True
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.query.get("token", "")
        if request.path.startswith("/page/"):
            return True  # the page's own files have no secrets
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _is_own_page(self, request: web.Request) -> bool:
        """Whether a request comes from no browser, from this server's page, or from one that is allowed."""
        origin = request.headers.get("Origin")
        return origin is None or origin in self.config.origins or urlsplit(origin).netloc == request.host

    async def _root(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.FileResponse(PAGE / "index.html", headers=_HEADERS)
        if self._stopping or len(self._connections) >= self.config.max_sessions:
            self.metrics.refused.labels(reason="full").inc()
            return problem(503, f"{len(self._connections)} streams are open; try again later", retry_after=5)
        connection = ClientConnection(self._recognizer, self.config, self.metrics, self._executor, self._phrases)
        self._connections.add(connection)
        self.metrics.sessions.set(len(self._connections))
        try:
            return await connection.run(request)
        finally:
            self._connections.discard(connection)
            self.metrics.sessions.set(len(self._connections))
            self.metrics.closed.labels(code=str(int(connection.close_code))).inc()

    async def _health(self, _: web.Request) -> web.Response:
        status = "stopping" if self._stopping else "ok"
        body = {"status": status, "sessions": len(self._connections), "model": self._recognizer.bundle.config.origin}
        return web.json_response(body, status=503 if self._stopping else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    def wait(self, seconds: float) -> bool:
        """Wait for the threads of a server that has stopped; return whether all have ended."""
        deadline = time.monotonic() + seconds
        for thread in threading.enumerate():
            if thread.name.startswith(_THREADS):
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.name.startswith(_THREADS) for thread in threading.enumerate())

    async def _shutdown(self, _: web.Application) -> None:
        """Let every open stream end its utterance and answer it."""
        self._stopping = True
        ending = [asyncio.ensure_future(connection.stop()) for connection in self._connections]
        if ending:
            await asyncio.wait(ending, timeout=self.config.shutdown_seconds)
        for executor in (self._executor, self._file_executor):
            executor.shutdown(wait=False, cancel_futures=True)


def serve(server: SpeechServer) -> None:
    """Serve until SIGINT or SIGTERM, then end the open streams.

    Raises:
        DataError: the certificate cannot be used, or the address cannot be bound.
    """
    config, context = server.config, server.ssl_context()
    scheme = "http" if context is None else "https"
    try:
        family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
        listening = socket.create_server((config.host, config.port), family=family)
    except OSError as error:
        number = error.errno or 0
        fix = _LISTEN_FIXES.get(number, "give an address of this machine with --host, such as 127.0.0.1")
        # Python adds the address to strerror; the error of an unknown host name has a number below 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise DataError(f"cannot listen on {config.host} port {config.port}: {reason}", fix=fix) from None
    port = listening.getsockname()[1]

    def announce(*_: object) -> None:
        logger.info("serving on %s://%s:%d (stop with Ctrl-C)", scheme, config.host, port)

    web.run_app(
        server.app(),
        sock=listening,
        ssl_context=context,
        print=announce,
        access_log=None,
        shutdown_timeout=config.shutdown_seconds,
    )
