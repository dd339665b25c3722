"""The table of cascades over all folds: errors and MACs on the data of the choice, and on other data.

A cascade is named ``NAME=DIR``, as often as there are folds. DIR is a folder of ``blasr cascade tune``; its subfolder
``evaluated`` is one of ``blasr cascade evaluate``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from blasr.cli.options import add_option
from blasr.errors import ConfigError, DataError
from blasr.io.atomic import atomic_open
from recipes.common.command import run_step, step_parser
from recipes.common.results import table

HEADER = (
    "", "T", "dev MACs %", "dev WER %", "passed on %", "MACs %", "WER %", "errors", "words", "loss",
    "wall saved %", "processor saved %",
)  # fmt: skip
CLOCKS = ("wall", "processor")


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


def rows_of(cascades: Mapping[str, Sequence[Path]]) -> Iterator[list[str]]:
    """Yield the rows of the little model, each cascade and the big model, all folds of a cascade together."""
    dev = {name: [read_cascade(folder / "cascade.json") for folder in folders] for name, folders in cascades.items()}
    test = {
        name: [read_cascade(folder / "evaluated" / "cascade.json") for folder in folders]
        for name, folders in cascades.items()
    }
    first = next(iter(cascades))
    yield ["little", *_cells(dev[first], test[first], "little")]
    for name in cascades:
        yield [name, *_cells(dev[name], test[name], "chosen")]
    yield ["big", *_cells(dev[first], test[first], "big")]


def _cells(dev: Sequence[Mapping[str, Any]], test: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    """Return the cells of one row: ``key`` is "little", "chosen" or "big"."""
    points, big = [report[key] for report in test], [report["big"] for report in test]
    wer = _share(points, "errors", points, "total")
    thresholds = sorted({f"{point['threshold']:.3g}" for point in points})
    passed_on = sum(point["share_passed_on"] * whole["macs"] for point, whole in zip(points, big, strict=True))
    seconds = [report["seconds"] for report in test]
    own = [times["cascade" if key == "chosen" else key] for times in seconds]
    saved = [100 - _share(own, clock, [times["big"] for times in seconds], clock) for clock in CLOCKS]
    return [
        "/".join(thresholds),
        f"{_share([report[key] for report in dev], 'macs', [report['big'] for report in dev], 'macs'):.1f}",
        f"{_share([report[key] for report in dev], 'errors', [report[key] for report in dev], 'total'):.2f}",
        f"{100 * passed_on / sum(whole['macs'] for whole in big):.1f}",
        f"{_share(points, 'macs', big, 'macs'):.1f}",
        f"{wer:.2f}",
        str(sum(point["errors"] for point in points)),
        str(sum(point["total"] for point in points)),
        f"{wer - _share(big, 'errors', big, 'total'):+.2f}",
        *(f"{share:.1f}" for share in saved),
    ]


def _share(parts: Sequence[Mapping[str, Any]], part: str, wholes: Sequence[Mapping[str, Any]], whole: str) -> float:
    """Return the sum of ``parts`` in percent of the sum of ``wholes``."""
    return 100 * float(sum(one[part] for one in parts)) / float(sum(one[whole] for one in wholes))


def write_table(cascades: Sequence[str], out: Path) -> None:
    """Print the table and write it to ``out``.

    Args:
        cascades: ``NAME=DIR`` of each fold of each cascade, in the table's order.
        out: the file that receives the table.

    Raises:
        ConfigError: an argument is not of this form.
        DataError: a report is missing.
    """
    folders: dict[str, list[Path]] = {}
    for argument in cascades:
        name, _, folder = argument.partition("=")
        if not (name and folder):
            raise ConfigError(f"found {argument!r}, expected NAME=DIR", fix="such as chunks=exp/fold0/cascade_chunks")
        folders.setdefault(name, []).append(Path(folder))
    text = table(HEADER, list(rows_of(folders)))
    print(text)
    with atomic_open(out, "w") as stream:
        stream.write(f"{text}\n")


def main() -> None:
    parser = step_parser("recipes.an4.cascade_table", __doc__)
    parser.add_argument("cascades", nargs="+", metavar="NAME=DIR", help="a cascade's folder")
    add_option(parser, "--out", required=True, note="the file that receives the table")
    run_step(parser, write_table)


if __name__ == "__main__":
    main()
