"""Indexing a set of alignments: seconds, peak memory, and seconds for a look-up.

The synthetic set has gzipped archives as Kaldi's ``ali.*.gz``, with self-loops in runs as alignments have them.

    python benchmarks/alignment_index.py --report benchmarks/reports/2026-11-21-alignment-index.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from blasr.io import AlignmentIndex, write_alignments
from blasr.io.atomic import atomic_path

LOOK_UPS = 20_000


def main() -> None:
    """Measure, print, and write the report where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000_000)
    parser.add_argument("--utterance-frames", type=int, default=500, help="of an utterance, on average")
    parser.add_argument("--archives", type=int, default=20)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--build", type=Path, nargs=2, metavar=("SOURCE", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build is not None:
        build(*args.build)
        return
    with tempfile.TemporaryDirectory() as folder:
        text = measure(args, Path(folder))
    print(text)
    if args.report is not None:
        with atomic_path(args.report) as path:
            path.write_text(text, encoding="utf-8")


def write_set(args: argparse.Namespace, folder: Path) -> int:
    """Write the archives; the number of utterances."""
    random = np.random.default_rng(1)
    utterances = 0
    for archive in range(1, args.archives + 1):
        items, frames = [], 0
        while frames < args.frames // args.archives:
            length = int(random.integers(args.utterance_frames // 2, args.utterance_frames * 3 // 2))
            states = random.integers(1, 60_000, length // 4 + 1)
            items.append((f"speaker-{archive:03d}-utterance-{utterances:08d}", np.repeat(states, 4)[:length]))
            frames += length
            utterances += 1
        write_alignments(folder / f"ali.{archive}.gz", items)
    return utterances


def peak_mebibytes() -> float:
    """The greatest resident set of this process so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def build(source: Path, folder: Path) -> None:
    """Build the index and print seconds on the clock and of the processor, MiB before and at the peak."""
    before = peak_mebibytes()
    started, worked = time.perf_counter(), time.process_time()
    AlignmentIndex.build(source, folder)
    clock, processor = time.perf_counter() - started, time.process_time() - worked
    print(clock, processor, before, peak_mebibytes())


def measure(args: argparse.Namespace, folder: Path) -> str:
    """The report."""
    source, index_folder = folder / "ali", folder / "index"
    utterances = write_set(args, source)
    packed = sum(path.stat().st_size for path in source.iterdir()) / 1e6
    words = [sys.executable, __file__, "--build", str(source), str(index_folder)]
    found = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    clock, processor, before, peak = map(float, found.split())
    started = time.perf_counter()
    index = AlignmentIndex(index_folder)
    opened = time.perf_counter() - started
    names = list(index)
    chosen = [names[number] for number in np.random.default_rng(2).integers(0, len(names), LOOK_UPS)]
    worked = time.process_time()
    frames = sum(len(index[name]) for name in chosen)
    each = (time.process_time() - worked) / LOOK_UPS
    if not frames or len(index) != utterances:
        raise SystemExit("the index does not hold what was written")
    lines = [
        f"# Indexing alignments, {datetime.date.today()}",
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, one used; Python {platform.python_version()}, numpy "
        f"{np.__version__}. Load average at the end {os.getloadavg()[0]:.1f}: other work ran on the same machine.",
        "Command: `python benchmarks/alignment_index.py`",
        f"{index.num_frames} frames in {utterances} utterances, {args.archives} gzipped archives of {packed:.0f} MB. "
        "The index is built in a process of its own; memory is its greatest resident set, with interpreter and numpy.",
        "| what | value |\n| --- | ---: |\n"
        f"| building, seconds of processor time | {processor:.1f} |\n"
        f"| building, seconds on the clock | {clock:.1f} |\n"
        f"| million frames per second of processor time | {index.num_frames / processor / 1e6:.1f} |\n"
        f"| peak memory, MiB | {peak:.0f} |\n"
        f"| of it before building, MiB | {before:.0f} |\n"
        f"| opening the index, milliseconds on the clock | {1e3 * opened:.1f} |\n"
        f"| one look-up by utterance, microseconds of processor time | {1e6 * each:.1f} |",
    ]
    return "\n\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
