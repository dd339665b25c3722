"""Where a training step spends its time on one CPU core: the convolutions by channels, and all the rest.

python benchmarks/training_step.py --report benchmarks/reports/2026-11-28-training-step.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from blasr.io.atomic import atomic_open
from blasr.models import build_acoustic_model
from blasr.training import CrossEntropy, DistributedContext, TrainingConfig
from blasr.training.optimization import Optimization
from blasr.units import WINDOW_FRAMES

NAME, NUM_PDFS, CHUNKS, FRAMES = "bl_resnet22_a2b3", 1000, 8, 100
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Chunks:
    """Random chunks, as a batch of a training run."""

    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...] = ("chunk",) * CHUNKS


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=float, nargs="+", default=[0.125, 0.25], help="(default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=6, help="(default: %(default)s)")
    parser.add_argument("--report", type=Path, help="also write the report there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    lines = heading(args.repeats)
    for width in args.widths:
        for precision in DTYPES:
            lines += rows(width, precision, args.repeats)
    load = f"\nLoad average at the end: {os.getloadavg()[0]:.1f}; other work ran on the same machine."
    text = "\n".join([*lines, load]) + "\n"
    print(text, end="")
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(text)


def heading(repeats: int) -> list[str]:
    """Return the lines above the rows."""
    return [
        f"# A training step of {NAME} on one core, {datetime.date.today()}",
        "",
        f"{platform.platform()}, torch {torch.__version__}, 1 thread; {CHUNKS} chunks of {FRAMES} frames, {NUM_PDFS} "
        f"pdfs, random input. Milliseconds of processor time, the smallest of {repeats}. Each distinct convolution is "
        "timed alone, forward and backward; the rest is the step without them: normalization, ReLU, sums, upsampling, "
        "conversions, loss and update. GMAC/s counts the products of forward and backward, three for each weight.",
        "",
        "| width | precision | step | convolutions with channels | number | ms | share of the step | GMAC/s |",
        "| ---: | --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]


def rows(width: float, precision: str, repeats: int) -> list[str]:
    """Return the rows of one width and precision."""
    module = build_acoustic_model(NAME, num_pdfs=NUM_PDFS, width=width)
    step = step_ms(module, precision, repeats)
    groups: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for conv, shape in convolutions(module):
        milliseconds, macs = conv_cost(conv, shape, DTYPES[precision], repeats)
        kernel = "x".join(map(str, conv.kernel_size))
        group = groups[f"{min(conv.in_channels, conv.out_channels)} ({kernel})"]
        group[0] += 1
        group[1] += milliseconds
        group[2] += macs
    lines = []
    for name, (number, milliseconds, macs) in sorted(groups.items(), key=lambda item: -item[1][1]):
        speed = f"{macs / milliseconds / 1e6:.0f}"
        cells = [f"{width:g}", precision, f"{step:.1f}", name, f"{number:.0f}", f"{milliseconds:.1f}"]
        lines.append("| " + " | ".join([*cells, f"{milliseconds / step:.0%}", speed]) + " |")
    rest = step - sum(group[1] for group in groups.values())
    lines.append(f"| {width:g} | {precision} | {step:.1f} | the rest | | {rest:.1f} | {rest / step:.0%} | |")
    return lines


def smallest_ms(function: Callable[[], Any], repeats: int) -> float:
    """Return the smallest processor time of a call, after one that is not timed."""
    times = []
    for _ in range(repeats + 1):
        started = time.process_time()
        function()
        times.append(time.process_time() - started)
    return 1e3 * min(times[1:])


def step_ms(module: nn.Module, precision: str, repeats: int) -> float:
    """Return the milliseconds of a training step."""
    config = TrainingConfig(precision=precision)  # type: ignore[arg-type]
    optimization = Optimization(module, CrossEntropy(), config, DistributedContext())
    inputs = torch.randn(CHUNKS, 3, 64, FRAMES + WINDOW_FRAMES - 1)
    batch = Chunks(inputs, torch.randint(0, NUM_PDFS, (CHUNKS, FRAMES)))
    return smallest_ms(lambda: optimization.step([batch], 0.01, 1).values.tolist(), repeats)


def convolutions(module: nn.Module) -> list[tuple[nn.Conv2d, torch.Size]]:
    """Return the convolutions and the shapes of their inputs."""
    found: list[tuple[nn.Conv2d, torch.Size]] = []

    def record(conv: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(conv, nn.Conv2d)
        found.append((conv, inputs[0].shape))

    hooks = [item.register_forward_hook(record) for item in module.modules() if isinstance(item, nn.Conv2d)]
    with torch.no_grad():
        module(torch.randn(CHUNKS, 3, 64, FRAMES + WINDOW_FRAMES - 1))
    for hook in hooks:
        hook.remove()
    return found


def conv_cost(conv: nn.Conv2d, shape: torch.Size, dtype: torch.dtype, repeats: int) -> tuple[float, float]:
    """Return the milliseconds of a convolution's forward and backward pass, and its multiplications."""
    is_first = shape[1] == 3  # the input of the network needs no gradient
    inputs = torch.randn(shape, dtype=dtype, requires_grad=not is_first)
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        gradient = torch.ones_like(conv(inputs))

    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            outputs = conv(inputs)
        outputs.backward(gradient)

    macs = conv.weight.numel() * gradient.numel() / conv.out_channels
    return smallest_ms(run, repeats), macs * (2 if is_first else 3)


if __name__ == "__main__":
    main()
