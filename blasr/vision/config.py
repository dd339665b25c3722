"""The sections of a configuration that belong to the image models: which one, and how images reach it."""

from __future__ import annotations

from dataclasses import dataclass

from blasr.errors import ConfigError
from blasr.nn.choices import ResizeMode
from blasr.vision.registry import find_variant

STRIDE = 32
"""The network's: pixels of an image for each position of the last feature map."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ImageModelConfig:
    """An image model but for its number of outputs, which the data gives.

    Args:
        name: of a row; see :func:`blasr.vision.list_models`.
        upsample, width, drop_rate, alpha, beta: see :func:`blasr.vision.create_model`.
    """

    name: str
    upsample: ResizeMode = "bilinear"
    width: float = 1.0
    drop_rate: float = 0.0
    alpha: int | None = None
    beta: int | None = None

    def __post_init__(self) -> None:
        find_variant(self.name, self.alpha, self.beta)
        if not self.width > 0:
            raise ConfigError(f"found width {self.width}, expected a number above 0")
        if not 0 <= self.drop_rate < 1:
            raise ConfigError(f"found drop_rate {self.drop_rate}, expected from 0 to below 1")


@dataclass(frozen=True)
class ImageConfig:
    """From an image of any size to what the network reads. The defaults are the paper's (appendix A.1).

    Args:
        size: height and width of the network's input, a multiple of its stride 32.
        crop_scale: least and greatest share of the image's area in a training crop (Szegedy et al. 2016).
        crop_ratio: least and greatest width / height of a training crop.
        crop_share: the side of the central square that is evaluated, as a share of the image's shorter side.
        flip: probability that a training image is mirrored.
        mean, std: of red, green and blue in [0, 1], for normalisation.
    """

    size: int = 224
    crop_scale: tuple[float, ...] = (0.08, 1.0)
    crop_ratio: tuple[float, ...] = (3 / 4, 4 / 3)
    crop_share: float = 224 / 256
    flip: float = 0.5
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def __post_init__(self) -> None:
        check_size(self.size)
        for name, (low, *rest) in (("crop_scale", self.crop_scale), ("crop_ratio", self.crop_ratio)):
            if len(rest) != 1 or not 0 < low <= rest[0]:
                raise ConfigError(f"{name} is {(low, *rest)}, expected two numbers above 0, the smaller one first")
        if self.crop_scale[-1] > 1:
            raise ConfigError(f"crop_scale ends at {self.crop_scale[-1]}, expected at most 1, the whole image")
        if not 0 < self.crop_share <= 1:
            raise ConfigError(f"crop_share is {self.crop_share}, expected above 0 and at most 1")
        if not 0 <= self.flip <= 1:
            raise ConfigError(f"flip is {self.flip}, expected from 0 to 1")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ConfigError(f"mean {self.mean} and std {self.std}, expected three numbers each, std above 0")


def check_size(size: int) -> None:
    """Refuse an input size that the network's strides do not divide.

    Raises:
        ConfigError: naming the nearest sizes that they do.
    """
    if size < STRIDE or size % STRIDE:
        below = max(size // STRIDE, 1) * STRIDE
        raise ConfigError(
            f"image size {size} is no multiple of the network's stride {STRIDE}",
            fix=f"choose {below} or {below + STRIDE}",
        )
