"""Time forward passes of big-little image models and of their baselines on CPU, and compare with their MACs.

The models take turns, so that other work on the machine affects all of them. The least time of each is reported.

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


@dataclass(frozen=True)
class Setting:
    """Images per batch, their height and width, threads of torch, and turns of each model."""

    batch: int
    size: int
    threads: int
    repeats: int


@dataclass
class Times:
    """The least milliseconds for one batch: clock time, and processor time summed over threads."""

    clock: float = float("inf")
    processor: float = float("inf")

    def add(self, clock: float, processor: float) -> None:
        """Add one measurement."""
        self.clock, self.processor = min(self.clock, clock), min(self.processor, processor)


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=8, help="images per batch (default: 8)")
    parser.add_argument("--size", type=int, default=224, help="height and width of the images (default: 224)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (default: 2)")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each model; the best is reported (default: 5)")
    parser.add_argument("--report", type=Path, help="also write the report there")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    models = {name: create_model(name).eval() for pair in PAIRS for name in pair}
    setting = Setting(args.batch, args.size, args.threads, args.repeats)
    text = report(setting, measure(models, setting))
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(text)


@torch.inference_mode()
def measure(models: dict[str, ImageModel], setting: Setting) -> dict[str, Times]:
    """Return the least times of every model; the first turn is a warm-up and not timed."""
    images = torch.randn(setting.batch, 3, setting.size, setting.size)  # (B, 3, H, W)
    times = {name: Times() for name in models}
    for turn in range(setting.repeats + 1):
        for name, model in models.items():
            start = time.perf_counter(), time.process_time()
            model(images)
            clock, processor = time.perf_counter() - start[0], time.process_time() - start[1]
            if turn:
                times[name].add(1000 * clock, 1000 * processor)
    return times


def report(setting: Setting, times: dict[str, Times]) -> str:
    """Return the dated report, in Markdown."""
    lines = [
        f"# Forward passes of image models, {datetime.date.today():%Y-%m-%d}",
        "",
        f"Command: `python {shlex.join(sys.argv)}`",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, {setting.threads} threads, Python {platform.python_version()}, "
        f"torch {torch.__version__}; batches of {setting.batch} images of {setting.size} x {setting.size}, float32, "
        f"random weights; best of {setting.repeats} turns. Load average at the end {os.getloadavg()[0]:.1f}: other "
        "work may have run on the same machine; it affects processor time, summed over threads, least.",
        "",
        "| model | GMACs per image | ms per batch | processor ms | MACs ratio | clock ratio | processor ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for plain, big_little in PAIRS:
        base = summarize(plain, image_size=setting.size).macs
        for name in (plain, big_little):
            macs, least = summarize(name, image_size=setting.size).macs, times[name]
            lines.append(
                f"| {name} | {macs / 1e9:.2f} | {least.clock:.0f} | {least.processor:.0f} | {base / macs:.2f} "
                f"| {times[plain].clock / least.clock:.2f} | {times[plain].processor / least.processor:.2f} |"
            )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
