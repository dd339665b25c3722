"""Index a set of alignments: time, peak memory, and time of a look-up.

The set is synthetic: gzipped archives like Kaldi's ``ali.*.gz``, with runs of self-loops as in real alignments.

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
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blasr.io import AlignmentIndex, write_alignments
from blasr.io.atomic import atomic_path

LOOK_UPS = 20_000


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000_000, help="frames in all (default: %(default)s)")
    parser.add_argument("--utterance-frames", type=int, default=500, help="mean frames per utterance (default: 500)")
    parser.add_argument("--archives", type=int, default=20, help="number of archives (default: 20)")
    parser.add_argument("--report", type=Path, help="also write the report there")
    parser.add_argument("--build", type=Path, nargs=2, metavar=("SOURCE", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build is not None:
        build(*args.build)
        return
    with tempfile.TemporaryDirectory() as folder:
        text = measure(SetSize(args.frames, args.utterance_frames, args.archives), Path(folder))
    print(text)
    if args.report is not None:
        with atomic_path(args.report) as path:
            path.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class SetSize:
    """Frames in all, mean frames per utterance, and number of archives."""

    frames: int
    utterance_frames: int
    archives: int


def write_set(size: SetSize, folder: Path) -> int:
    """Write the archives and return the number of utterances."""
    random = np.random.default_rng(1)
    utterances = 0
    for archive in range(1, size.archives + 1):
        items, frames = [], 0
        while frames < size.frames // size.archives:
            length = int(random.integers(size.utterance_frames // 2, size.utterance_frames * 3 // 2))
            states = random.integers(1, 60_000, length // 4 + 1)
            items.append((f"speaker-{archive:03d}-utterance-{utterances:08d}", np.repeat(states, 4)[:length]))
            frames += length
            utterances += 1
        write_alignments(folder / f"ali.{archive}.gz", items)
    return utterances


def peak_mebibytes() -> float:
    """Return the largest resident set size of this process so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def build(source: Path, folder: Path) -> None:
    """Build the index; print its clock and processor seconds, and the MiB before and at the peak."""
    before = peak_mebibytes()
    started, worked = time.perf_counter(), time.process_time()
    AlignmentIndex.build(source, folder)
    clock, processor = time.perf_counter() - started, time.process_time() - worked
    print(clock, processor, before, peak_mebibytes())


def measure(size: SetSize, folder: Path) -> str:
    """Return the report."""
    source, index_folder = folder / "ali", folder / "index"
    utterances = write_set(size, source)
    packed = sum(path.stat().st_size for path in source.iterdir()) / 1e6
    words = [sys.executable, __file__, "--build", str(source), str(index_folder)]
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    clock, processor, before, peak = map(float, output.split())
    started = time.perf_counter()
    index = AlignmentIndex(index_folder)
    opened = time.perf_counter() - started
    names = list(index)
    chosen = [names[number] for number in np.random.default_rng(2).integers(0, len(names), LOOK_UPS)]
    worked = time.process_time()
    frames = sum(len(index[name]) for name in chosen)
    each = (time.process_time() - worked) / LOOK_UPS
    if not frames or len(index) != utterances:
        raise SystemExit("the index differs from the alignments that were written")
    lines = [
        f"# Indexing alignments, {datetime.date.today()}",
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, one used; Python {platform.python_version()}, numpy "
        f"{np.__version__}. Load average at the end {os.getloadavg()[0]:.1f}: other work ran on the same machine.",
        "Command: `python benchmarks/alignment_index.py`",
        f"{index.num_frames} frames in {utterances} utterances, {size.archives} gzipped archives with {packed:.0f} MB. "
        "A separate process builds the index; memory is its largest resident set size, with interpreter and numpy.",
        "| what | value |\n| --- | ---: |\n"
        f"| building, seconds of processor time | {processor:.1f} |\n"
        f"| building, seconds on the clock | {clock:.1f} |\n"
        f"| million frames per second of processor time | {index.num_frames / processor / 1e6:.1f} |\n"
        f"| peak memory, MiB | {peak:.0f} |\n"
        f"| memory before building, MiB | {before:.0f} |\n"
        f"| opening the index, milliseconds on the clock | {1e3 * opened:.1f} |\n"
        f"| one look-up by utterance, microseconds of processor time | {1e6 * each:.1f} |",
    ]
    return "\n\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
