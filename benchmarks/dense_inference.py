"""Compare dense posteriors of a whole utterance with one 49-frame window per frame, on CPU.

Both compute the same log posteriors. The report has the times per core, the speed relative to real time, the ratio of
the two in time and in multiply-accumulates, and the difference of their results.

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
class Setting:
    """What is measured, and how often.

    Attributes:
        model: the variant.
        width: its width, relative to the paper's.
        threads: threads of torch.
        window_batches: windows per batch to try; the fastest is reported.
        repeats: repetitions of dense evaluation.
        window_repeats: repetitions of windowed evaluation.
    """

    model: str
    width: float
    threads: int
    window_batches: tuple[int, ...]
    repeats: int
    window_repeats: int


@dataclass(frozen=True)
class Times:
    """The shortest seconds of several repetitions: clock time, and processor time summed over threads."""

    clock: float
    processor: float


@dataclass(frozen=True)
class Measurement:
    """The times of both ways for one utterance, and the difference of their results."""

    num_pdfs: int
    audio_seconds: float
    dense: Times
    bfloat16: Times
    windowed: Times
    window_batch: int
    macs_ratio: float
    difference: float


def main() -> None:
    """Measure, print the rows, and write the report to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bl_resnet22_a2b3", help="default: %(default)s")
    parser.add_argument("--width", type=float, default=1.0, help="of the network, relative to the paper (default: 1)")
    parser.add_argument("--num-pdfs", type=int, nargs="+", default=[9000, 32000], help="outputs (default: 9000 32000)")
    parser.add_argument("--seconds", type=float, nargs="+", default=[3.0, 10.0], help="lengths of the utterances")
    parser.add_argument("--window-batch", type=int, nargs="+", default=[16, 32, 64], help="the fastest one is reported")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (default: 1)")
    parser.add_argument("--repeats", type=int, default=5, help="repetitions of dense evaluation; the best is reported")
    parser.add_argument("--window-repeats", type=int, default=3, help="the same for windowed evaluation")
    parser.add_argument(
        "--at-least",
        type=float,
        default=8.0,
        help="fail below this ratio in core seconds",
    )
    parser.add_argument("--report", type=Path, help="also write the report there")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    setting = Setting(args.model, args.width, args.threads, tuple(args.window_batch), args.repeats, args.window_repeats)
    measurements = []
    for num_pdfs in args.num_pdfs:
        model = random_model(args.model, num_pdfs, args.width)
        for seconds in args.seconds:
            measurements.append(measure(model, setting, seconds))
            print(row(measurements[-1]), flush=True)
    if args.report is not None:
        args.report.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(args.report) as path:
            path.write_text(report(setting, measurements), encoding="utf-8")
    slowest = min(m.windowed.processor / m.dense.processor for m in measurements)
    if slowest < args.at_least:
        sys.exit(f"windowed takes only {slowest:.1f} times the core seconds of dense, expected {args.at_least:g}")


def random_model(name: str, num_pdfs: int, width: float) -> AcousticModel:
    """Return a random model in evaluation mode; its batch norm statistics come from random input."""
    torch.manual_seed(0)
    model = build_acoustic_model(name, num_pdfs=num_pdfs, width=width)
    with torch.no_grad():
        for _ in range(10):
            model(torch.randn(2, 3, 64, 60))
    return model.eval()


@torch.inference_mode()
def measure(model: AcousticModel, setting: Setting, seconds: float) -> Measurement:
    """Time the log posteriors of one utterance of ``seconds``, padded with its context, in each way."""
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

    trials = {batch: best_times(partial(windowed, batch), 1).processor for batch in setting.window_batches}
    fastest = min(trials, key=trials.__getitem__)
    # Every way runs once before it is timed.
    difference = (dense() - windowed(fastest)).abs().max().item()
    dense_bfloat16()
    one_window = summarize(setting.model, num_pdfs=model.num_pdfs, width=setting.width)
    whole = summarize(setting.model, num_pdfs=model.num_pdfs, width=setting.width, frames=x.shape[3])
    return Measurement(
        num_pdfs=model.num_pdfs,
        audio_seconds=seconds,
        dense=best_times(dense, setting.repeats),
        bfloat16=best_times(dense_bfloat16, setting.repeats),
        windowed=best_times(partial(windowed, fastest), setting.window_repeats),
        window_batch=fastest,
        macs_ratio=frames * one_window.macs / whole.macs,
        difference=difference,
    )


def log_posteriors(logits: Tensor) -> Tensor:
    """Return the log posteriors of logits ``(B, num_pdfs, T)``, in float32."""
    return logits.float().log_softmax(1)


def best_times(work: Callable[[], Tensor], repeats: int) -> Times:
    """Return the shortest times of ``work``."""
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


def row(measured: Measurement) -> str:
    """Return one row of the report's table."""
    cells = (
        f"{measured.num_pdfs}",
        f"{measured.audio_seconds:g}",
        f"{measured.dense.clock:.3f}",
        f"{measured.dense.processor:.3f}",
        f"{measured.audio_seconds / measured.dense.processor:.1f}",
        f"{measured.bfloat16.processor:.3f}",
        f"{measured.audio_seconds / measured.bfloat16.processor:.1f}",
        f"{measured.windowed.clock:.2f}",
        f"{measured.windowed.processor:.2f}",
        f"{measured.window_batch}",
        f"{measured.windowed.clock / measured.dense.clock:.1f}",
        f"{measured.windowed.processor / measured.dense.processor:.1f}",
        f"{measured.macs_ratio:.1f}",
        f"{measured.difference:.1e}",
    )
    return f"| {' | '.join(cells)} |"


def report(setting: Setting, measurements: Sequence[Measurement]) -> str:
    """Return the dated report, in Markdown."""
    return "\n".join(
        [
            f"# Dense and windowed evaluation of {setting.model}, {datetime.date.today():%Y-%m-%d}",
            "",
            f"Machine: {processor()}, {os.cpu_count()} cores, {setting.threads} thread(s) used; "
            f"{platform.system()} {platform.machine()}; Python {platform.python_version()}, torch {torch.__version__}. "
            f"Load average at the end {os.getloadavg()[0]:.1f}: other work may have run on the same machine.",
            "",
            f"Command: `python {shlex.join(sys.argv)}`",
            "",
            f"Width {setting.width:g}, random weights, random features, {FRAMES_PER_SECOND} frames per second, one "
            "utterance at a time, log posteriors of all pdfs; the features are not part of the times. Dense: the "
            f"network runs once over the utterance with {CONTEXT_FRAMES} frames of context on each side (float32; "
            f"bfloat16 is torch.autocast; best of {setting.repeats}). Windowed: one 49-frame window per frame, "
            f"float32, in batches, the fastest of {', '.join(map(str, setting.window_batches))}, best of "
            f"{setting.window_repeats}. "
            "Core seconds are processor time summed over threads, which other work on the machine affects least; "
            "ratios are windowed to dense. Difference: the largest between the float32 log posteriors of both.",
            "",
            HEADER,
            "|" + " ---: |" * (HEADER.count("|") - 1),
            *map(row, measurements),
            "",
        ]
    )


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


if __name__ == "__main__":
    main()
