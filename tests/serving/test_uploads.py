"""Whole files over HTTP."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import soundfile
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from blasr.inference.live import LiveRecognizer
from blasr.inference.transcribe import Transcriber
from blasr.serving.config import ServerConfig
from tests.serving.servers import AUDIO, recognizer, run

__all__ = ["recognizer"]  # a fixture


def test_files(recognizer: LiveRecognizer, tmp_path: Path) -> None:
    async def talk(client: TestClient[Any, Any]) -> Any:
        file = io.BytesIO()
        soundfile.write(file, AUDIO, 8000, format="FLAC")
        form = FormData({"comment": "none"})
        form.add_field("file", file.getvalue(), filename="talk.flac")
        answers = [
            await client.post("/transcribe?format=text", data=file.getvalue()),
            await client.post("/transcribe", data=form),
            await client.post("/transcribe?format=srt", data=file.getvalue()),
            await client.post("/transcribe", data=b"hello"),
            await client.post("/transcribe", data=b""),
            await client.post("/transcribe?format=doc", data=file.getvalue()),
            await client.post("/transcribe", data=bytes(300_000)),
        ]
        return [(answer.status, await answer.text()) for answer in answers]

    text, as_json, srt, *bad = run(recognizer, talk, ServerConfig(port=0, max_upload_bytes=200_000))
    soundfile.write(tmp_path / "talk.wav", AUDIO, 8000)
    expected = Transcriber(recognizer.bundle).transcribe(tmp_path / "talk.wav").text.split()
    assert text[0] == 200 and text[1].split()[1:] == expected and len(expected) > 4
    assert json.loads(as_json[1])["sides"][0]["text"].split() == expected
    assert srt[1].startswith("1\n00:00:0")
    assert [status for status, _ in bad] == [422, 400, 400, 413]
    assert all(json.loads(body)["error"] for _, body in bad)
