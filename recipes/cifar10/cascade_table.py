"""The table of cascades of image models on test images: how many are right, and how much was computed."""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from blasr.cli.options import add_option
from blasr.io.atomic import atomic_open
from blasr.pipeline.vision import load_image_cascade, predict_with_both
from blasr.vision import ImageBatchConfig, ImageFolder
from recipes.cifar10.results import paired_difference
from recipes.common.command import run_step, step_parser
from recipes.common.results import markdown_table, table

HEADER = ("network", "threshold", "passed on, %", "MACs, %", "accuracy, %", "difference", "95%", "time saved, %")
TEXT = """\
# CIFAR-10: cascades of two networks, {date}

```
{command}
```

{images} test images; the thresholds were chosen on the others. MACs are a share of those of the big network. The
difference to the big network is in points, with the 95% interval of a paired comparison. The time saved is processor
time of whole batches, without decoding the images, measured when the threshold was chosen.

"""


def main() -> None:
    parser = step_parser("recipes.cifar10.cascade_table", __doc__)
    _configure(parser)
    run_step(parser, write_cascade_table)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cascades", type=Path, nargs="+", metavar="DIR", help="what blasr vision cascade wrote")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="the images, one subfolder for each class"
    )
    parser.add_argument("--command", required=True, metavar="TEXT", help="the command that regenerates the table")
    add_option(parser, "--out", required=True, note="the table, in Markdown")


def write_cascade_table(cascades: Sequence[Path], data: Path, command: str, out: Path) -> None:
    """Print the table, and write it to ``out``.

    Raises:
        BlasrError: a cascade or the images cannot be read.
    """
    images = ImageFolder(data)
    cells = [row for cascade in cascades for row in _rows(cascade, images)]
    print(table(HEADER, cells))
    heading = TEXT.format(date=datetime.date.today(), command=command, images=f"{len(images):,}")
    with atomic_open(out, "w") as file:
        file.write(heading + markdown_table(HEADER, cells) + "\n")
    print(f"written: {out}")


def _rows(cascade: Path, images: ImageFolder) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a cascade's little network, the cascade, and its big network."""
    model, description = load_image_cascade(cascade)
    models = model.little, model.big
    predictions = predict_with_both(models, images, description.images, ImageBatchConfig(250), torch.device("cpu"))
    seconds = json.loads((cascade / "cascade.json").read_text(encoding="utf-8"))["seconds"]
    big = predictions.big_right.tolist()
    for name, threshold in (("little", 0.0), ("cascade", model.threshold), ("big", 1.01)):
        point = predictions.point(threshold)
        right = [counts.correct > 0 for counts in point.counts]
        mean, half = paired_difference(right, big)
        saved = 1 - seconds[name]["processor"] / seconds["big"]["processor"]
        yield (
            f"{cascade.name}: {name}",
            f"{threshold:.3g}",
            f"{100 * point.share_passed_on:.1f}",
            f"{100 * point.macs_share:.1f}",
            f"{100 * statistics.fmean(right):.2f}",
            "" if name == "big" else f"{100 * mean:+.2f}",
            "" if name == "big" else f"{100 * (mean - half):+.2f} to {100 * (mean + half):+.2f}",
            "" if name == "big" else f"{100 * saved:.0f}",
        )


if __name__ == "__main__":
    main()
