"""Dense posteriors of a whole utterance against one 49-frame window per frame, on CPU.

Both evaluate the same log posteriors; the report tells times per core, how many times faster than real time they
are, the ratio of the two on the clock and in multiply-accumulates, and how far their results differ.

    python benchmarks/dense_inference.py --report benchmarks/reports/2026-11-21-dense-inference.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from blasr.io.atomic import atomic_path
from blasr.models import AcousticModel, build_acoustic_model, summarize
from blasr.units import CONTEXT_FRAMES, WINDOW_FRAMES

FRAMES_PER_SECOND = 100


@dataclass(frozen=True)
class Times:
    """The least seconds over some repetitions: on the clock, and of processor time summed over threads."""

    clock: float
    processor: float


@dataclass(frozen=True)
class Measurement:
    """What each way took for one utterance, and how far their results differ."""

    num_pdfs: int
    audio_seconds: float
    dense: Times
    bfloat16: Times
    windowed: Times
    window_batch: int
    macs_ratio: float
    difference: float


def main() -> None:
    """Measure, print, and write the report where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bl_resnet22_a2b3")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--num-pdfs", type=int, nargs="+", default=[9000, 32000])
    parser.add_argument("--seconds", type=float, nargs="+", default=[3.0, 10.0], help="length of each utterance")
    parser.add_argument("--window-batch", type=int, nargs="+", default=[16, 32, 64], help="the fastest one counts")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5, help="of dense evaluation; the best counts")
    parser.add_argument("--window-repeats", type=int, default=3, help="of windowed evaluation; the best counts")
    parser.add_argument("--at-least", type=float, default=8.0, help="fail below this ratio in core seconds")
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    measurements = []
    for num_pdfs in args.num_pdfs:
        model = settled_model(args.model, num_pdfs, args.width)
        for seconds in args.seconds:
            measurements.append(measure(model, args, seconds))
            print(row(measurements[-1]), flush=True)
    if args.report is not None:
        args.report.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(args.report) as path:
            path.write_text(report(args, measurements), encoding="utf-8")
    slowest = min(m.windowed.processor / m.dense.processor for m in measurements)
    if slowest < args.at_least:
        sys.exit(f"windowed takes only {slowest:.1f} times the core seconds of dense, expected {args.at_least:g}")


def settled_model(name: str, num_pdfs: int, width: float) -> AcousticModel:
    """A random model in evaluation mode, its batch norms settled on random input so that activations stay in range."""
    torch.manual_seed(0)
    model = build_acoustic_model(name, num_pdfs=num_pdfs, width=width)
    with torch.no_grad():
        for _ in range(10):
            model(torch.randn(2, 3, 64, 60))
    return model.eval()


@torch.inference_mode()
def measure(model: AcousticModel, args: argparse.Namespace, seconds: float) -> Measurement:
    """Time log posteriors of one utterance of ``seconds``, padded with its context, in each way."""
    frames = round(seconds * FRAMES_PER_SECOND)
    x = torch.randn(1, 3, 64, frames + 2 * CONTEXT_FRAMES)

    def dense() -> Tensor:
        return log_posteriors(model(x))[0]

    def dense_bfloat16() -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(x)
        return log_posteriors(logits)[0]

    def windowed(batch: int) -> Tensor:
        windows = x[0].unfold(2, WINDOW_FRAMES, 1).permute(2, 0, 1, 3)  # (T, 3, F, 49)
        return torch.cat([log_posteriors(model(part))[:, :, 0] for part in torch.split(windows, batch)]).T

    trials = {batch: best_times(partial(windowed, batch), 1).processor for batch in args.window_batch}
    fastest = min(trials, key=trials.__getitem__)
    # Each way has run once before it is timed.
    difference = (dense() - windowed(fastest)).abs().max().item()
    dense_bfloat16()
    one_window = summarize(args.model, num_pdfs=model.num_pdfs, width=args.width)
    whole = summarize(args.model, num_pdfs=model.num_pdfs, width=args.width, frames=x.shape[3])
    return Measurement(
        num_pdfs=model.num_pdfs,
        audio_seconds=seconds,
        dense=best_times(dense, args.repeats),
        bfloat16=best_times(dense_bfloat16, args.repeats),
        windowed=best_times(partial(windowed, fastest), args.window_repeats),
        window_batch=fastest,
        macs_ratio=frames * one_window.macs / whole.macs,
        difference=difference,
    )


def log_posteriors(logits: Tensor) -> Tensor:
    """Of logits (B, num_pdfs, T), in float32."""
    return logits.float().log_softmax(1)


def best_times(work: Callable[[], Tensor], repeats: int) -> Times:
    """The least times that ``work`` takes."""
    clock, processor = [], []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
    return Times(min(clock), min(processor))


HEADER = (
    "| pdfs | audio, s | dense, s | dense, core s | x real time per core | dense bfloat16, core s "
    "| x real time per core | windowed, s | windowed, core s | its batch "
    "| ratio, clock | ratio, core s | ratio, MACs | max difference |"
)


def row(m: Measurement) -> str:
    """One row of the report's table."""
    cells = (
        f"{m.num_pdfs}",
        f"{m.audio_seconds:g}",
        f"{m.dense.clock:.3f}",
        f"{m.dense.processor:.3f}",
        f"{m.audio_seconds / m.dense.processor:.1f}",
        f"{m.bfloat16.processor:.3f}",
        f"{m.audio_seconds / m.bfloat16.processor:.1f}",
        f"{m.windowed.clock:.2f}",
        f"{m.windowed.processor:.2f}",
        f"{m.window_batch}",
        f"{m.windowed.clock / m.dense.clock:.1f}",
        f"{m.windowed.processor / m.dense.processor:.1f}",
        f"{m.macs_ratio:.1f}",
        f"{m.difference:.1e}",
    )
    return f"| {' | '.join(cells)} |"


def report(args: argparse.Namespace, measurements: Sequence[Measurement]) -> str:
    """The dated report, in Markdown."""
    return "\n".join(
        [
            f"# Dense against windowed evaluation of {args.model}, {datetime.date.today():%Y-%m-%d}",
            "",
            f"Machine: {processor()}, {os.cpu_count()} cores, {args.threads} thread(s) used; "
            f"{platform.system()} {platform.machine()}; Python {platform.python_version()}, torch {torch.__version__}. "
            f"Load average at the end {os.getloadavg()[0]:.1f}: other work may have run on the same machine.",
            "",
            f"Command: `python {shlex.join(sys.argv)}`",
            "",
            f"Width {args.width:g}, random weights, random features, {FRAMES_PER_SECOND} frames per second, one "
            "utterance at a time, log posteriors over all pdfs; computing the features is not included. Dense: the "
            f"network runs once over the utterance with {CONTEXT_FRAMES} frames of context on each side (float32; "
            f"bfloat16 is torch.autocast; best of {args.repeats}). Windowed: one 49-frame window per frame, float32, "
            f"in batches, the fastest of {', '.join(map(str, args.window_batch))}, best of {args.window_repeats}. "
            "Core seconds are processor time summed over threads, which other work on the machine disturbs least; "
            "ratios are windowed over dense. Difference: the greatest between the float32 log posteriors of both.",
            "",
            HEADER,
            "|" + " ---: |" * (HEADER.count("|") - 1),
            *map(row, measurements),
            "",
        ]
    )


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


if __name__ == "__main__":
    main()
