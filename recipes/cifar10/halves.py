"""Two halves of a folder of labeled images: one to choose settings on, the other for the result."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from blasr.cli.options import add_option
from blasr.io.atomic import atomic_dir
from blasr.vision import ImageFolder
from recipes.common.command import run_step, step_parser

HALVES = ("held_out", "test")


def main() -> None:
    parser = step_parser("recipes.cifar10.halves", __doc__)
    _configure(parser)
    run_step(parser, write_halves)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", type=Path, metavar="DIR", help="a folder with one subfolder for each class")
    add_option(parser, "--out", required=True, note="the folder of held_out/ and test/")


def write_halves(images: Path, out: Path) -> None:
    """Copy every second image of each class to ``out/held_out`` and the others to ``out/test``.

    Raises:
        DataError: ``images`` is not a folder of images.
    """
    source = ImageFolder(images)
    with atomic_dir(out) as folder:
        for label in source.classes:
            for half in HALVES:
                (folder / half / label).mkdir(parents=True)
            for index, path in enumerate(sorted((images / label).iterdir())):
                shutil.copyfile(path, folder / HALVES[index % 2] / label / path.name)
        counts = [len(ImageFolder(folder / half)) for half in HALVES]
    print(f"{counts[0]} images held out, {counts[1]} for the test -> {out}")


if __name__ == "__main__":
    main()
