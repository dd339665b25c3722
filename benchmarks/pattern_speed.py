"""Time convolutions with binary patterns on a CPU: what the small file costs and gains at inference.

Five ways to run one 3x3 convolution, and two whole networks:

- float: float32 weights (oneDNN);
- patterns: :class:`blasr.nn.PatternConv2d`, which multiplies signs by scales and runs the same convolution;
- bits: the same, but the packed bits are unpacked in every call, so that memory has one bit a weight too;
- sign-and-add: compiled loops (numba) add or subtract the input as the signs say, and scale the sum at the end;
- int8: PyTorch's quantized convolution with 8-bit weights and activations (the engine x86, from FBGEMM and oneDNN).

One thread. The ways take turns, so that other work on the machine affects all of them; the least processor time of each
is reported.

    python benchmarks/pattern_speed.py --report benchmarks/reports/2026-11-28-pattern-speed.md
"""

from __future__ import annotations

import argparse
import copy
import datetime
import os
import platform
import shlex
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blasr.io.atomic import atomic_open
from blasr.models import build_acoustic_model
from blasr.nn import PatternConv2d, binarize
from blasr.nn.sign_packing import unpack_signs
from blasr.vision import create_model

Run = Callable[[], Any]


@dataclass(frozen=True)
class Layer:
    """A 3x3 convolution with padding: where it is, input and output channels, height and width."""

    name: str
    channels: int
    height: int
    width: int


LAYERS = (
    Layer("bl_resnet22 stage 1, 1 s of speech", 64, 32, 100),
    Layer("bl_resnet22 stage 3, 1 s of speech", 256, 8, 100),
    Layer("width 0.25, stage 1, 1 s of speech", 16, 32, 100),
    Layer("ResNet-20 stage 3, 32 images", 64, 8, 8 * 32),
)


