"""Compare the measured speed-up of the big-little variants with the ratio of their MACs, on one CPU core.

Every variant of Table 3 evaluates the same utterance densely, as blasr dump does, with random weights. The variants
take turns, so that a busy or slow moment of the machine does not meet only one of them, and the best processor time of
each counts. The speed-up is the time of resnet22 divided by that of the variant; the MAC ratio likewise, for the same
input.

    python benchmarks/variant_speed.py --report benchmarks/reports/2026-11-28-variant-speed.md
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

from blasr.io.atomic import atomic_open
from blasr.models import TABLE3, AcousticModel, build_acoustic_model, summarize
from blasr.units import CONTEXT_FRAMES

BASELINE = "resnet22"
FRAMES_PER_SECOND = 100
PRECISIONS = (torch.float32, torch.bfloat16)


@dataclass(frozen=True)
class Measurement:
    """A variant: the MACs of the whole utterance, and the best processor seconds at each precision."""

    name: str
    macs: int
    seconds: dict[torch.dtype, float]


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=float, default=1.0, help="of the networks, relative to the paper (default: 1)")
    parser.add_argument("--num-pdfs", type=int, default=9000, help="outputs (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of the utterance (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (default: 1)")
    parser.add_argument("--repeats", type=int, default=7, help="evaluations of each; the best counts (default: 7)")
    parser.add_argument(
        "--at-least", type=float, default=0.85, help="fail below this share of the MAC ratio in float32"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as Markdown")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    measured = measure(args.num_pdfs, args.width, round(args.seconds * FRAMES_PER_SECOND), args.repeats)
    setting = (
        f"width {args.width:g}, {args.num_pdfs} pdfs, {args.seconds:g} s of speech, {args.threads} thread(s), "
        f"best of {args.repeats}"
    )
    text = report(measured, setting)
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(text)
    slow = [item.name for item in measured if share(item, measured[0], torch.float32) < args.at_least]
    if slow:
        sys.exit(f"below {args.at_least:.0%} of the MAC ratio: {', '.join(slow)}")


@torch.inference_mode()
def measure(num_pdfs: int, width: float, frames: int, repeats: int) -> list[Measurement]:
    """Time every variant on the same random features; resnet22 comes first."""
    torch.manual_seed(0)
    x = torch.randn(1, 3, 64, frames + 2 * CONTEXT_FRAMES)
    works: dict[tuple[str, torch.dtype], Callable[[], Tensor]] = {}
    for name in TABLE3:
        model = random_model(name, num_pdfs, width)
        for precision in PRECISIONS:
            works[name, precision] = partial(log_posteriors, model, x, precision)
    for work in works.values():
        work()  # the first call chooses algorithms
    best = dict.fromkeys(works, float("inf"))
    for _ in range(repeats):
        for key, work in works.items():
            start = time.process_time()
            work()
            best[key] = min(best[key], time.process_time() - start)
    return [
        Measurement(
            name,
            summarize(name, num_pdfs=num_pdfs, width=width, frames=x.shape[3]).macs,
            {precision: best[name, precision] for precision in PRECISIONS},
        )
        for name in sorted(TABLE3, key=lambda name: name != BASELINE)
    ]


def random_model(name: str, num_pdfs: int, width: float) -> AcousticModel:
    """Return a random model in evaluation mode; its batch norm statistics come from random input."""
    model = build_acoustic_model(name, num_pdfs=num_pdfs, width=width)
    for _ in range(10):
        model(torch.randn(2, 3, 64, 60))
    return model.eval()


def log_posteriors(model: AcousticModel, x: Tensor, precision: torch.dtype) -> Tensor:
    """Return the log posteriors ``(1, num_pdfs, T)`` of features, in float32."""
    with torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
        logits: Tensor = model(x)
    return logits.float().log_softmax(1)


def speed_up(item: Measurement, baseline: Measurement, precision: torch.dtype) -> float:
    """Return the baseline's time divided by the variant's."""
    return baseline.seconds[precision] / item.seconds[precision]


def share(item: Measurement, baseline: Measurement, precision: torch.dtype) -> float:
    """Return the speed-up as a share of the MAC ratio."""
    return speed_up(item, baseline, precision) * item.macs / baseline.macs


def report(measured: Sequence[Measurement], setting: str) -> str:
    """Return the report in Markdown."""
    baseline = measured[0]
    columns = ["speed-up", "share of the MAC ratio"]
    header = ["variant", "GMACs", "MAC ratio"]
    for precision in PRECISIONS:
        kind = str(precision).removeprefix("torch.")
        header += [f"{kind}, core s", *(f"{kind}, {column}" for column in columns)]
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    for item in measured:
        row = [item.name, f"{item.macs / 1e9:.1f}", f"{baseline.macs / item.macs:.2f}"]
        for precision in PRECISIONS:
            row += [f"{item.seconds[precision]:.3f}", f"{speed_up(item, baseline, precision):.2f}"]
            row.append(f"{share(item, baseline, precision):.2f}")
        lines.append(row)
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}; load average at the end "
        f"{os.getloadavg()[0]:.1f}, so other work may have run on the same machine"
    )
    return (
        f"# Speed-up of the variants against the ratio of their MACs\n\n{datetime.date.today():%Y-%m-%d}, {machine}.\n"
        f"{setting[0].upper()}{setting[1:]}; the features are not part of the times.\n\n"
        f"    {shlex.join(['python', *sys.argv])}\n\n{table}\n"
    )


if __name__ == "__main__":
    main()
