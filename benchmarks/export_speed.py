"""Compare torch and ONNX Runtime on one thread: float32, bfloat16 and int8 of a full-width network.

The report has the processor seconds, the speed relative to real time, the share of the measured peak of float32 matrix
products (sgemm), and how equal the log posteriors are. The turns of the rows alternate, so that other work on the
machine affects all of them.

    python benchmarks/export_speed.py --report benchmarks/reports/2026-11-28-export-speed.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from blasr.inference import EXPORT_FORMATS, ExportRequest, PosteriorComputer
from blasr.io.atomic import atomic_path
from blasr.models import build_acoustic_model, summarize
from blasr.nn import fold_norms
from blasr.units import CONTEXT_FRAMES, FloatArray

FRAMES_PER_SECOND = 100
SGEMM_SIZE = 1024


@dataclass(frozen=True)
class Row:
    """One way of computing: the shortest processor seconds, and its log posteriors."""

    name: str
    seconds: float
    posteriors: FloatArray


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print or write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="bl_resnet22_a2b3")
    parser.add_argument("--num-pdfs", type=int, default=9000)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=3.0, help="of speech")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    frames = round(args.seconds * FRAMES_PER_SECOND) + 2 * CONTEXT_FRAMES
    model = calibrated(build_acoustic_model(args.model, num_pdfs=args.num_pdfs, width=args.width))
    inputs = torch.randn(3, 64, frames)
    with tempfile.TemporaryDirectory() as folder:
        runs = computations(model, inputs, Path(folder))
        peak, rows = measure(runs, inputs, args.repeats)
    macs = summarize(args.model, num_pdfs=args.num_pdfs, width=args.width, frames=frames).macs
    text = report(args, macs, peak, rows)
    print(text)
    if args.report is not None:
        with atomic_path(args.report) as temporary:
            temporary.write_text(text, encoding="utf-8")


def calibrated(model: nn.Module) -> nn.Module:
    """Return a network in evaluation mode whose batch normalization has the statistics of normal inputs."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.randn(2, 3, 64, 200))
    return model.eval()


def computations(model: nn.Module, inputs: Tensor, folder: Path) -> dict[str, PosteriorComputer]:
    """Return the ways of computing by name; the first is the reference."""
    request = ExportRequest(fold_norms(model), "random", lambda: [inputs])
    opened = {}
    for name in ("onnx", "int8"):
        (folder / name).mkdir()
        path = folder / name / EXPORT_FORMATS[name].file
        EXPORT_FORMATS[name].write(request, path)
        opened[name] = EXPORT_FORMATS[name].open(path)
    return {
        "torch float32": PosteriorComputer(model),
        "torch bfloat16": PosteriorComputer(model, precision="bfloat16"),
        "ONNX Runtime float32": PosteriorComputer(opened["onnx"]),
        "ONNX Runtime int8": PosteriorComputer(opened["int8"]),
    }


def measure(runs: Mapping[str, PosteriorComputer], inputs: Tensor, repeats: int) -> tuple[float, list[Row]]:
    """Return the peak of sgemm in multiply-accumulates per second, and the rows; each is the best of its turns."""
    matrix = torch.randn(SGEMM_SIZE, SGEMM_SIZE)
    results = {name: run.log_posteriors(inputs) for name, run in runs.items()}
    best = dict.fromkeys(("sgemm", *runs), float("inf"))
    for _ in range(repeats):
        best["sgemm"] = min(best["sgemm"], *(processor_seconds(lambda: matrix @ matrix) for _ in range(5)))
        for name, run in runs.items():
            best[name] = min(best[name], processor_seconds(partial(run.log_posteriors, inputs)))
    rows = [Row(name, best[name], results[name]) for name in runs]
    return SGEMM_SIZE**3 / best["sgemm"], rows


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def report(args: argparse.Namespace, macs: int, peak: float, rows: Sequence[Row]) -> str:
    """Return the dated report, in Markdown."""
    reference = rows[0]
    lines = [
        f"# Speed of exported networks, {datetime.date.today():%Y-%m-%d}",
        "",
        f"{args.model}, width {args.width:g}, {args.num_pdfs} pdfs, {args.seconds:g} s of speech, random weights; "
        f"{macs / 1e9:.2f} G multiply-accumulates. One thread of {processor_name()} ({os.cpu_count()} cores); "
        f"Python {platform.python_version()}, torch {torch.__version__}, onnxruntime {onnxruntime.__version__}. "
        f"sgemm of {SGEMM_SIZE} x {SGEMM_SIZE}: {2 * peak / 1e9:.0f} GFLOP/s. Processor seconds, best of "
        f"{args.repeats} alternating turns; load average at the end {os.getloadavg()[0]:.1f}, so that caches and "
        "memory were shared with other work.",
        "",
        f"    python {shlex.join(sys.argv)}",
        "",
        "| | processor s | x real time | share of sgemm | times torch float32 | mean difference | same best pdf |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        difference = float(np.abs(row.posteriors - reference.posteriors).mean())
        same = float((row.posteriors.argmax(1) == reference.posteriors.argmax(1)).mean())
        lines.append(
            f"| {row.name} | {row.seconds:.3f} | {args.seconds / row.seconds:.1f} | "
            f"{macs / row.seconds / peak:.0%} | {reference.seconds / row.seconds:.2f} | {difference:.2g} | {same:.1%} |"
        )
    return "\n".join([*lines, ""])


def processor_name() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
