"""Read archives of matrices with blasr, kaldiio and kaldi_native_io: megabytes of float32 per second.

Every reader reads the same archives from beginning to end and returns every matrix as a numpy array of float32 that
owns its memory. The arrays of kaldi_native_io are views of its reader's memory, which the next matrix overwrites, so
they are copied. It is also timed without the copy: the fastest choice if only one matrix is needed at a time. The
readers take turns in every round, and the medians are reported.

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
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

import kaldi_native_io
import kaldiio
import numpy as np

from blasr.io.atomic import atomic_path
from blasr.io.kaldi.compression import CompressionMethod
from blasr.io.kaldi.holders import MATRIX, compressed_matrix
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_matrices
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
    for key, matrix in _kaldi_native_io_views(path):
        yield key, matrix.copy()


def _kaldi_native_io_views(path: Path) -> Matrices:
    with kaldi_native_io.SequentialFloatMatrixReader(f"ark:{path}") as reader:
        yield from reader


READERS: dict[str, Callable[[Path], Matrices]] = {
    "blasr": _blasr,
    "kaldiio": _kaldiio,
    "kaldi_native_io": _kaldi_native_io,
    "kaldi_native_io, no copy": _kaldi_native_io_views,
}
ROUNDING = 1e-3
"""Largest difference of kaldiio from Kaldi's values in compressed forms."""
OTHERS = ("kaldiio", "kaldi_native_io")
SIZES = ((1000, 64), (100, 40))
"""Mean frames per utterance, and columns."""


@dataclass
class Times:
    """Seconds of every round: clock time and processor time."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=25, help="approximate MB of float32 per archive (default: 25)")
    parser.add_argument("--rounds", type=int, default=31, help="rounds of all readers (default: 31)")
    parser.add_argument("--report", type=Path, help="also write the report there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = report(Path(folder), args.megabytes, args.rounds)
    print(text)
    if args.report is not None:
        with atomic_path(args.report) as path:
            path.write_text(text, encoding="utf-8")


def report(folder: Path, megabytes: int, rounds: int) -> str:
    """Measure all archives and return the report.

    Args:
        folder: receives the archives.
        megabytes: approximate MB of float32 in each archive.
        rounds: rounds of all readers.
    """
    rows = []
    for frames, columns in SIZES:
        utterances = max(1, megabytes * 1_000_000 // (frames * columns * 4))
        written = write_archives(folder, utterances, frames, columns)
        for form in FORMS:
            times = measure(folder / f"{form}.ark", rounds)
            rows.append(f"| {form} {frames} x {columns} | {row(times, written)} |")
    heading = f"# Reading archives of matrices, {datetime.date.today()}"
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "kaldiio", "kaldi_native_io"))
    machine = (
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, one used; Python {platform.python_version()}, "
        f"{versions}. Load average at the end {os.getloadavg()[0]:.1f}: other work ran on the same machine."
    )
    command = f"Command: `python benchmarks/ark_reading.py --megabytes {megabytes} --rounds {rounds}`"
    what = (
        f"About {megabytes} MB of float32 in every archive, in the file cache; the number of frames varies by 50% "
        f"around its mean. MB of float32 per second of processor time, in brackets per second of clock time; medians "
        f"of {rounds} rounds in which the readers take turns. Every matrix owns its memory; in the last column it is a "
        f"view that the next matrix overwrites. Ratio: blasr to the faster of kaldiio and kaldi_native_io, from the "
        f"medians; the quartiles are those of the ratios of single rounds, in processor time."
    )
    names = [*READERS][:3]
    head = f"| archive | {' | '.join(names)} | ratio | on the clock | quartiles | {[*READERS][3]} |"
    rule = "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    return "\n\n".join([heading, machine, command, what, "\n".join([head, rule, *rows])]) + "\n"


def row(times: dict[str, Times], megabytes: float) -> str:
    """Return the cells of one archive."""
    processor = {name: median(item.processor) for name, item in times.items()}
    clock = {name: median(item.clock) for name, item in times.items()}
    cells = [f"{megabytes / processor[name]:.0f} ({megabytes / clock[name]:.0f})" for name in READERS]
    rounds = zip(times["blasr"].processor, *(times[name].processor for name in OTHERS), strict=True)
    low, _, high = quantiles((min(others) / blasr for blasr, *others in rounds), n=4)
    ratios = [min(found[name] for name in OTHERS) / found["blasr"] for found in (processor, clock)]
    return " | ".join([*cells[:3], *(f"{ratio:.2f}" for ratio in ratios), f"{low:.2f}-{high:.2f}", cells[3]])


def write_archives(folder: Path, utterances: int, frames: int, columns: int) -> float:
    """Write the same matrices in every form and return their megabytes as float32."""
    random = np.random.default_rng(1)
    matrices = {
        f"speaker-{number:05d}-utterance": random.normal(
            12, 4, (int(random.integers(frames // 2, frames * 3 // 2)), columns)
        ).astype(np.float32)
        for number in range(utterances)
    }
    for form, holder in FORMS.items():
        with TableWriter(f"ark:{folder}/{form}.ark", holder) as writer:
            for key, matrix in matrices.items():
                writer.write(key, matrix)
    return sum(matrix.nbytes for matrix in matrices.values()) / 1e6


def measure(path: Path, rounds: int) -> dict[str, Times]:
    """Return the times of all readers; exit if their matrices differ (kaldiio: by more than rounding)."""
    for (key, matrix), *others in zip(*(READERS[name](path) for name in ("blasr", *OTHERS)), strict=True):
        for name, (other_key, other) in zip(OTHERS, others, strict=True):
            tolerance = 0.0 if name == "kaldi_native_io" else ROUNDING
            if key != other_key or not np.allclose(matrix, other, rtol=0.0, atol=tolerance):
                raise SystemExit(f"blasr and {name} disagree about {key} of {path}")
    times = {name: Times() for name in READERS}
    for _ in range(rounds):
        for name, reader in READERS.items():
            started, worked = time.perf_counter(), time.process_time()
            for _ in reader(path):
                pass
            times[name].clock.append(time.perf_counter() - started)
            times[name].processor.append(time.process_time() - worked)
    return times


if __name__ == "__main__":
    main()
