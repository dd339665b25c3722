"""Training steps and dense inference on a GPU: frames per second, share of the matrix peak, big-little speed-up.

resnet22 and bl_resnet22_a2b3 at full width with 32,000 outputs; float32, TF32 and bfloat16; with and without
torch.compile. Nothing is needed but this repository. It ends within --minutes, and the report names what there was no
time for. The most useful cases come first.

    python benchmarks/gpu.py --report benchmarks/reports/2026-11-28-gpu.md
    python benchmarks/gpu.py --small      # small networks on the CPU, to try the program
"""

from __future__ import annotations

import argparse
import datetime
import gc
import itertools
import math
import os
import platform
import shlex
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from blasr.io.atomic import atomic_open
from blasr.models import build_acoustic_model, summarize
from blasr.training import CrossEntropy, DistributedContext, TrainingConfig
from blasr.training.optimization import Optimization
from blasr.units import CONTEXT_FRAMES

BASELINE, BIG_LITTLE = "resnet22", "bl_resnet22_a2b3"
TASKS = ("training", "inference")
PRECISIONS = ("bfloat16", "tf32", "float32")
FIRST_COMPILE_SECONDS = 60.0
"""How long a compilation is expected to take before one has been seen."""


@dataclass(frozen=True)
class Sizes:
    """What is measured; frames are output frames, and the best of the repeats counts."""

    num_pdfs: int = 32_000
    width: float = 1.0
    chunks: int = 64
    chunk_frames: int = 64
    inference_frames: int = 6000
    matrix: int = 8192
    seconds: float = 0.5
    repeats: int = 3


SMALL = Sizes(100, 0.1, 2, 8, 20, 128, 0.01, 1)


@dataclass(frozen=True)
class Case:
    """One network, task and way of computing."""

    name: str
    task: str
    precision: str
    compiled: bool

    @property
    def way(self) -> str:
        """The precision, and whether the network is compiled."""
        return f"{self.precision}, compiled" if self.compiled else self.precision


@dataclass(frozen=True)
class Measurement:
    """The speed of a case; training counts three forward passes of operations."""

    batch: int  # chunks
    frames: int  # output frames of a call
    seconds: float  # of a call
    flops: float  # of a call, two for each multiplication
    macs_per_frame: float  # of a forward pass, for each output frame
    memory: int  # the most that was allocated, in bytes; 0 on a CPU
    start_seconds: float  # until the first three calls had ended, compilation included
    halved: int  # how many times the batch was halved because memory did not suffice


