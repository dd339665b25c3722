"""Compare bL-ResNet-50 with its plain baseline on scikit-learn's digits: equal epochs, several seeds, accuracy, time.

Each run writes its figures to ``WORK/MODEL_seedN/result.json``; later calls with the same settings reuse them.
"""

from __future__ import annotations

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
    load_image_experiment,
    read_images,
    train_vision,
)
from blasr.vision import summarize
from recipes.common.command import run_step, step_parser
from recipes.common.results import markdown_table, table

CONF = Path(__file__).parents[2] / "conf" / "vision"
REPORT = "recipes/digits_images/RESULTS.md"
RESULT = "result.json"
MODELS = ("resnet50", "bl_resnet50_a2b4")
HEADING = """\
# bL-ResNet-50 and ResNet-50 on scikit-learn's digits, {date}

```
recipes/digits_images/run.sh --seeds "{seeds}" --epochs {epochs} --report {report}
```

Real scans of 8 x 8 pixels, enlarged to {size} x {size}; networks of {width:g} times the paper's width; {epochs} epochs,
batches of {batch_size}. Accuracy is measured after the last epoch on {held_out} held-out scans; one scan is {point:.2f}
points. The mean is followed by the standard deviation over the seeds.

{machine}, torch {torch}. Clock and processor are the seconds of a whole run,
including the evaluation after each epoch. Other work on the machine (load average {loads}; one run adds 1)
also lengthens the clock time; processor time is affected least. Times differ from run to run; all other figures
repeat on the same machine. Such small layers spend much of their time on work other than MACs. Therefore fewer MACs
save less here than in a network of full size, see benchmarks/reports.
"""

HEADER = ("model", "seed", "accuracy, %", "loss", "clock, s", "processor, s")


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        score: the score on the held-out images after the last epoch.
        clock: seconds on the clock.
        processor: seconds of processor time, summed over threads.
        load: the load average of the last minute, at the end.
    """

    model: str
    seed: int
    score: ImageScore
    clock: float
    processor: float
    load: float

    @property
    def accuracy(self) -> float:
        """Top-1 accuracy in %."""
        return 100 - self.score.top1_error


def main() -> None:
    parser = step_parser("recipes.digits_images.compare", __doc__)
    parser.add_argument("work", type=Path, help="the folder with data/; it receives the experiments")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="default: 0 1 2")
    parser.add_argument("--epochs", type=int, metavar="N", help="default: as in the configurations")
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write the table there, in Markdown")
    run_step(parser, compare)


def compare(work: Path, seeds: Sequence[int], epochs: int | None, report: Path | None) -> None:
    """Train the models that are not trained yet and print the table; write it to ``report`` if given.

    Raises:
        BlasrError: there are no images, or the configuration cannot be used.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    configs = [run_config(work, model, seed, epochs) for seed in seeds for model in MODELS]
    runs = [finished_run(config) or train_and_evaluate(config) for config in configs]
    print(table(HEADER, rows(runs)))
    if report is not None:
        with atomic_open(report, "w") as file:
            file.write(markdown_report(configs[0], runs))
        print(f"written: {report}")


def run_config(work: Path, model: str, seed: int, epochs: int | None) -> VisionRunConfig:
    """Return the configuration of one training run of ``model`` on the images in ``work``."""
    data = work / "data"
    overrides = [
        f"experiment={work / f'{model}_seed{seed}'}",
        f"data.train={data / 'train'}",
        f"data.valid={data / 'valid'}",
        f"training.seed={seed}",
    ]
    if epochs is not None:
        overrides.append(f"training.epochs={epochs}")
    config: VisionRunConfig = load_config(VisionRunConfig, CONF / f"digits_{model}.yaml", overrides)
    return config


def finished_run(config: VisionRunConfig) -> Run | None:
    """Return the figures of a finished run, None if there is none.

    Raises:
        ConfigError: the finished run had other settings.
    """
    path = config.experiment / RESULT
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if found["settings"] != settings(config):
        raise ConfigError("has the figures of a run with other settings", path=path, fix=f"remove {config.experiment}")
    return Run(**{**found["run"], "score": ImageScore(**found["run"]["score"])})


def train_and_evaluate(config: VisionRunConfig) -> Run:
    """Train, evaluate on the held-out images, and write the figures into the experiment."""
    if config.experiment.exists():
        shutil.rmtree(config.experiment)  # an unfinished run: if it resumed, the measured time would be too short
    start = time.perf_counter(), time.process_time()
    train_vision(config)
    clock, processor = time.perf_counter() - start[0], time.process_time() - start[1]
    load = os.getloadavg()[0]
    model, description = load_image_experiment(config.experiment)
    _, valid = read_images(config.data)
    assert valid is not None, "both configurations have held-out images"
    score = evaluate_images(model, valid, description.images, description.images.size)
    run = Run(config.model.name, config.training.seed, score, clock, processor, load)
    with atomic_open(config.experiment / RESULT, "w") as file:
        json.dump({"settings": settings(config), "run": asdict(run)}, file)
    return run


def settings(config: VisionRunConfig) -> dict[str, Any]:
    """Return the settings that determine the figures, as JSON values."""
    mapping = to_mapping(config)
    return {name: mapping[name] for name in ("model", "images", "training")}


def rows(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Return a row for every run, and for every model the mean of its runs and the standard deviation of accuracy."""
    lines: list[tuple[str, ...]] = []
    for model in MODELS:
        of_model = [run for run in runs if run.model == model]
        lines += [
            row(model, str(run.seed), f"{run.accuracy:.2f}", run.score.loss, run.clock, run.processor)
            for run in of_model
        ]
        means = [
            statistics.fmean(figures)
            for figures in zip(*((r.score.loss, r.clock, r.processor) for r in of_model), strict=True)
        ]
        lines.append(row(model, "mean", spread([run.accuracy for run in of_model]), *means))
    return lines


def row(model: str, seed: str, accuracy: str, loss: float, clock: float, processor: float) -> tuple[str, ...]:
    """Return the cells of one row."""
    return model, seed, accuracy, f"{loss:.4f}", f"{clock:.1f}", f"{processor:.1f}"


def spread(figures: Sequence[float]) -> str:
    """Return the mean, followed by the standard deviation if there are several figures."""
    mean = f"{statistics.fmean(figures):.2f}"
    return f"{mean} +- {statistics.stdev(figures):.2f}" if len(figures) > 1 else mean


def markdown_report(config: VisionRunConfig, runs: Sequence[Run]) -> str:
    """Return the results in Markdown."""
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
    tables = [
        markdown_table(("model", "MACs per image", "parameters"), costs),
        "",
        markdown_table(HEADER, rows(runs)),
    ]
    return "\n".join([heading, *tables, ""])


if __name__ == "__main__":
    main()
