"""scikit-learn's scans of handwritten digits as a folder of images: 1437 to train on, 360 held out.

The scans are the 1797 images of 8 x 8 pixels and 17 grey levels that scikit-learn brings along (Alpaydin & Kaynak,
Optical Recognition of Handwritten Digits, UCI). One fixed permutation decides which are held out.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from blasr.errors import DependencyError
from recipes.common.command import run_command

HELD_OUT = 360
GREY_LEVELS = 17


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.digits_images.prepare", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="receives train/ and valid/, each with a folder for every digit")
    run_command(parser, write)


def write(args: argparse.Namespace) -> None:
    """Write the images under ``args.out``, and say how many."""
    counts = prepare(args.out)
    print(f"{counts['train']} images to train on, {counts['valid']} held out -> {args.out}")


def prepare(out: Path) -> dict[str, int]:
    """Write the images and tell how many there are in each part.

    Raises:
        DependencyError: scikit-learn is not installed.
    """
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise DependencyError(
            f"the scans come with scikit-learn, which cannot be imported: {error}", fix="pip install scikit-learn"
        ) from None
    digits = datasets.load_digits()
    held_out = set(np.random.default_rng(0).permutation(len(digits.target))[:HELD_OUT].tolist())
    counts = {"train": 0, "valid": 0}
    for index, (scan, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        part = "valid" if index in held_out else "train"
        path = out / part / str(digit) / f"{index:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = np.rint(scan * (255 / (GREY_LEVELS - 1))).astype(np.uint8)
        Image.fromarray(grey).save(path)
        counts[part] += 1
    return counts


if __name__ == "__main__":
    main()