@numba.njit(fastmath=True, cache=False)
def sign_and_add(x: Any, signs: Any, scales: Any, out: Any) -> None:
    """Write the convolution of the padded ``x`` (C, H + 2, W + 2) to ``out`` (K, H, W) by adding and subtracting."""
    filters, height, width = out.shape
    for k in range(filters):
        for h in range(height):
            row = out[k, h]
            row[:] = 0.0
            for c in range(x.shape[0]):
                for i in range(3):
                    source = x[c, h + i]
                    for j in range(3):
                        if signs[k, c, i, j] > 0:
                            for w in range(width):
                                row[w] += source[w + j]
                        else:
                            for w in range(width):
                                row[w] -= source[w + j]
            for w in range(width):
                row[w] *= scales[k]


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20, help="turns of each way; the best is reported (default: 20)")
    parser.add_argument("--report", type=Path, help="also write the report there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = [(layer.name, best(layer_ways(layer), args.repeats)) for layer in LAYERS]
    rows += [(name, best(ways, max(3, args.repeats // 4))) for name, ways in network_ways().items()]
    text = report(rows, args.repeats)
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(text)


def layer_ways(layer: Layer) -> dict[str, Run]:
    """Return the ways to run one convolution; their results are compared first."""
    conv = nn.Conv2d(layer.channels, layer.channels, 3, padding=1, bias=False)
    pattern = PatternConv2d(conv)
    x = torch.randn(1, layer.channels, layer.height, layer.width)
    scales, signs = pattern.scales.detach(), pattern.signs
    weight = pattern.weight.detach()
    padded = F.pad(x, (1, 1, 1, 1))[0].numpy()
    out = np.empty((layer.channels, layer.height, layer.width), np.float32)

    def from_bits() -> Tensor:
        return F.conv2d(x, scales.view(-1, 1, 1, 1) * unpack_signs(pattern.patterns, signs.shape), padding=1)

    def by_adding() -> Tensor:
        sign_and_add(padded, signs.numpy(), scales.numpy(), out)
        return torch.from_numpy(out)[None]

    ways: dict[str, Run] = {
        "float": lambda: F.conv2d(x, weight, padding=1),
        "patterns": lambda: pattern(x),
        "bits": from_bits,
        "sign-and-add": by_adding,
    }
    expected = ways["float"]()
    for name, way in ways.items():
        torch.testing.assert_close(way(), expected, rtol=1e-3, atol=1e-3, msg=f"{name} computes something else")
    ways["int8"] = int8_way(x, weight, expected)
    return ways


def int8_way(x: Tensor, weight: Tensor, expected: Tensor) -> Run:
    """Return PyTorch's quantized convolution, with the conversion of the input but not of the output."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the quantized tensors of this PyTorch will be replaced
        scales = weight.abs().amax((1, 2, 3)) / 127
        quantized = torch.quantize_per_channel(
            weight, scales, torch.zeros(len(scales), dtype=torch.long), 0, torch.qint8
        )
        packed = torch.ops.quantized.conv2d_prepack(quantized, None, [1, 1], [1, 1], [1, 1], 1)
    step = float(x.abs().max()) / 127
    out_step = float(expected.abs().max()) / 127

    def run() -> Tensor:
        found: Tensor = torch.ops.quantized.conv2d(
            torch.quantize_per_tensor(x, step, 128, torch.quint8), packed, out_step, 128
        )
        return found

    error = (run().dequantize() - expected).abs().mean() / expected.abs().mean()
    if error > 0.1:
        raise RuntimeError(f"int8 differs by {error:.1%}")
    return run


def network_ways() -> dict[str, dict[str, Run]]:
    """Return the ways to run whole networks: in float and as patterns."""
    networks: dict[str, tuple[nn.Module, Tensor]] = {
        "bl_resnet22_a2b3, width 0.25, 3 s": (
            build_acoustic_model("bl_resnet22_a2b3", num_pdfs=464, width=0.25).eval(),
            torch.randn(1, 3, 64, 348),
        ),
        "ResNet-20, 32 images": (create_model("resnet20", 10).eval(), torch.randn(32, 3, 32, 32)),
    }
    ways: dict[str, dict[str, Run]] = {}
    for name, (network, x) in networks.items():
        patterns = binarize(copy.deepcopy(network), ("stem",))
        ways[name] = {"float": partial(network, x), "patterns": partial(patterns, x)}
    return ways


@torch.inference_mode()
def best(ways: dict[str, Run], repeats: int) -> dict[str, float]:
    """Return the least processor milliseconds of each way; the first turn is a warm-up and not timed."""
    times = dict.fromkeys(ways, float("inf"))
    for turn in range(repeats + 1):
        for name, way in ways.items():
            calls, start = 0, time.process_time()
            while calls < 3 or time.process_time() - start < 0.01:
                way()
                calls += 1
            if turn:
                times[name] = min(times[name], 1000 * (time.process_time() - start) / calls)
    return times


def report(rows: list[tuple[str, dict[str, float]]], repeats: int) -> str:
    """Return the dated report, in Markdown."""
    names = ("float", "patterns", "bits", "sign-and-add", "int8")
    lines = [
        f"# Convolutions with binary patterns on a CPU, {datetime.date.today():%Y-%m-%d}",
        "",
        f"    python {shlex.join(sys.argv)}",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, 1 thread, Python {platform.python_version()}, torch "
        f"{torch.__version__}, numba {numba.__version__}. Processor milliseconds of one call, best of {repeats} turns "
        f"(networks: {max(3, repeats // 4)}). Load average at the end {os.getloadavg()[0]:.1f}: other work may have "
        "run on the same machine; it affects processor time least. The script's docstring explains the columns.",
        "",
        "| what | " + " | ".join(f"{name}, ms" for name in names) + " |",
        "| --- |" + " ---: |" * len(names),
    ]
    for what, times in rows:
        cells = [
            f"{times[name]:.3g}" + (f" ({times['float'] / times[name]:.2f}x)" if name != "float" else "")
            if name in times
            else ""
            for name in names
        ]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    lines += [
        "",
        "In parentheses: speed relative to float. Patterns that are unpacked to float only make the file smaller: the",
        "convolution is the same, and forming the weights costs a little. Adding and subtracting needs as many",
        "operations as multiplying and adding, which processors fuse, and is slower. What makes a CPU faster is 8-bit",
        "arithmetic, which needs 8-bit activations, not binary weights.",
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