@dataclass
class Results:
    """Everything measured so far."""

    sizes: Sizes
    device: torch.device
    deadline: float
    peaks: dict[str, float] = field(default_factory=dict)
    measured: dict[Case, Measurement] = field(default_factory=dict)
    missing: dict[Case, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seconds_left(self) -> float:
        """Until the program must end."""
        return self.deadline - time.monotonic()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the report, and write it to ``--report``."""
    started = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write the report there, as Markdown")
    parser.add_argument("--minutes", type=float, default=8.0, help="the time for everything (default: 8)")
    parser.add_argument("--device", default="cuda", help="the GPU (default: cuda)")
    parser.add_argument(
        "--cudnn-benchmark", action="store_true", help="let cuDNN try its algorithms; training does not"
    )
    parser.add_argument("--small", action="store_true", help="small networks on the CPU, without torch.compile")
    args = parser.parse_args(arguments)
    if not args.small and not torch.cuda.is_available():
        sys.exit("there is no GPU that torch can use; --small tries the program on the CPU")
    sizes, device = (SMALL, torch.device("cpu")) if args.small else (Sizes(), torch.device(args.device))
    torch.backends.cudnn.benchmark = args.cudnn_benchmark
    results = Results(sizes, device, started + 60 * args.minutes - 20)
    watchdog = threading.Timer(max(0.0, results.seconds_left + 5), _stop_now, (results, args.report))
    watchdog.daemon = True
    watchdog.start()
    measure_all(results, compiled=(False,) if args.small else (False, True))
    watchdog.cancel()
    with results.lock:
        _publish(results, args.report)
    if any(reason.startswith("failed") for reason in results.missing.values()):
        sys.exit(1)


def _stop_now(results: Results, path: Path | None) -> None:
    """Publish what there is when a case takes longer than expected, and end the program."""
    with results.lock:
        _publish(results, path)
        os._exit(0)


def _publish(results: Results, path: Path | None) -> None:
    text = report(results)
    print(text, flush=True)
    if path is not None:
        with atomic_open(path, "w") as file:
            file.write(text)


def cases(compiled: Sequence[bool]) -> list[Case]:
    """Return all cases: plain ones first, of these bfloat16 first; both networks of a way follow each other."""
    ways = itertools.product(compiled, PRECISIONS, TASKS, (BASELINE, BIG_LITTLE))
    return [Case(name, task, precision, is_compiled) for is_compiled, precision, task, name in ways]


def measure_all(results: Results, compiled: Sequence[bool]) -> None:
    """Measure every case for which there is time."""
    planned = cases(compiled)
    results.missing.update(dict.fromkeys(planned, "no time"))
    torch.manual_seed(0)
    for precision in PRECISIONS:
        if has_precision(results.device, precision):
            results.peaks[precision] = matrix_peak(results.sizes, results.device, precision)
    longest_start = FIRST_COMPILE_SECONDS
    for case in planned:
        if case.precision not in results.peaks:
            results.missing[case] = "the device does not compute in this precision"
            continue
        needed = 3 * results.sizes.seconds * results.sizes.repeats + (longest_start if case.compiled else 0)
        if results.seconds_left < needed:
            continue
        print(f"{case.name}, {case.task}, {case.way} ({results.seconds_left:.0f} s left)", file=sys.stderr, flush=True)
        try:
            found: Measurement | str = measure(case, results.sizes, results.device)
        except Exception as error:  # a compiler that is absent or fails must not cost the other cases
            found = f"failed: {type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
        with results.lock:
            if isinstance(found, str):
                results.missing[case] = found
            else:
                results.measured[case] = found
                del results.missing[case]
        if case.compiled:
            seen = [item.start_seconds for key, item in results.measured.items() if key.compiled]
            longest_start = max(seen, default=longest_start)
        free(results.device)


def free(device: torch.device) -> None:
    """Release the memory of the last case, and what was compiled."""
    torch.compiler.reset()
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def has_precision(device: torch.device, precision: str) -> bool:
    """Return whether the device has units for bfloat16 or TF32; on a CPU, everything is computed somehow."""
    if device.type != "cuda" or precision == "float32":
        return True
    return torch.cuda.get_device_capability(device) >= (8, 0)


def set_precision(precision: str) -> None:
    """Let products of float32 use TF32, or not."""
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


def matrix_peak(sizes: Sizes, device: torch.device, precision: str) -> float:
    """Return the operations per second of a product of large square matrices."""
    set_precision(precision)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    one, two = (torch.randn(sizes.matrix, sizes.matrix, device=device, dtype=dtype) for _ in range(2))
    out = torch.empty_like(one)
    _, seconds = time_call(lambda: torch.mm(one, two, out=out), device, sizes)
    return 2 * sizes.matrix**3 / seconds


def measure(case: Case, sizes: Sizes, device: torch.device) -> Measurement:
    """Measure one case; if memory does not suffice, with half the batch, and so on.

    Raises:
        torch.OutOfMemoryError: even the smallest batch is too large.
    """
    set_precision(case.precision)
    work = training_step if case.task == "training" else dense_inference
    size = sizes.chunks if case.task == "training" else sizes.inference_frames
    halved = 0
    while True:
        try:
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(device)
            start_seconds, seconds = time_call(work(case, size, sizes, device), device, sizes)
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            size, halved = size // 2, halved + 1
        else:
            break
        free(device)  # outside of the handler, whose traceback keeps the tensors alive
    training = case.task == "training"
    batch, frames = (size, sizes.chunk_frames) if training else (1, size)
    with_context = frames + 2 * CONTEXT_FRAMES
    macs = summarize(case.name, num_pdfs=sizes.num_pdfs, width=sizes.width, frames=with_context).macs
    memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    flops = 2.0 * macs * batch * (3 if training else 1)
    return Measurement(batch, batch * frames, seconds, flops, macs / frames, memory, start_seconds, halved)


@dataclass(frozen=True)
class RandomBatch:
    """A batch of a training run with random content."""

    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...]


def training_step(case: Case, chunks: int, sizes: Sizes, device: torch.device) -> Callable[[], Any]:
    """Return a function that takes the training step of ``blasr train``: forward, backward, clipping and update."""
    config = TrainingConfig(
        precision="bfloat16" if case.precision == "bfloat16" else "float32",
        channels_last=device.type == "cuda",
        compile=case.compiled,
    )
    module = build_acoustic_model(case.name, num_pdfs=sizes.num_pdfs, width=sizes.width)
    optimization = Optimization(module, CrossEntropy(), config, DistributedContext(device=device))
    inputs = torch.randn(chunks, 3, 64, sizes.chunk_frames + 2 * CONTEXT_FRAMES, device=device)
    targets = torch.randint(0, sizes.num_pdfs, (chunks, sizes.chunk_frames), device=device)
    batch = RandomBatch(inputs, targets, ("chunk",) * chunks)
    return lambda: optimization.step([batch], 1e-3, 1)


def dense_inference(case: Case, frames: int, sizes: Sizes, device: torch.device) -> Callable[[], Any]:
    """Return a function that computes log-posteriors of one utterance, as ``blasr dump`` does, on the device."""
    module = build_acoustic_model(case.name, num_pdfs=sizes.num_pdfs, width=sizes.width).to(device).eval()
    inputs = torch.randn(1, 3, 64, frames + 2 * CONTEXT_FRAMES, device=device)
    if device.type == "cuda":
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        inputs = inputs.contiguous(memory_format=torch.channels_last)
    forward: Any = torch.compile(module) if case.compiled else module

    @torch.inference_mode()
    def run() -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=case.precision == "bfloat16"):
            logits = forward(inputs)
        return torch.as_tensor(logits).float().log_softmax(dim=1)

    return run


def time_call(function: Callable[[], Any], device: torch.device, sizes: Sizes) -> tuple[float, float]:
    """Return the seconds of the first three calls together, and those of one call after them, the best of several."""
    before = time.monotonic()
    for _ in range(3):
        function()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start_seconds = time.monotonic() - before
    number = max(1, math.ceil(sizes.seconds / timed(function, 1, device)))
    return start_seconds, min(timed(function, number, device) for _ in range(sizes.repeats)) / number


def timed(function: Callable[[], Any], number: int, device: torch.device) -> float:
    """Return the seconds of ``number`` calls; on a GPU, between two events on its stream."""
    if device.type != "cuda":
        before = time.perf_counter()
        for _ in range(number):
            function()
        return max(time.perf_counter() - before, 1e-9)
    with torch.cuda.device(device):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        for _ in range(number):
            function()
        end.record()
        end.synchronize()
    return max(float(start.elapsed_time(end)) / 1e3, 1e-9)


def report(results: Results) -> str:
    """Return the report in Markdown."""
    parts = [_heading(results), _speeds(results), _speed_ups(results)]
    halved = [case for case, item in results.measured.items() if item.halved]
    if halved:
        names = "; ".join(f"{case.name} {case.task} {case.way}" for case in halved)
        parts.append(f"Memory did not suffice, so the batch was halved (see its column): {names}.")
    if results.missing:
        lines = (f"- {case.name}, {case.task}, {case.way}: {reason}" for case, reason in results.missing.items())
        parts.append("Not measured:\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _heading(results: Results) -> str:
    sizes = results.sizes
    peaks = ", ".join(f"{precision} {value / 1e12:.3g}" for precision, value in results.peaks.items())
    return "\n".join([
        "# Training and dense inference on one device",
        "",
        f"{datetime.date.today():%Y-%m-%d}, {describe_device(results.device)}.",
        f"Width {sizes.width:g}, {sizes.num_pdfs} outputs. A training batch has chunks of {sizes.chunk_frames} frames; "
        "the step is that of `blasr train` (forward, backward, clipping, SGD), without data loading. Inference is one "
        "dense pass over an utterance, with the softmax, on the device. Convolutions are channels-last on a GPU; "
        f"cuDNN's benchmark mode is {'on' if torch.backends.cudnn.benchmark else 'off'}. Random input and weights; the "
        f"best of {sizes.repeats}.",
        "",
        f"Measured peak of products of {sizes.matrix} x {sizes.matrix} matrices, in TFLOP/s: {peaks}. Two operations "
        "for each multiplication of convolutions; training counts three forward passes.",
        "",
        f"    {shlex.join(['python', *sys.argv])}",
    ])  # fmt: skip


def describe_device(device: torch.device) -> str:
    """Return the hardware and versions."""
    if device.type != "cuda":
        return f"{platform.machine()}, {torch.get_num_threads()} CPU thread(s), torch {torch.__version__}"
    properties = torch.cuda.get_device_properties(device)
    name = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    capability = f"compute capability {properties.major}.{properties.minor}"
    return f"{name}, {capability}, torch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {cudnn}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], num_texts: int) -> str:
    line = ["---"] * num_texts + ["---:"] * (len(header) - num_texts)
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, line, *rows))


def _speeds(results: Results) -> str:
    header = ["task", "network", "precision", "chunks", "ms", "frames/s", "TFLOP/s", "share of the bf16 peak"]
    rows, peak = [], results.peaks.get("bfloat16")
    for case, item in results.measured.items():
        flops = item.flops / item.seconds
        speeds = [f"{1e3 * item.seconds:.2f}", f"{item.frames / item.seconds:,.0f}", f"{flops / 1e12:.3g}"]
        shares = [f"{flops / peak:.1%}" if peak else "-", f"{item.memory / 2**30:.1f}", f"{item.start_seconds:.1f}"]
        rows.append([case.task, case.name, case.way, str(item.batch), *speeds, *shares])
    return _table([*header, "peak memory, GiB", "first 3 calls, s"], rows, 3)


def _speed_ups(results: Results) -> str:
    """Compare the times for each output frame, since batches may differ."""
    rows = []
    for case, big in results.measured.items():
        little = results.measured.get(Case(BIG_LITTLE, case.task, case.precision, case.compiled))
        if case.name != BASELINE or little is None:
            continue
        speed_up = (big.seconds / big.frames) / (little.seconds / little.frames)
        ratio = big.macs_per_frame / little.macs_per_frame
        rows.append([case.task, case.way, f"{speed_up:.2f}", f"{ratio:.2f}", f"{speed_up / ratio:.2f}"])
    header = ["task", "precision", "speed-up", "MAC ratio", "share of the MAC ratio"]
    return f"{BIG_LITTLE} against {BASELINE}:\n\n" + _table(header, rows, 2)


if __name__ == "__main__":
    main()
