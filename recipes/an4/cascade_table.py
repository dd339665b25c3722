"""The table of cascades that a recipe prints: errors and MACs on the data of the choice, and on other data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.cli.options import add_option
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from recipes.common.command import run_step, step_parser
from recipes.common.results import table

HEADER = (
    "", "T", "dev MACs %", "dev WER %", "loss", "passed on %", "MACs %", "WER %", "errors", "loss", "95% interval",
    "wall saved %", "processor saved %",
)  # fmt: skip


def read_cascade(path: Path) -> Mapping[str, Any]:
    """Return what ``blasr cascade`` reported.

    Raises:
        DataError: there is no such file, or it is not JSON.
    """
    try:
        report: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"is not a report of blasr cascade: {error}"
        raise DataError(message, path=path, fix="run blasr cascade tune, then blasr cascade evaluate") from None
    return report


def rows_of(folders: Sequence[Path]) -> Iterator[list[str]]:
    """Yield the rows of the little model, each cascade and the big model."""
    names = [folder.name.partition("_")[2] for folder in folders]
    dev = [read_cascade(folder / "cascade.json") for folder in folders]
    test = [read_cascade(folder / "test" / "cascade.json") for folder in folders]
    yield ["little", *_cells(dev[0]["little"], test[0], "little")]
    for name, chosen, measured in zip(names, dev, test, strict=True):
        yield [name, *_cells(chosen["chosen"], measured, "chosen")]
    yield ["big", *_cells(dev[0]["big"], test[0], "big")]


def _cells(dev: Mapping[str, Any], report: Mapping[str, Any], key: str) -> list[str]:
    test, seconds = report[key], report["seconds"]
    own = seconds["cascade" if key == "chosen" else key]
    saved = [100 * (1 - own[clock] / seconds["big"][clock]) for clock in ("wall", "processor")]
    return [
        f"{test['threshold']:.4g}",
        f"{100 * dev['share_of_big_macs']:.1f}",
        f"{dev['error_percent']:.2f}",
        f"{dev['loss_points']:+.2f}",
        f"{100 * test['share_passed_on']:.1f}",
        f"{100 * test['share_of_big_macs']:.1f}",
        f"{test['error_percent']:.2f}",
        str(test["errors"]),
        f"{test['loss_points']:+.2f}",
        f"{test['loss_low']:+.2f} to {test['loss_high']:+.2f}",
        *(f"{share:.1f}" for share in saved),
    ]


def write_table(folders: Sequence[Path], out: Path) -> None:
    """Print the table and write it to ``out``.

    Args:
        folders: that ``blasr cascade tune`` wrote, each with a subfolder ``test`` of ``blasr cascade evaluate``.
        out: the file that receives the table.

    Raises:
        DataError: a report is missing.
    """
    text = table(HEADER, list(rows_of(folders)))
    print(text)
    with atomic_open(out, "w") as stream:
        stream.write(f"{text}\n")


def main() -> None:
    parser = step_parser("recipes.an4.cascade_table", __doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="the cascades, in the table's order")
    add_option(parser, "--out", required=True, note="the file that receives the table")
    run_step(parser, write_table)


if __name__ == "__main__":
    main()
