"""The image model and its input, as sections of a configuration. Light: imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blasr.config import check_above, check_minimum, check_share
from blasr.errors import ConfigError
from blasr.nn.binarize_config import BinarizeConfig
from blasr.nn.choices import ResizeMode
from blasr.vision.registry import find_variant, in_float, patterns_of

STRIDE = 32
"""Pixels of an image for each position of the last feature map."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ImageModelConfig:
    """An image model without its number of outputs, which the data decides.

    Args:
        name: the model's name; see :func:`blasr.vision.list_models`.
        upsample: how the low-resolution branch is brought to the resolution of the others.
        width: factor of all channel counts.
        drop_rate: dropout before the classifier.
        alpha: a little branch has 1/alpha of the channels; by default as the name says.
        beta: a little branch has 1/beta of the blocks; by default as the name says.
        binarize: the binary patterns that the network has; by default as the name says (SEP-Net-B and BQ have some).

    Raises:
        ConfigError: the name is unknown, a value is out of range, or patterns are given for SEP-Net-B or BQ.
    """

    name: str
    upsample: ResizeMode = "bilinear"
    width: float = 1.0
    drop_rate: float = 0.0
    alpha: int | None = None
    beta: int | None = None
    binarize: BinarizeConfig | None = None

    def __post_init__(self) -> None:
        find_variant(self.name, self.alpha, self.beta)
        if self.binarize is not None and patterns_of(self.name) is not None:
            fix = f"leave out binarize, or choose {in_float(self.name)}"
            raise ConfigError(f"{self.name} has binary patterns already, and binarize is given too", fix=fix)
        check_above(self, width=0)
        check_share(self, "drop_rate", below_one=True)

    @property
    def patterns(self) -> BinarizeConfig | None:
        """The binary patterns that the network has; None in float."""
        return self.binarize or patterns_of(self.name)

    @property
    def in_float(self) -> ImageModelConfig:
        """The same network in float."""
        return replace(self, name=in_float(self.name), binarize=None)


@dataclass(frozen=True)
class ImageConfig:
    """How an image of any size becomes the network's input. The defaults are the paper's (appendix A.1).

    Args:
        size: height and width of the network's input, a multiple of its stride 32.
        crop_scale: smallest and largest share of the image's area in a training crop (Szegedy et al. 2016).
        crop_ratio: smallest and largest width / height of a training crop.
        pad: above 0, a training crop is not scaled: it has the size of the image, which is first given a border of
            this many pixels of the mean color (He et al. 2016, section 4.2: 4 for CIFAR).
        crop_share: the side of the central square for evaluation, as a share of the image's shorter side.
        flip: probability that a training image is mirrored.
        mean, std: mean and deviation of red, green and blue in [0, 1], for normalization.

    Raises:
        ConfigError: a value is out of range.
    """

    size: int = 224
    crop_scale: tuple[float, ...] = (0.08, 1.0)
    crop_ratio: tuple[float, ...] = (3 / 4, 4 / 3)
    pad: int = 0
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
        check_minimum(self, pad=0)
        if not 0 < self.crop_share <= 1:
            raise ConfigError(f"crop_share is {self.crop_share}, expected above 0 and at most 1")
        check_share(self, "flip")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ConfigError(f"mean {self.mean} and std {self.std}, expected three numbers each, std above 0")


def check_size(size: int) -> None:
    """Check that the network's strides divide an input size.

    Raises:
        ConfigError: they do not; the nearest sizes are suggested.
    """
    if size < STRIDE or size % STRIDE:
        below = max(size // STRIDE, 1) * STRIDE
        raise ConfigError(
            f"image size {size} is not a multiple of the network's stride {STRIDE}",
            fix=f"choose {below} or {below + STRIDE}",
        )
