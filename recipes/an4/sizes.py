"""The sizes of the weights of several systems, against the first one; the mean over the files of each system."""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from blasr.cli.options import add_option
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from recipes.common.command import run_step, step_parser
from recipes.common.results import table

HEADER = ("", "bytes", "smaller")


def main() -> None:
    parser = step_parser("recipes.an4.sizes", __doc__)
    _configure(parser)
    run_step(parser, write_sizes)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="SYSTEM=FILE", help="the files with the weights, as they come")
    add_option(parser, "--out", required=True, note="the file that receives the table")


def write_sizes(files: Sequence[str], out: Path) -> None:
    """Print the sizes, and write them to ``out``.

    Raises:
        DataError: there is no such file.
    """
    sizes: dict[str, list[int]] = defaultdict(list)
    for item in files:
        system, _, name = item.partition("=")
        path = Path(name)
        if not path.is_file():
            raise DataError("no such file", path=path, fix="give SYSTEM=FILE, with the weights of a trained network")
        sizes[system].append(path.stat().st_size)
    means = {system: statistics.fmean(of_system) for system, of_system in sizes.items()}
    first = next(iter(means.values()))
    rows = [(system, f"{size:,.0f}", f"{100 * (1 - size / first):.1f}%") for system, size in means.items()]
    text = table(HEADER, rows)
    print(text)
    with atomic_open(out, "w") as stream:
        stream.write(f"{text}\n")


if __name__ == "__main__":
    main()
