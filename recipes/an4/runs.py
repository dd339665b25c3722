"""The rows of finished runs of table3.sh: one JSON object per line."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blasr.cli.options import add_option
from blasr.config import load_config
from blasr.errors import DataError, FormatError
from blasr.inference import Manifest
from blasr.io.atomic import writing
from blasr.io.text_lines import read_lines
from blasr.pipeline.config import RunConfig
from recipes.common.command import run_step, step_parser
from recipes.common.results import read_report


@dataclass(frozen=True)
class Run:
    """A variant that was trained on a fold with a seed and scored on the test speakers of the fold.

    Attributes:
        run: the experiment directory, relative to the folder of the rows: ``FOLD/VARIANT_seedN``.
        variant: the name of the model.
        fold: the name of the fold.
        seed: the seed of the training.
        width: the width of the model, relative to the paper's.
        epochs: the epochs of the training.
        num_pdfs: the outputs of the model.
        device: the device of the training, "cpu" or the name of the GPU.
        precision: the precision of the training.
        errors: insertions, deletions and substitutions on the test speakers.
        words: the words of their references.
        lm_weight: the LM weight that was best on the dev speakers.
        word_insertion_penalty: the penalty that was best on them.
        frame_accuracy: the share of the dev speakers' frames with the pdf of the GMM's alignment on top.
        dev_frames: the number of their frames.
        train_seconds: the time of the optimizer's steps, without reading and augmenting the data.
        train_processor_seconds: the processor time of the same.
        test_seconds: the time from the audio of the test speakers to log-likelihoods.
        test_processor_seconds: the processor time of the same.
        test_frames: the number of their frames.
        data: the data directory of the test speakers, relative to the folder of the rows.
    """

    run: str
    variant: str
    fold: str
    seed: int
    width: float
    epochs: int
    num_pdfs: int
    device: str
    precision: str
    errors: int
    words: int
    lm_weight: float
    word_insertion_penalty: float
    frame_accuracy: float
    dev_frames: int
    train_seconds: float
    train_processor_seconds: float
    test_seconds: float
    test_processor_seconds: float
    test_frames: int
    data: str


def collect_run(experiment: Path, data: Path, folder: Path) -> Run:
    """Return the row of a run from the files that training, dump and scoring wrote.

    Raises:
        BlasrError: a file is missing or broken.
    """
    config = load_config(RunConfig, experiment / "config.yaml")
    last = _last_epoch(experiment / "metrics.jsonl", config.training.epochs)
    score = read_report(experiment / "test" / "score.json")
    dev, test = (Manifest.read(experiment / name / "manifest.json").values for name in ("dev", "test"))
    return Run(
        run=os.path.relpath(experiment, folder),
        variant=config.model.name,
        fold=experiment.parent.name,
        seed=config.training.seed,
        width=config.model.width,
        epochs=config.training.epochs,
        num_pdfs=test["num_pdfs"],
        device=_device_name(config.training.device),
        precision=config.training.precision,
        errors=score["insertions"] + score["deletions"] + score["substitutions"],
        words=score["words"],
        **score["setting"],
        frame_accuracy=last["valid_accuracy"],
        dev_frames=dev["frames"],
        train_seconds=round(last["seconds"], 1),
        train_processor_seconds=round(last["processor_seconds"], 1),
        test_seconds=test["seconds"],
        test_processor_seconds=test["processor_seconds"],
        test_frames=test["frames"],
        data=os.path.relpath(data, folder),
    )


def _last_epoch(path: Path, epochs: int) -> dict[str, Any]:
    lines = [json.loads(line) for _, line in read_lines(path)]
    last: dict[str, Any] = next((line for line in reversed(lines) if line["kind"] == "epoch"), {})
    if last.get("epoch") != epochs:
        message = f"the last epoch is {last.get('epoch', 'missing')}, expected {epochs}"
        raise DataError(message, path=path, fix="run table3.sh again; the training resumes")
    return last


def _device_name(device: str) -> str:
    import torch

    on_gpu = torch.cuda.is_available() if device == "auto" else device.startswith("cuda")
    return torch.cuda.get_device_name() if on_gpu else "cpu"


def read_runs(path: Path) -> list[Run]:
    """Return the rows of a file; the last of several rows of one run.

    Raises:
        FormatError: a line is not a row.
    """
    runs = {}
    for number, line in read_lines(path):
        try:
            run = Run(**json.loads(line))
        except (ValueError, TypeError):
            message = "is not a row that this version of table3.sh writes"
            raise FormatError(
                message, path=path, line=number, fix="remove the line; table3.sh scores it again"
            ) from None
        runs[run.run] = run
    return list(runs.values())


def append_run(experiment: Path, data: Path, out: Path) -> None:
    """Append the row of a finished run to ``out`` and print its word error rate."""
    run = collect_run(experiment, data, out.parent)
    with writing(out), out.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(run)) + "\n")
    print(f"{run.run}: WER {100 * run.errors / run.words:.2f} [ {run.errors} / {run.words} ]")


def main() -> None:
    parser = step_parser("recipes.an4.runs", __doc__)
    parser.add_argument(
        "experiment", type=Path, metavar="EXPERIMENT", help="the directory of the run, with dev/ and test/"
    )
    add_option(parser, "--data", required=True, note="that of the test speakers")
    add_option(parser, "--out", required=True, note="the file that the row is appended to")
    run_step(parser, append_run)


if __name__ == "__main__":
    main()
