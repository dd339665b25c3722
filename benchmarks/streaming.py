"""What streaming costs: log-likelihoods of audio in pieces against those of the whole recording, on one CPU core.

Features, network (random weights) and priors of one recording, once as a whole, as blasr dump does it, and once in
pieces, as blasr transcribe --live and blasr serve do it. Both take turns, and the best processor time of each counts.
Both have the same statistics, and the largest difference of their rows is reported.

    python benchmarks/streaming.py --report benchmarks/reports/2026-11-28-streaming.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from blasr.features import CmvnStats, FeatureConfig, FixedCmvn, pad_context
from blasr.inference import AcousticScorer, PriorConfig, Priors, StreamingScorer
from blasr.io.atomic import atomic_open
from blasr.models import build_acoustic_model
from blasr.units import FloatArray

PIECES = (0.1, 0.25, 0.5, 1.0)
LIMIT = 1.15
"""The largest cost in pieces of half a second, relative to that of the whole."""


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bl_resnet22_a2b3", help="variant (default: %(default)s)")
    parser.add_argument("--width", type=float, default=1.0, help="of the network (default: 1)")
    parser.add_argument("--num-pdfs", type=int, default=9000, help="outputs (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the recording (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="the best counts (default: 5)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as Markdown")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    features = FeatureConfig(norm_vars=True)
    samples = np.random.default_rng(0).normal(0, 1000, round(args.seconds * features.sample_rate)).astype(np.float32)
    model = build_acoustic_model(args.model, num_pdfs=args.num_pdfs, width=args.width).eval()
    priors = Priors.from_counts(np.ones(args.num_pdfs), PriorConfig(), "nowhere")
    scorer = AcousticScorer(model, features, priors)
    stats = CmvnStats.of(scorer.compute_features(samples))

    def whole() -> FloatArray:
        return scorer.log_likelihoods(pad_context(scorer.normalized_inputs(scorer.compute_features(samples), stats)))

    def in_pieces(seconds: float) -> FloatArray:
        stream = StreamingScorer(model, features, priors, FixedCmvn(stats, norm_vars=True))
        size = round(seconds * features.sample_rate)
        rows = [stream.accept(samples[begin : begin + size]) for begin in range(0, len(samples), size)]
        return np.concatenate([*rows, stream.finish()])

    tasks: dict[str, Callable[[], FloatArray]] = {"whole": whole}
    tasks |= {f"{seconds:g} s": partial(in_pieces, seconds) for seconds in PIECES}
    times: dict[str, float] = {}
    rows = {}
    for _ in range(args.repeats):
        for name, task in tasks.items():
            started = time.process_time()
            rows[name] = task()
            times[name] = min(times.get(name, float("inf")), time.process_time() - started)
    lines = report(args, times, {name: float(np.abs(found - rows["whole"]).max()) for name, found in rows.items()})
    print("\n".join(lines))
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write("\n".join(lines) + "\n")
    cost = times["0.5 s"] / times["whole"]
    if cost > LIMIT:
        sys.exit(f"pieces of 0.5 s cost {cost:.2f} times as much as the whole, expected at most {LIMIT}")


def report(args: argparse.Namespace, times: dict[str, float], differences: dict[str, float]) -> list[str]:
    """Return the lines of the report."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
    lines = [
        "# What streaming costs",
        "",
        f"{datetime.date.today():%Y-%m-%d}, {machine}; load average at the end {os.getloadavg()[0]:.1f}, so other work "
        "may have run on the same machine.",
        f"{args.model}, width {args.width:g}, {args.num_pdfs} pdfs, {args.seconds:g} s of audio at 8 kHz, one thread, "
        f"best processor time of {args.repeats}.",
        "",
        f"    python {shlex.join(sys.argv)}",
        "",
        "| audio | core s | real-time factor | relative to the whole | largest difference of a log-likelihood |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, seconds in times.items():
        factor, relative = seconds / args.seconds, seconds / times["whole"]
        lines.append(f"| {name} | {seconds:.3f} | {factor:.4f} | {relative:.2f} | {differences[name]:.1e} |")
    return lines


if __name__ == "__main__":
    main()
