"""The table of a run on CIFAR-10: size of the file, accuracy on the test set, and the difference to the form in float.

The images that each network gets wrong are kept in ``WORK/predictions.json`` by the fingerprint of its weights, so that
a second call computes nothing again.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import math
import platform
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from blasr.cli.options import add_option
from blasr.io.atomic import atomic_open
from blasr.nn import BinarizeConfig, binarize
from blasr.pipeline.vision import check_classes, load_image_experiment
from blasr.vision import EvaluationTransform, ImageBatchConfig, ImageBatches, ImageConfig, ImageFolder, ImageModel
from recipes.common.command import run_step, step_parser
from recipes.common.results import markdown_table, table

FORMS = {
    "": "float",
    "_patterns": "patterns",
    "_signs": "patterns, signs trained",
    "_int8": "patterns, 8-bit 1x1",
    "_patterns_1x1": "patterns, 1x1 too",
}
"""The forms of a model, by the end of the experiment's name."""

UNTUNED = "patterns, not trained further"
HEADER = ("network", "form", "file, bytes", "smaller", "accuracy, %", "95%", "difference", "95%", "processor min/epoch")
NORMAL = 1.96
TEXT = """\
# CIFAR-10: networks in float and as binary patterns, {date}

```
{command}
```

{images} test images, re-encoded as JPEG, so accuracies are slightly below those on the original pixels. Accuracy is
after the last epoch; nothing was chosen on the test images. The difference from float is in points, with the 95%
interval of a paired comparison, which does not cover the variation between training seeds. Sizes are those of
final.safetensors. {machine}, torch {torch}.

"""


@dataclass(frozen=True)
class Row:
    """One network on the test set.

    Attributes:
        model: its name.
        form: float, or how it is binarized.
        size: bytes of its weights' file; None if there is no file.
        right: for each image whether its class is the likeliest one.
        minutes: processor minutes of an epoch of training, if it was trained.
    """

    model: str
    form: str
    size: int | None
    right: tuple[bool, ...]
    minutes: float | None


def main() -> None:
    parser = step_parser("recipes.cifar10.results", __doc__)
    _configure(parser)
    run_step(parser, write_results)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("work", type=Path, metavar="DIR", help="the folder of data/ and the experiments")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME", help="the models, in the table's order")
    parser.add_argument("--command", required=True, metavar="TEXT", help="the command that regenerates the table")
    add_option(parser, "--out", required=True, note="the table, in Markdown")


def write_results(work: Path, models: Sequence[str], command: str, out: Path) -> None:
    """Print the table, and write it to ``out``.

    Raises:
        BlasrError: an experiment or the images cannot be read.
    """
    images = ImageFolder(work / "data" / "test")
    rows = [row for model in models for row in _rows(work, model, images)]
    cells = list(_cells(rows))
    print(table(HEADER, cells))
    heading = TEXT.format(
        date=datetime.date.today(),
        command=command,
        images=f"{len(images):,}",
        machine=f"{platform.machine()}, Python {platform.python_version()}",
        torch=torch.__version__,
    )
    with atomic_open(out, "w") as file:
        file.write(heading + markdown_table(HEADER, cells, left=2) + "\n")
    print(f"written: {out}")


def _rows(work: Path, name: str, images: ImageFolder) -> Iterator[Row]:
    """Yield the forms of one model that were trained; the one in float is the first."""
    predictions = Predictions(work / "predictions.json", images)
    for end, form in FORMS.items():
        directory = work / f"{name}{end}"
        if not (directory / "final.yaml").is_file() and end:
            continue
        model, description = load_image_experiment(directory)
        check_classes(description.classes, images.classes, images.root)
        path = directory / "final.safetensors"
        if end == "_patterns":
            plain, _ = load_image_experiment(work / name)
            patterns = description.model.patterns or BinarizeConfig()
            binarize(plain, patterns.keep, scale=patterns.scale)
            right = predictions.right(work / name / "final.safetensors", plain, description.images, str(patterns))
            yield Row(name, UNTUNED, None, right, None)
        right = predictions.right(path, model, description.images)
        yield Row(name, form, path.stat().st_size, right, _minutes(directory))


class Predictions:
    """Which test images a network gets right, computed once.

    Args:
        path: the JSON file of the images that networks get wrong.
        images: the test images.
    """

    def __init__(self, path: Path, images: ImageFolder) -> None:
        self._path = path
        self._images = images

    def right(self, weights: Path, model: ImageModel, config: ImageConfig, form: str = "") -> tuple[bool, ...]:
        """Return for each image whether ``model`` gets it right.

        Args:
            weights: the file of its weights.
            model: the network, in evaluation mode.
            config: how images become its input.
            form: what was done to the weights.
        """
        with weights.open("rb") as file:
            key = f"{hashlib.file_digest(file, 'sha256').hexdigest()} {form}".strip()
        known: dict[str, list[int]] = json.loads(self._path.read_text()) if self._path.is_file() else {}
        if key not in known:
            known[key] = self._wrong(model, config)
            with atomic_open(self._path, "w") as stream:
                stream.write(json.dumps(known))
        wrong = set(known[key])
        return tuple(index not in wrong for index in range(len(self._images)))

    @torch.inference_mode()
    def _wrong(self, model: ImageModel, config: ImageConfig) -> list[int]:
        batches = ImageBatches(self._images, EvaluationTransform(config), ImageBatchConfig(250))
        hits = [model(batch.inputs).argmax(1) == batch.targets for batch in batches.batches(1)]
        wrong: list[int] = (~torch.cat(hits)).nonzero().flatten().tolist()
        return wrong


def _minutes(directory: Path) -> float | None:
    """Return the processor minutes of an epoch of training."""
    lines = map(json.loads, (directory / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    total = [line["processor_seconds"] for line in lines if line["kind"] == "epoch"]
    return total[-1] / len(total) / 60 if total else None


def _cells(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        base = next(other for other in rows if other.model == row.model)
        accuracy = statistics.fmean(row.right)
        margin = NORMAL * math.sqrt(accuracy * (1 - accuracy) / len(row.right))
        difference = ("", "")
        if row is not base:
            mean, half = paired_difference(row.right, base.right)
            difference = (f"{100 * mean:+.2f}", f"{100 * (mean - half):+.2f} to {100 * (mean + half):+.2f}")
        saved = f"{100 * (1 - row.size / base.size):.1f}%" if row.size and base.size and row is not base else ""
        yield (
            row.model,
            row.form,
            f"{row.size:,}" if row.size else "",
            saved,
            f"{100 * accuracy:.2f}",
            f"{100 * (accuracy - margin):.2f} to {100 * (accuracy + margin):.2f}",
            *difference,
            f"{row.minutes:.1f}" if row.minutes is not None else "",
        )


def paired_difference(one: Sequence[bool], other: Sequence[bool]) -> tuple[float, float]:
    """Return the difference of two accuracies on the same images, and half of its 95% interval.

    With b images of n that only ``one`` gets right and c that only ``other`` does, the difference is (b - c) / n, and
    its variance (b + c - (b - c)^2 / n) / n^2.
    """
    count = len(one)
    only_one = sum(a and not b for a, b in zip(one, other, strict=True))
    only_other = sum(b and not a for a, b in zip(one, other, strict=True))
    difference = only_one - only_other
    variance = (only_one + only_other - difference**2 / count) / count**2
    return difference / count, NORMAL * math.sqrt(variance)


if __name__ == "__main__":
    main()
