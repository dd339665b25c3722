"""Small labelled images on disk for tests."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOURS = {"blue": (0, 0, 200), "red": (200, 0, 0)}


def write_folders(root: Path, train: int = 12, valid: int = 5) -> Path:
    """Two classes that colour alone tells apart: ``root/train/red/0.png`` and so on; returns ``root``."""
    for part, count in (("train", train), ("valid", valid)):
        for name, colour in COLOURS.items():
            (root / part / name).mkdir(parents=True)
            for index in range(count):
                shade = tuple(value + 4 * index for value in colour)
                Image.new("RGB", (40, 36), shade).save(root / part / name / f"{index}.png")
    return root


def write_mnist(root: Path, counts: dict[str, int]) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Images and labels of each part (train, t10k), and files of MNIST's format: big-endian sizes, then bytes."""
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
