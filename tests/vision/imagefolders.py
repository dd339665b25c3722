"""Small labeled images on disk for tests."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLORS = {"blue": (0, 0, 200), "red": (200, 0, 0)}


def write_folders(root: Path, train: int = 12, valid: int = 5) -> Path:
    """Write two classes that differ by color alone, ``root/train/red/0.png`` and so on, and return ``root``."""
    for part, count in (("train", train), ("valid", valid)):
        for name, color in COLORS.items():
            (root / part / name).mkdir(parents=True)
            for index in range(count):
                shade = tuple(value + 4 * index for value in color)
                Image.new("RGB", (40, 36), shade).save(root / part / name / f"{index}.png")
    return root


def write_animals(root: Path) -> Path:
    """Write five images of each of two classes and a file that is not an image, and return ``root``."""
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir()
        for index in range(5):
            Image.new("RGB", (9, 7), (40 * index, 100 * label, 0)).save(root / name / f"{index}.png")
    (root / "dog" / "notes.txt").write_text("no image")
    return root


def write_mnist(root: Path, counts: dict[str, int]) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Write files in MNIST's format (big-endian sizes, then bytes), and return images and labels of each part."""
    random = np.random.default_rng(0)
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    parts = {}
    for part, count in counts.items():
        images = random.integers(0, 256, (count, 28, 28), np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 0x803, count, 28, 28) + images.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 0x801, count) + labels.tobytes())
        parts[part] = (images, labels)
    return parts
