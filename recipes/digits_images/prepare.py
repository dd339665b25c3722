"""scikit-learn's scans of handwritten digits as a folder of images: 1437 to train on, 360 held out.

The scans are the 1797 images of 8 x 8 pixels and 17 gray levels in scikit-learn (Alpaydin & Kaynak, Optical
Recognition of Handwritten Digits, UCI). A fixed permutation decides which of them are held out.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from blasr.cli.options import add_option
from blasr.errors import DependencyError
from recipes.common.command import run_step, step_parser

HELD_OUT = 360
GRAY_LEVELS = 17


def main() -> None:
    parser = step_parser("recipes.digits_images.prepare", __doc__)
    add_option(parser, "--out", required=True, note="the folder of train/ and valid/, with one subfolder per digit")
    run_step(parser, write)


def write(out: Path) -> None:
    """Write the images and print how many there are."""
    counts = prepare(out)
    print(f"{counts['train']} images to train on, {counts['valid']} held out -> {out}")


def prepare(out: Path) -> dict[str, int]:
    """Write the images and return how many there are in each part.

    Raises:
        DependencyError: scikit-learn is not installed.
    """
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise DependencyError(
            f"scikit-learn, which contains the scans, cannot be imported: {error}", fix="pip install scikit-learn"
        ) from None
    digits = datasets.load_digits()
    held_out = set(np.random.default_rng(0).permutation(len(digits.target))[:HELD_OUT].tolist())
    counts = {"train": 0, "valid": 0}
    for index, (scan, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        part = "valid" if index in held_out else "train"
        path = out / part / str(digit) / f"{index:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        gray = np.rint(scan * (255 / (GRAY_LEVELS - 1))).astype(np.uint8)
        Image.fromarray(gray).save(path)
        counts[part] += 1
    return counts


if __name__ == "__main__":
    main()
