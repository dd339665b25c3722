"""Forward passes of big-little image models beside their baselines, on CPU, beside the ratio of their MACs.

Models take turns, so that whatever else the machine does meets all of them; the least time of each counts.

    python benchmarks/vision_forward.py --report benchmarks/reports/2026-11-21-vision-forward.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from blasr.io.atomic import atomic_open
from blasr.vision import ImageModel, create_model, summarize

PAIRS = (("resnet50", "bl_resnet50_a2b4"), ("resnet101", "bl_resnet101_a2b4"))


@dataclass
class Times:
    """The least milliseconds for one batch: on the clock, and of processor time summed over threads."""

    clock: float = float("inf")
    processor: float = float("inf")

    def add(self, clock: float, processor: float) -> None:
        """Take one more measurement into account."""
        self.clock, self.processor = min(self.clock, clock), min(self.processor, processor)


def main() -> None:
    """Measure, print, and write the report where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5, help="turns of each model; the best counts")
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    models = {name: create_model(name).eval() for pair in PAIRS for name in pair}
    times = measure(models, args)
    text = report(args, times)
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(text)


@torch.inference_mode()
def measure(models: dict[str, ImageModel], args: argparse.Namespace) -> dict[str, Times]:
    """The least times of every model; the first turn warms up and does not count."""
    images = torch.randn(args.batch, 3, args.size, args.size)
    times = {name: Times() for name in models}
    for turn in range(args.repeats + 1):
        for name, model in models.items():
            start = time.perf_counter(), time.process_time()
            model(images)
            clock, processor = time.perf_counter() - start[0], time.process_time() - start[1]
            if turn:
                times[name].add(1000 * clock, 1000 * processor)
    return times


def report(args: argparse.Namespace, times: dict[str, Times]) -> str:
    """The dated report, in Markdown."""
    lines = [
        f"# Forward passes of image models, {datetime.date.today():%Y-%m-%d}",
        "",
        f"Command: `python {shlex.join(sys.argv)}`",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, {args.threads} threads, Python {platform.python_version()}, "
        f"torch {torch.__version__}; batches of {args.batch} images of {args.size} x {args.size}, float32, random "
        f"weights; best of {args.repeats} turns. Load average at the end {os.getloadavg()[0]:.1f}: other work may have "
        "run on the same machine, which processor time, summed over threads, feels least.",
        "",
        "| model | GMACs per image | ms per batch | processor ms | MACs ratio | clock ratio | processor ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for plain, big_little in PAIRS:
        base = summarize(plain, image_size=args.size).macs
        for name in (plain, big_little):
            macs, own = summarize(name, image_size=args.size).macs, times[name]
            lines.append(
                f"| {name} | {macs / 1e9:.2f} | {own.clock:.0f} | {own.processor:.0f} | {base / macs:.2f} "
                f"| {times[plain].clock / own.clock:.2f} | {times[plain].processor / own.processor:.2f} |"
            )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
