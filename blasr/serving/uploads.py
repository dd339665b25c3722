"""``POST /transcribe``: a whole audio file in, its transcript out."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from aiohttp import BodyPartReader, web

from blasr.errors import BlasrError
from blasr.inference.config import TRANSCRIPT_SUFFIXES
from blasr.inference.transcribe import Transcriber
from blasr.inference.transcript_formats import FORMATS
from blasr.serving.config import ServerConfig
from blasr.serving.metrics import Metrics

_CHUNK: Final = 1 << 16
_TYPES: Final = {"json": "application/json", "srt": "application/x-subrip", "text": "text/plain", "ctm": "text/plain"}


class Uploads:
    """Transcribes files that clients send, a limited number at a time.

    Args:
        transcriber: with its bundle.
        config: the limits.
        metrics: what is counted.
        executor: the worker threads.
    """

    def __init__(self, transcriber: Transcriber, config: ServerConfig, metrics: Metrics, executor: Executor) -> None:
        self._transcriber, self._config, self._metrics, self._executor = transcriber, config, metrics, executor
        self._waiting = 0

    async def transcribe(self, request: web.Request) -> web.Response:
        """Return the transcript of the body, or of the first file of a form, in the format of ``?format=``."""
        response = await self._respond(request)
        self._metrics.files.labels(status=str(response.status)).inc()
        return response

    async def _respond(self, request: web.Request) -> web.Response:
        transcript_format = request.query.get("format", "json")
        if transcript_format not in TRANSCRIPT_SUFFIXES:
            known = ", ".join(TRANSCRIPT_SUFFIXES)
            return problem(400, f"unknown format {transcript_format!r}, expected one of {known}")
        if self._waiting >= self._config.max_uploads:
            return problem(503, f"{self._waiting} files are waiting; try again later", retry_after=10)
        self._waiting += 1
        try:
            with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
                path = Path(folder) / "audio"
                if not await self._receive(request, path):
                    return problem(400, "the request has no audio; send a file as the body or in a form")
                work = asyncio.get_running_loop().run_in_executor(self._executor, self._transcriber.transcribe, path)
                transcript = await asyncio.shield(work)
        except web.HTTPRequestEntityTooLarge:
            return problem(413, f"the file is larger than {self._config.max_upload_bytes} bytes")
        except BlasrError as error:
            return problem(422, f"the file {error.message}")
        finally:
            self._waiting -= 1
        return web.Response(text=FORMATS[transcript_format](transcript), content_type=_TYPES[transcript_format])

    async def _receive(self, request: web.Request, path: Path) -> bool:
        """Write the audio of a request to a file; return whether there was any."""
        received = 0
        with path.open("wb") as file:
            async for chunk in _chunks(request):
                received += len(chunk)
                if received > self._config.max_upload_bytes:
                    raise web.HTTPRequestEntityTooLarge(self._config.max_upload_bytes, received)
                file.write(chunk)
        return received > 0


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    """Yield the body, or the first file of a form."""
    if not request.content_type.startswith("multipart/"):
        async for chunk in request.content.iter_chunked(_CHUNK):
            yield chunk
        return
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader) and part.filename:
            while chunk := await part.read_chunk(_CHUNK):
                yield bytes(chunk)
            return


def problem(status: int, message: str, *, retry_after: int | None = None) -> web.Response:
    """Return an error as JSON."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response({"error": message}, status=status, headers=headers)
