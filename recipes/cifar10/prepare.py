"""CIFAR-10 as a folder of images: the archive unpacked, or a folder checked, and perhaps a part of it for a quick run.

The corpus has ``train/CLASS/*.jpg`` and ``test/CLASS/*.jpg``, ten classes, 50,000 and 10,000 images (Krizhevsky 2009).
"""

from __future__ import annotations

import argparse
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from blasr.cli.options import add_option, positive_integer
from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_dir
from blasr.vision import ImageFolder
from recipes.common.command import run_step, step_parser

PARTS = ("train", "test")


def main() -> None:
    parser = step_parser("recipes.cifar10.prepare", __doc__)
    _configure(parser)
    run_step(parser, prepare)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="the archive, or the folder with train/ and test/")
    add_option(parser, "--out", required=True, note="the folder of train/ and test/")
    limit = "images of each class in each part (default: all)"
    parser.add_argument("--limit", type=positive_integer, metavar="N", help=limit)


def prepare(corpus: Path, out: Path, limit: int | None = None) -> None:
    """Write ``out/train`` and ``out/test``, whole or not at all, and print how many images there are.

    Args:
        corpus: a tar archive, or a folder with ``train`` and ``test``.
        out: the new folder.
        limit: images of each class in each part, the first in alphabetical order; all by default.

    Raises:
        DataError: the corpus is absent, or its two parts have different classes.
        FormatError: the archive cannot be read.
    """
    if not corpus.exists():
        raise DataError(
            "no such file or folder", path=corpus, fix="give the archive of CIFAR-10's images, or its folder"
        )
    with atomic_dir(out) as folder:
        if corpus.is_dir():
            for part in PARTS:
                if (corpus / part).is_dir():
                    shutil.copytree(corpus / part, folder / part)
        else:
            _unpack(corpus, folder)
        train, test = (ImageFolder(folder / part) for part in PARTS)
        if train.classes != test.classes:
            raise DataError(f"train has the classes {train.classes}, test {test.classes}", path=corpus)
        for part in PARTS:
            for path in (folder / part).iterdir():
                for image in sorted(path.iterdir())[limit:] if limit else ():
                    image.unlink()
        counts = {part: len(ImageFolder(folder / part)) for part in PARTS}
    print(f"{counts['train']} images to train on, {counts['test']} to test, {len(train.classes)} classes -> {out}")


def _unpack(archive: Path, folder: Path) -> None:
    """Write the files ``PART/CLASS/IMAGE`` of the archive; nothing else in it can leave the folder."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                place = PurePosixPath(member.name)
                if not member.isfile() or len(place.parts) != 3 or place.parts[0] not in PARTS or ".." in place.parts:
                    continue
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None  # it is a regular file
                with content, target.open("wb") as file:
                    shutil.copyfileobj(content, file)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise FormatError(f"is not a readable tar archive: {error}", path=archive, fix="copy it again") from None


if __name__ == "__main__":
    main()
