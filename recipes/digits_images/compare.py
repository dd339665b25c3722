"""bL-ResNet-50 beside its plain baseline on scikit-learn's digits: equal epochs, three seeds, errors and times.

Each run leaves its figures in result.json, so that runs can go side by side (--models, --seeds) and be told together.

python recipes/digits_images/prepare.py data/digits_images
python recipes/digits_images/compare.py --report recipes/digits_images/RESULTS.md
"""

from __future__ import annotations

import argparse
import datetime
import json
import logging
import os
import platform
import shlex
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from blasr.config import load_config
from blasr.io.atomic import atomic_open
from blasr.recipe.vision import ImageScore, VisionRunConfig, evaluate_images, load_experiment, read_images, train_vision
from blasr.vision import summarize

MODELS = ("resnet50", "bl_resnet50_a2b4")


@dataclass(frozen=True)
class Run:
    """One training: its held-out errors, and what it took on the clock and of processor time."""

    model: str
    seed: int
    score: ImageScore
    clock_seconds: float
    core_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="in place of the configuration's")
    parser.add_argument("--conf", type=Path, default=Path("conf/vision"))
    parser.add_argument("--experiments", type=Path, default=Path("exp/vision/digits"))
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    runs = [run(args, model, seed) for seed in args.seeds for model in args.models]
    text = report(args, runs)
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(text)


def run(args: argparse.Namespace, model: str, seed: int) -> Run:
    """Train one model and measure it on the held-out images, or take up the figures of a run that did."""
    experiment = args.experiments / f"{model}_seed{seed}"
    result = experiment / "result.json"
    if result.is_file():
        figures = json.loads(result.read_text(encoding="utf-8"))
        return Run(**{**figures, "score": ImageScore(**figures["score"])})
    overrides = [f"experiment={experiment}", f"training.seed={seed}"]
    if args.epochs is not None:
        overrides.append(f"training.epochs={args.epochs}")
    config = load_config(VisionRunConfig, args.conf / f"digits_{model}.yaml", overrides)
    start = time.perf_counter(), time.process_time()
    train_vision(config)
    clock, core = time.perf_counter() - start[0], time.process_time() - start[1]
    trained, description = load_experiment(experiment)
    _, valid = read_images(config.data)
    assert valid is not None
    score = evaluate_images(trained, valid, description.images, description.images.size)
    done = Run(model, seed, score, clock, core)
    with atomic_open(result, "w") as file:
        json.dump(asdict(done), file)
    return done


def report(args: argparse.Namespace, runs: list[Run]) -> str:
    """The results, in Markdown."""
    config = load_config(VisionRunConfig, args.conf / "digits_bl_resnet50_a2b4.yaml")
    epochs, size, width = args.epochs or config.training.epochs, config.images.size, config.model.width
    lines = [
        f"# bL-ResNet-50 beside ResNet-50 on scikit-learn's digits, {datetime.date.today():%Y-%m-%d}",
        "",
        f"Command: `python {shlex.join(sys.argv)}`. {platform.machine()}, {torch.get_num_threads()} thread(s) of "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}; load average at the "
        f"end {os.getloadavg()[0]:.1f}, so seconds on the clock are those of a shared machine. Width {width:g}, images "
        f"of 8 x 8 pixels enlarged to {size} x {size}, {epochs} epochs, 1437 images to train on, 360 held out. A digit "
        "told wrong is 0.28 points of error: differences below about one point mean nothing here.",
        "",
        "| model | MACs per image | parameters | seed | top-1 error, % | loss | training, s | training, core s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for model in args.models:
        own = [item for item in runs if item.model == model]
        counts = summarize(model, image_size=size, num_classes=10, width=width)
        for item in own:
            lines.append(
                f"| {model} | {counts.macs:,} | {counts.params:,} | {item.seed} | {item.score.top1_error:.2f} "
                f"| {item.score.loss:.4f} | {item.clock_seconds:.0f} | {item.core_seconds:.0f} |"
            )
        lines.append(
            f"| {model}, mean | | | | {mean(own, 'error'):.2f} | {mean(own, 'loss'):.4f} "
            f"| {mean(own, 'clock'):.0f} | {mean(own, 'core'):.0f} |"
        )
    return "\n".join([*lines, ""])


def mean(runs: list[Run], what: str) -> float:
    """The mean of one figure over the seeds."""
    figures = {
        "error": [item.score.top1_error for item in runs],
        "loss": [item.score.loss for item in runs],
        "clock": [item.clock_seconds for item in runs],
        "core": [item.core_seconds for item in runs],
    }
    return statistics.fmean(figures[what])


if __name__ == "__main__":
    main()
