"""From an image to the network's input: random crops for training, the central crop for evaluation."""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from blasr.vision.config import ImageConfig, check_size

Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge in pixels."""

CROP_TRIALS = 10


class TrainingTransform:
    """Crops at a random scale and aspect ratio (Szegedy et al. 2016), mirrors at random, and normalizes.

    With ``config.pad``, the crop has the size of the image and a random place on the padded image (He et al. 2016).
    """

    def __init__(self, config: ImageConfig) -> None:
        self.config = config

    def __call__(self, image: Image.Image, random: np.random.Generator | None = None) -> Tensor:
        """Return ``(3, size, size)`` of an image of any size and mode; ``random`` decides on crop and mirroring."""
        random = np.random.default_rng() if random is None else random
        size = self.config.size
        image = image.convert("RGB")
        if self.config.pad:
            image, box = padded(image, self.config), random_place(image.width, image.height, self.config.pad, random)
        else:
            box = random_box(image.width, image.height, self.config, random)
        crop = image.resize((size, size), Image.Resampling.BILINEAR, box)
        if random.random() < self.config.flip:
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return normalized(crop, self.config)


class EvaluationTransform:
    """Resizes the central square of an image (7/8 of its shorter side) to ``size`` x ``size``, and normalizes.

    By default ``size`` is the training size. With 224, this equals resizing the shorter side to 256 and cropping 224
    from the center.
    """

    def __init__(self, config: ImageConfig, size: int | None = None) -> None:
        self.config = config
        self.size = config.size if size is None else size
        check_size(self.size)

    def __call__(self, image: Image.Image, random: np.random.Generator | None = None) -> Tensor:
        """Return ``(3, size, size)`` of an image of any size and mode; nothing is random."""
        side = min(image.width, image.height) * self.config.crop_share
        left, upper = (image.width - side) / 2, (image.height - side) / 2
        box = (left, upper, left + side, upper + side)
        size = (self.size, self.size)
        return normalized(image.convert("RGB").resize(size, Image.Resampling.BILINEAR, box), self.config)


def random_box(width: int, height: int, config: ImageConfig, random: np.random.Generator) -> Box:
    """Return a box of random area, aspect ratio and place, or the largest central box if none fits."""
    (least, most), (low, high) = config.crop_scale, config.crop_ratio
    for _ in range(CROP_TRIALS):
        area = width * height * random.uniform(least, most)
        ratio = math.exp(random.uniform(math.log(low), math.log(high)))
        wide, tall = math.sqrt(area * ratio), math.sqrt(area / ratio)
        if wide <= width and tall <= height:
            left, upper = random.uniform(0, width - wide), random.uniform(0, height - tall)
            return left, upper, left + wide, upper + tall
    ratio = min(max(width / height, low), high)
    wide, tall = min(width, height * ratio), min(height, width / ratio)
    left, upper = (width - wide) / 2, (height - tall) / 2
    return left, upper, left + wide, upper + tall


def random_place(width: int, height: int, pad: int, random: np.random.Generator) -> Box:
    """Return a box of the size of an image, at a random place on the image with a border of ``pad`` pixels."""
    left, upper = (int(random.integers(2 * pad + 1)) for _ in range(2))
    return left, upper, left + width, upper + height


def padded(image: Image.Image, config: ImageConfig) -> Image.Image:
    """Return an RGB image with a border of ``config.pad`` pixels of the mean color."""
    color = tuple(round(255 * value) for value in config.mean)
    return ImageOps.expand(image, config.pad, color)


def normalized(image: Image.Image, config: ImageConfig) -> Tensor:
    """Return ``(3, H, W)`` float32 of an RGB image, minus the mean, divided by the standard deviation."""
    pixels = torch.from_numpy(np.asarray(image, dtype=np.float32).copy()).permute(2, 0, 1) / 255
    mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in (config.mean, config.std))
    return (pixels - mean) / std
