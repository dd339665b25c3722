"""Reading archives of matrices: blasr against kaldiio and kaldi_native_io, megabytes of float32 per second.

Every reader goes through the same archives from front to back and gives every matrix as a numpy array of float32 that
stays as it is. kaldi_native_io's own arrays show memory of its reader, which the next matrix overwrites: they are
copied, and timed without the copy too, as the fastest that one who looks at one matrix at a time could have. The
readers take turns in every round; medians count.

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
"""How far kaldiio may be from Kaldi's values in compressed forms."""
OTHERS = ("kaldiio", "kaldi_native_io")
SIZES = ((1000, 64), (100, 40))
"""Frames of an utterance, on average, and columns."""


@dataclass
class Times:
    """Seconds of every round: on the clock, and of processor time."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def main() -> None:
    """Measure, print, and write the report where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=25, help="of float32 in every archive, about")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = report(args, Path(folder))
    print(text)
    if args.report is not None:
        with atomic_path(args.report) as path:
            path.write_text(text, encoding="utf-8")


def report(args: argparse.Namespace, folder: Path) -> str:
    """The report."""
    rows = []
    for frames, columns in SIZES:
        utterances = max(1, args.megabytes * 1_000_000 // (frames * columns * 4))
        megabytes = write_archives(folder, utterances, frames, columns)
        for form in FORMS:
            times = measure(folder / f"{form}.ark", args.rounds)
            rows.append(f"| {form} {frames} x {columns} | {row(times, megabytes)} |")
    heading = f"# Reading archives of matrices, {datetime.date.today()}"
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "kaldiio", "kaldi_native_io"))
    machine = (
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, one used; Python {platform.python_version()}, "
        f"{versions}. Load average at the end {os.getloadavg()[0]:.1f}: other work ran on the same machine."
    )
    command = f"Command: `python benchmarks/ark_reading.py --megabytes {args.megabytes} --rounds {args.rounds}`"
    what = (
        f"About {args.megabytes} MB of float32 in every archive, in the file cache; frames vary by half about their "
        f"average. MB of float32 per second of processor time, and in brackets per second of the clock; medians of "
        f"{args.rounds} rounds, the readers in turn. Every matrix is an array of its own; in the last column it shows "
        f"memory that the next one overwrites. Ratio: blasr to the faster of kaldiio and kaldi_native_io by the "
        f"medians; behind it the quartiles of the rounds' own ratios, processor time."
    )
    names = [*READERS][:3]
    head = f"| archive | {' | '.join(names)} | ratio | on the clock | quartiles | {[*READERS][3]} |"
    rule = "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    return "\n\n".join([heading, machine, command, what, "\n".join([head, rule, *rows])]) + "\n"


def row(times: dict[str, Times], megabytes: float) -> str:
    """The cells of one archive."""
    processor = {name: median(item.processor) for name, item in times.items()}
    clock = {name: median(item.clock) for name, item in times.items()}
    cells = [f"{megabytes / processor[name]:.0f} ({megabytes / clock[name]:.0f})" for name in READERS]
    rounds = zip(times["blasr"].processor, *(times[name].processor for name in OTHERS), strict=True)
    low, _, high = quantiles((min(others) / own for own, *others in rounds), n=4)
    ratios = [min(found[name] for name in OTHERS) / found["blasr"] for found in (processor, clock)]
    return " | ".join([*cells[:3], *(f"{ratio:.2f}" for ratio in ratios), f"{low:.2f}-{high:.2f}", cells[3]])


def write_archives(folder: Path, utterances: int, frames: int, columns: int) -> float:
    """Write the same matrices in every form; their megabytes as float32."""
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
    """The times of all readers; SystemExit if they do not agree (kaldiio up to rounding)."""
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
