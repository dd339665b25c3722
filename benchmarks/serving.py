"""How many live streams a server recognizes in real time, and whether sessions that are cut leave anything behind.

Starts ``blasr serve`` as a process, and sends it the audio of a file over many WebSockets at the speed at which it
would be spoken, a fifth of a second at a time. A stream is in real time if every answer comes before the next piece of
audio is due. Then opens sessions, sends some of them audio, cuts them at random, and compares the memory before and
after.

    python benchmarks/serving.py --bundle exp/bundle --audio talk.wav --report benchmarks/reports/2026-11-28-serving.md
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import platform
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import numpy as np

from blasr.io import read_audio
from blasr.io.atomic import atomic_open

PIECE_SECONDS = 0.2
WARM_UP_SESSIONS = 100


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="what the server serves")
    parser.add_argument("--audio", type=Path, required=True, metavar="FILE", help="speech with one channel")
    parser.add_argument("--streams", type=int, default=8, help="at the same time (default: 8)")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each stream (default: 30)")
    parser.add_argument("--sessions", type=int, default=1000, help="to open and cut (default: 1000)")
    parser.add_argument("--nj", type=int, default=2, help="workers of the server (default: 2)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as Markdown")
    args = parser.parse_args()
    samples, rate = read_audio(args.audio)
    pcm = np.tile(samples.astype(np.int16), int(args.seconds * rate / len(samples)) + 1)
    command = [sys.executable, "-m", "blasr.cli", "serve", f"--bundle={args.bundle}", "--port=0", f"--nj={args.nj}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            lines, late = asyncio.run(measure(args, server, address_of(server), pcm, rate))
        finally:
            server.terminate()
    print("\n".join(lines))
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write("\n".join(lines) + "\n")
    if late:
        sys.exit(f"{late} answers came later than the next piece of audio")


def address_of(server: subprocess.Popen[str]) -> str:
    """Return the address that the server announces."""
    assert server.stderr is not None
    for line in server.stderr:
        if found := re.search(r"serving on http://(\S+)", line):
            threading.Thread(target=server.stderr.read, daemon=True).start()  # a full pipe would stop the server
            return f"ws://{found[1]}/"
    sys.exit("the server did not start")


async def measure(
    args: argparse.Namespace, server: subprocess.Popen[str], address: str, pcm: np.ndarray, rate: int
) -> tuple[list[str], int]:
    """Return the lines of the report, and how many answers were late."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    lines = [
        "# Live streams in real time",
        "",
        f"{datetime.date.today():%Y-%m-%d}, {machine}; load average at the beginning {os.getloadavg()[0]:.1f}, so "
        "other work may have run on the same machine.",
        f"{args.seconds:g} s of speech in each stream, in pieces of {PIECE_SECONDS:g} s, {args.nj} workers.",
        "",
        f"    python {shlex.join(sys.argv)}",
        "",
        "| streams | median answer | 95% | slowest | late answers | processor of the server |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    late = 0
    async with aiohttp.ClientSession() as session:
        for streams in sorted({1, args.streams // 2 or 1, args.streams}):
            before, started = cpu_seconds(server.pid), time.monotonic()
            offsets = [number * PIECE_SECONDS / streams for number in range(streams)]
            waits = await asyncio.gather(
                *(speak(session, address, pcm, rate, args.seconds, offset) for offset in offsets)
            )
            share = (cpu_seconds(server.pid) - before) / (time.monotonic() - started)
            all_waits = np.concatenate(waits)
            slow = int((all_waits > PIECE_SECONDS).sum())
            late += slow if streams == args.streams else 0
            median, most = np.quantile(all_waits, [0.5, 0.95])
            lines.append(
                f"| {streams} | {median * 1000:.0f} ms | {most * 1000:.0f} ms | {all_waits.max() * 1000:.0f} ms | "
                f"{slow} of {len(all_waits)} | {share:.2f} cores |"
            )
        await cut_sessions(session, address, pcm, WARM_UP_SESSIONS)
        memory = resident_mb(server.pid)
        await cut_sessions(session, address, pcm, args.sessions)
        after = resident_mb(server.pid)
    lines += [
        "",
        f"{args.sessions} sessions were opened and cut at random after {WARM_UP_SESSIONS} others: the server had "
        f"{memory:.0f} MB before and {after:.0f} MB afterwards.",
    ]
    return lines, late


async def speak(
    session: aiohttp.ClientSession, address: str, pcm: np.ndarray, rate: int, seconds: float, offset: float
) -> Sequence[float]:
    """Send audio as it is spoken; return how long each answer took after its piece was due."""
    piece = round(PIECE_SECONDS * rate)
    waits = []
    async with session.ws_connect(address) as socket:
        await socket.send_str(f'{{"config": {{"sample_rate": {rate}, "words": 1}}}}')
        started = time.monotonic() + offset
        for number in range(int(seconds / PIECE_SECONDS)):
            due = started + (number + 1) * PIECE_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await socket.send_bytes(pcm[number * piece : (number + 1) * piece].tobytes())
            await socket.receive_str()
            waits.append(time.monotonic() - due)
        await socket.send_str('{"eof" : 1}')
        await socket.receive_str()
    return waits


async def cut_sessions(session: aiohttp.ClientSession, address: str, pcm: np.ndarray, number: int) -> None:
    """Open sessions, eight at a time, and leave each in another way."""
    chance = random.Random(0)

    async def cut(way: float, pieces: int) -> None:
        socket = await session.ws_connect(address)
        for piece in range(pieces):
            await socket.send_bytes(pcm[piece * 800 : (piece + 1) * 800].tobytes())
        if way < 0.3:  # without a close
            connection = socket._response.connection
            if connection is not None and connection.transport is not None:
                connection.transport.abort()
            return
        if way < 0.6:
            await socket.send_str("nonsense")
        await socket.close()

    for begin in range(0, number, 8):
        await asyncio.gather(
            *(cut(chance.random(), chance.randrange(4)) for _ in range(min(8, number - begin))), return_exceptions=True
        )
    await asyncio.sleep(1.0)


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Return the memory that a process has, in MB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
