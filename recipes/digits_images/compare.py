"""bL-ResNet-50 beside its plain baseline on scikit-learn's digits: equal epochs, several seeds, accuracy and time.

Each training leaves its figures in ``WORK/MODEL_seedN/result.json``, which later calls with the same settings take up.
"""

from __future__ import annotations

import argparse
import datetime
import json
import logging
import os
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from blasr.config import load_config, to_mapping
from blasr.errors import ConfigError
from blasr.io.atomic import atomic_open
from blasr.pipeline.vision import (
    ImageScore,
    VisionRunConfig,
    evaluate_images,
    load_experiment,
    read_images,
    train_vision,
)
from blasr.vision import summarize
from recipes.common.command import run_command
from recipes.common.results import table

CONF = Path(__file__).parents[2] / "conf" / "vision"
REPORT = "recipes/digits_images/RESULTS.md"
RESULT = "result.json"
MODELS = ("resnet50", "bl_resnet50_a2b4")
HEADING = """\
# bL-ResNet-50 beside ResNet-50 on scikit-learn's digits, {date}

```
recipes/digits_images/run.sh --seeds "{seeds}" --epochs {epochs} --report {report}
```

Real scans of 8 x 8 pixels, enlarged to {size} x {size}; networks of {width:g} times the paper's width;
{epochs} epochs, batches of {batch_size}. Accuracy after the last epoch on {held_out} held-out scans, of which one
is {point:.2f} points; the mean has the standard deviation over the seeds beside it.

{machine}, torch {torch}. Clock and processor: seconds of a whole
training, which measures the held-out scans after each epoch. The clock also counts other work on the machine (load
average {loads}, of which a training is 1); processor time feels it least. Times differ from run to run; the
rest repeats on the same machine. Layers this small take much of their time for other work than MACs, so that fewer MACs
save less than in a network of full size, for which see benchmarks/reports.
"""

HEADER = ("model", "seed", "accuracy, %", "loss", "clock, s", "processor, s")


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        score: on the held-out images, after the last epoch.
        clock, processor: seconds that training took, and of processor time over all threads.
        load: of the machine at the end, a minute's average.
    """

    model: str
    seed: int
    score: ImageScore
    clock: float
    processor: float
    load: float

    @property
    def accuracy(self) -> float:
        """In %."""
        return 100 - self.score.top1_error


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.digits_images.compare", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path, help="where data/ is, and what receives the experiments")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="in place of the configurations'")
    parser.add_argument("--report", type=Path, help="receives the table, in Markdown")
    run_command(parser, compare)


def compare(args: argparse.Namespace) -> None:
    """Train what is not trained yet; print the table, and write it where asked.

    Raises:
        BlasrError: the images are not there, or the configuration cannot be used.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    configs = [configured(args, model, seed) for seed in args.seeds for model in MODELS]
    runs = [finished(config) or trained(config) for config in configs]
    print(table(HEADER, rows(runs)))
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(report(configs[0], runs))
        print(f"written: {args.report}")


def configured(args: argparse.Namespace, model: str, seed: int) -> VisionRunConfig:
    """One training of ``model`` on the images in ``args.work``."""
    data = args.work / "data"
    overrides = [
        f"experiment={args.work / f'{model}_seed{seed}'}",
        f"data.train={data / 'train'}",
        f"data.valid={data / 'valid'}",
        f"training.seed={seed}",
    ]
    if args.epochs is not None:
        overrides.append(f"training.epochs={args.epochs}")
    config: VisionRunConfig = load_config(VisionRunConfig, CONF / f"digits_{model}.yaml", overrides)
    return config


def finished(config: VisionRunConfig) -> Run | None:
    """The figures that a training left.

    Raises:
        ConfigError: it was one with other settings.
    """
    path = config.experiment / RESULT
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if found["settings"] != settings(config):
        raise ConfigError("has the figures of other settings", path=path, fix=f"remove {config.experiment}")
    return Run(**{**found["run"], "score": ImageScore(**found["run"]["score"])})


def trained(config: VisionRunConfig) -> Run:
    """Train, measure on the held-out images, and leave the figures in the experiment."""
    if config.experiment.exists():
        shutil.rmtree(config.experiment)  # half a training: going on would take less than a whole one's time
    start = time.perf_counter(), time.process_time()
    train_vision(config)
    clock, processor = time.perf_counter() - start[0], time.process_time() - start[1]
    load = os.getloadavg()[0]
    model, description = load_experiment(config.experiment)
    _, valid = read_images(config.data)
    assert valid is not None, "the configurations name held-out images"
    score = evaluate_images(model, valid, description.images, description.images.size)
    run = Run(config.model.name, config.training.seed, score, clock, processor, load)
    with atomic_open(config.experiment / RESULT, "w") as file:
        json.dump({"settings": settings(config), "run": asdict(run)}, file)
    return run


def settings(config: VisionRunConfig) -> dict[str, Any]:
    """What decides the figures, as JSON has it."""
    mapping = to_mapping(config)
    return {name: mapping[name] for name in ("model", "images", "training")}


def rows(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """A line for every run, and for every model the mean of its runs with the accuracy's standard deviation."""
    lines: list[tuple[str, ...]] = []
    for model in MODELS:
        own = [run for run in runs if run.model == model]
        lines += [
            row(model, str(run.seed), f"{run.accuracy:.2f}", run.score.loss, run.clock, run.processor) for run in own
        ]
        means = [
            statistics.fmean(figures)
            for figures in zip(*((r.score.loss, r.clock, r.processor) for r in own), strict=True)
        ]
        lines.append(row(model, "mean", spread([run.accuracy for run in own]), *means))
    return lines


def row(model: str, seed: str, accuracy: str, loss: float, clock: float, processor: float) -> tuple[str, ...]:
    return model, seed, accuracy, f"{loss:.4f}", f"{clock:.1f}", f"{processor:.1f}"


def spread(figures: Sequence[float]) -> str:
    """The mean, and the standard deviation where there are several."""
    mean = f"{statistics.fmean(figures):.2f}"
    return f"{mean} +- {statistics.stdev(figures):.2f}" if len(figures) > 1 else mean


def report(config: VisionRunConfig, runs: Sequence[Run]) -> str:
    """The results, in Markdown."""
    size, width = config.images.size, config.model.width
    counts = {model: summarize(model, image_size=size, num_classes=10, width=width) for model in MODELS}
    loads = [run.load for run in runs]
    heading = HEADING.format(
        date=datetime.date.today(),
        seeds=" ".join(str(run.seed) for run in runs if run.model == MODELS[0]),
        epochs=config.training.epochs,
        report=REPORT,
        size=size,
        width=width,
        batch_size=config.data.batch_size,
        held_out=runs[0].score.count,
        point=100 / runs[0].score.count,
        machine=f"{platform.machine()}, {config.training.threads} thread, Python {platform.python_version()}",
        torch=torch.__version__,
        loads=f"{min(loads):.1f} to {max(loads):.1f}",
    )
    costs = [(model, f"{count.macs:,}", f"{count.params:,}") for model, count in counts.items()]
    tables = [*markdown(("model", "MACs per image", "parameters"), costs), "", *markdown(HEADER, rows(runs))]
    return "\n".join([heading, *tables, ""])


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """A table, its first column to the left and the others to the right."""
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---", *["---:"] * (len(header) - 1)], *lines)]


if __name__ == "__main__":
    main()
