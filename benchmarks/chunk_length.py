"""What the length of the training chunks is worth: labeled frames per second, and frame accuracy after equal time.

Each length trains the same network on the same data for the same processor time; features are prepared in the same
process and count. The learning rate falls to 0 over this time. Without perturbed voices, so that features are cached.

    python -m benchmarks.chunk_length --config conf/an4_bl_resnet22_a2b3.yaml --data data/train --alignments exp/tri \
        --width 0.125 --seconds 120 --report benchmarks/reports/2026-11-29-chunk-length.md
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from blasr.config import load_config
from blasr.io.atomic import atomic_open
from blasr.models import build_configured_model
from blasr.pipeline.batches import make_batches
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import read_corpus
from blasr.training import CrossEntropy, DistributedContext
from blasr.training.optimization import Optimization

WARM_STEPS = 2  # kernels are compiled and memory is reserved in these
HEADER = ("frames of a chunk", "steps", "labeled frames", "frames/s", "relative", "reading, %", "held-out accuracy, %")


@dataclass(frozen=True)
class Measured:
    """One length of chunks.

    Attributes:
        steps, frames: how many were trained on.
        seconds: processor time, without the first steps.
        reading: the share of it in which features were prepared.
        accuracy: of the held-out frames.
    """

    steps: int
    frames: int
    seconds: float
    reading: float
    accuracy: float

    @property
    def speed(self) -> float:
        """Labelled frames per second of processor time."""
        return self.frames / self.seconds


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, type=Path, help="of blasr train")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--alignments", required=True, type=Path)
    parser.add_argument("--lengths", type=int, nargs="+", default=[1, 8, 64], help="(default: %(default)s)")
    parser.add_argument("--width", type=float, default=0.125, help="(default: %(default)s)")
    parser.add_argument("--batch-frames", type=int, default=512, help="(default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=120, help="processor time of each length (default: %(default)s)"
    )
    parser.add_argument("--report", type=Path, help="also write the report there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    lines = heading(args)
    first: Measured | None = None
    for length in args.lengths:
        result = measure(configuration(args, length), args.seconds)
        first = first or result
        cells = [
            f"{length}", f"{result.steps:,}", f"{result.frames:,}", f"{result.speed:,.0f}",
            f"{result.speed / first.speed:.1f}", f"{100 * result.reading:.0f}", f"{100 * result.accuracy:.2f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    text = "\n".join([*lines, "", f"Load average at the end: {os.getloadavg()[0]:.1f}."]) + "\n"
    print(text, end="")
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(text)


def heading(args: argparse.Namespace) -> list[str]:
    """Return the lines above the rows."""
    return [
        f"# The length of training chunks on one core, {datetime.date.today()}",
        "",
        f"{platform.platform()}, torch {torch.__version__}, 1 thread; {args.config.name}, width {args.width:g}, "
        f"batches of {args.batch_frames} frames, {args.seconds:g} s of processor time for each length. `reading` is "
        "the share of this time spent preparing features, in the same process.",
        "",
        "| " + " | ".join(HEADER) + " |",
        "| " + " | ".join(["---:"] * len(HEADER)) + " |",
    ]


def configuration(args: argparse.Namespace, length: int) -> list[str]:
    """Return the configuration's file and the keys that this benchmark sets."""
    return [
        str(args.config), f"data.train={args.data}", f"data.alignments={args.alignments}", f"model.width={args.width}",
        f"chunks.chunk_frames={length}", f"chunks.batch_frames={args.batch_frames}", "chunks.num_workers=0",
        "augmentation.speeds=[1.0]", "augmentation.vtln_warps=[1.0]", "training.threads=1", "training.device=cpu",
    ]  # fmt: skip


def measure(settings: list[str], budget: float) -> Measured:
    """Train for ``budget`` seconds of processor time, and evaluate."""
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(RunConfig, Path(settings[0]), [*settings[1:], f"experiment={folder}/experiment"])
        config.experiment.mkdir()
        torch.manual_seed(config.training.seed)
        corpus = read_corpus(config.data, config.experiment / "labels", config.training.seed, 0)
        batches = make_batches(config, corpus, DistributedContext())
        module = build_configured_model(config.network, corpus.num_pdfs)
        optimization = Optimization(module, CrossEntropy(), config.training, DistributedContext())
        steps = frames = epoch = 0
        spent = reading = 0.0
        source = iter(batches.train.batches(1))
        while spent < budget:
            started = time.process_time()
            batch = next(source, None)
            if batch is None:
                epoch += 1
                source = iter(batches.train.batches(epoch + 1))
                continue
            read = time.process_time()
            rate = config.training.learning_rate * (1 + math.cos(math.pi * spent / budget)) / 2
            result = optimization.step([batch], rate, steps + 1)
            count = int(result.values[2])
            seconds = time.process_time() - started
            steps += 1
            if steps <= WARM_STEPS:
                continue
            spent += seconds
            reading += read - started
            frames += count
        assert batches.valid is not None
        sums = sum((optimization.evaluate(item) for item in batches.valid.batches(1)), torch.zeros(3))
        return Measured(steps, frames, spent, reading / spent, float(sums[1] / sums[2]))


if __name__ == "__main__":
    main()
