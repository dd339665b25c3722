"""Reading archives of matrices: blasr against kaldiio and kaldi_native_io, megabytes of float32 per second.

Every reader goes through the same archives from front to back and gives every matrix as a numpy array of float32 of its
own, whose sum is taken (the same for all, and not timed). The rounds of the readers alternate; each one's least time
counts.

    python benchmarks/ark_reading.py --report benchmarks/reports/2026-11-21-ark-reading.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import kaldi_native_io
import kaldiio
import numpy as np

from blasr.io.atomic import atomic_path
from blasr.io.compression import CompressionMethod
from blasr.io.holders import MATRIX, compressed_matrix
from blasr.io.table_writer import TableWriter
from blasr.io.tables import read_matrices
from blasr.units import FloatArray

FORMS = {
    "float": MATRIX,
    "CM": compressed_matrix(CompressionMethod.SPEECH_FEATURE),
    "CM2": compressed_matrix(CompressionMethod.TWO_BYTE_AUTO),
    "CM3": compressed_matrix(CompressionMethod.ONE_BYTE_AUTO),
}
Matrices = Iterator[tuple[str, FloatArray]]


def _blasr(path: Path) -> Matrices:
    return read_matrices(f"ark:{path}")


def _kaldiio(path: Path) -> Matrices:
    for key, matrix in kaldiio.load_ark(str(path)):
        yield key, np.ascontiguousarray(matrix, np.float32)


def _kaldi_native_io(path: Path) -> Matrices:
    with kaldi_native_io.SequentialFloatMatrixReader(f"ark:{path}") as reader:
        yield from reader


READERS: dict[str, Callable[[Path], Matrices]] = {
    "blasr": _blasr,
    "kaldiio": _kaldiio,
    "kaldi_native_io": _kaldi_native_io,
}


@dataclass
class Times:
    """The least seconds over the rounds: on the clock, and of processor time."""

    clock: float = float("inf")
    processor: float = float("inf")


def main() -> None:
    """Measure, print, and write the report where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=300)
    parser.add_argument("--frames", type=int, default=500, help="of an utterance, on average")
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = measure(args, Path(folder))
    print(text)
    if args.report is not None:
        with atomic_path(args.report) as path:
            path.write_text(text, encoding="utf-8")


def measure(args: argparse.Namespace, folder: Path) -> str:
    """The report."""
    megabytes = write_archives(args, folder)
    rows = []
    for form in FORMS:
        times = {name: Times() for name in READERS}
        sums: dict[str, float] = {}
        for _ in range(args.rounds):
            for name, reader in READERS.items():
                sums[name] = one_round(reader, folder / f"{form}.ark", times[name])
        if len({round(value) for value in sums.values()}) > 1:
            raise SystemExit(f"the readers disagree about {form}: {sums}")
        best = min(times[name].processor for name in READERS if name != "blasr")
        cells = [f"{megabytes / times[name].processor:.0f} ({megabytes / times[name].clock:.0f})" for name in READERS]
        rows.append(f"| {form} | {' | '.join(cells)} | {best / times['blasr'].processor:.2f} |")
    heading = f"# Reading archives of matrices, {datetime.date.today()}"
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "kaldiio", "kaldi_native_io"))
    machine = (
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, one used; Python {platform.python_version()}, "
        f"{versions}. Load average at the end {os.getloadavg()[0]:.1f}: other work ran on the same machine."
    )
    what = (
        f"{args.utterances} utterances of {args.frames} frames on average and {args.columns} columns, "
        f"{megabytes:.0f} MB of float32, archives in the file cache. MB of float32 per second of processor time, and "
        f"in brackets per second of the clock; least of {args.rounds} rounds, the readers in turn. Ratio: blasr to the "
        f"faster of the two others, processor time."
    )
    head = f"| archive | {' | '.join(READERS)} | ratio |\n| --- | {' | '.join('---:' for _ in READERS)} | ---: |"
    command = f"Command: `python benchmarks/ark_reading.py --utterances {args.utterances} --rounds {args.rounds}`"
    return "\n\n".join([heading, machine, command, what, "\n".join([head, *rows])]) + "\n"


def write_archives(args: argparse.Namespace, folder: Path) -> float:
    """Write the same matrices in every form; their megabytes as float32."""
    random = np.random.default_rng(1)
    matrices = {
        f"speaker-{number:05d}-utterance": random.normal(
            12, 4, (int(random.integers(args.frames // 2, args.frames * 3 // 2)), args.columns)
        ).astype(np.float32)
        for number in range(args.utterances)
    }
    for form, holder in FORMS.items():
        with TableWriter(f"ark:{folder}/{form}.ark", holder) as writer:
            for key, matrix in matrices.items():
                writer.write(key, matrix)
    return sum(matrix.nbytes for matrix in matrices.values()) / 1e6


def one_round(reader: Callable[[Path], Matrices], path: Path, times: Times) -> float:
    """Read an archive once and note the times; the sum of all values."""
    total, clock, processor = 0.0, 0.0, 0.0
    matrices = reader(path)
    while True:
        started, worked = time.perf_counter(), time.process_time()
        item = next(matrices, None)
        clock += time.perf_counter() - started
        processor += time.process_time() - worked
        if item is None:
            break
        total += float(item[1].sum(dtype=np.float64))
    times.clock, times.processor = min(times.clock, clock), min(times.processor, processor)
    return total


if __name__ == "__main__":
    main()
