"""The page in a real browser with a file as its microphone: captions, word times, subtitles, and an uploaded file.

It needs playwright and Chromium: pip install playwright, and Chromium on the PATH or by playwright install chromium.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from blasr.inference.live import LiveRecognizer
from tests.pipeline.systems import babble, write_audio
from tests.serving.servers import recognizer, served

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium on the PATH"),
]
__all__ = ["recognizer"]  # a fixture

SRT_LINE = re.compile(r"^\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}$", re.MULTILINE)


async def until_text(page: Any, place: str) -> str:
    """The text of a place on the page, as soon as it has some."""
    for _ in range(120):
        if text := str(await page.inner_text(place)).strip():
            return text
        await asyncio.sleep(0.5)
    raise TimeoutError(f"{place} stays empty; the status is {await page.inner_text('#status')!r}")


async def visit(recognizer: LiveRecognizer, sound: Path, seen: dict[str, str]) -> None:
    """Use the page as a visitor does, and keep the texts of it."""
    flags = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags.append(f"--use-file-for-fake-audio-capture={sound}%noloop")
    async with served(recognizer) as (client, _), playwright.async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = await browser.new_page(accept_downloads=True, permissions=["microphone"])
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(str(client.make_url("/")))
        await page.click("#microphone")
        seen["partial"] = await until_text(page, "#partial")
        await page.click("#microphone")
        seen["captions"] = await until_text(page, "#captions")
        await page.check("#times")
        seen["with times"] = await page.inner_text("#captions")
        async with page.expect_download() as download:
            await page.click("#download")
        seen["srt"] = Path(await (await download.value).path()).read_text(encoding="utf-8")
        await page.uncheck("#times")
        await page.click("#clear")
        await page.set_input_files("#file", str(sound))
        seen["file"] = await until_text(page, "#captions")
        seen["errors"] = "\n".join(errors)
        await browser.close()


def test_a_visitor_sees_captions(recognizer: LiveRecognizer, tmp_path: Path) -> None:
    sound = tmp_path / "speech.wav"
    write_audio(sound, babble(20, 1))
    seen: dict[str, str] = {}
    asyncio.run(asyncio.wait_for(visit(recognizer, sound, seen), 180))
    assert seen["errors"] == ""
    words = {"TEA", "TWO", "EAT", "OAT", "<UNK>"}
    for place in ("partial", "captions", "file"):
        assert words & set(seen[place].split()), f"{place}: {seen[place]!r}"
    assert re.search(r"\d\.\d", seen["with times"]) and not re.search(r"\d\.\d", seen["captions"])
    assert SRT_LINE.search(seen["srt"])
    assert words & set(seen["srt"].split())
