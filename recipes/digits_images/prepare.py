"""scikit-learn's scans of handwritten digits as a folder of images: 1437 to train on, 360 held out.

The scans are the 1797 images of 8 x 8 pixels and 17 grey levels that scikit-learn brings along (Alpaydin & Kaynak,
Optical Recognition of Handwritten Digits, UCI). One fixed permutation decides which are held out.

    python recipes/digits_images/prepare.py data/digits_images
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HELD_OUT = 360
GREY_LEVELS = 17


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="receives train/ and valid/, each with a folder for every digit")
    out = parser.parse_args().out
    counts = prepare(out)
    print(f"{counts['train']} images to train on, {counts['valid']} held out -> {out}")


def prepare(out: Path) -> dict[str, int]:
    """Write the images and tell how many there are in each part."""
    datasets: Any = importlib.import_module("sklearn.datasets")
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
