"""ResNets for images of 32 x 32 (He et al. 2016, section 4.2) as rows of data. Light: imports no torch.

A 3x3 convolution of 16 channels, then three stages of n residual blocks of two 3x3 convolutions with 16, 32 and 64
channels, 6 n + 2 layers. The second and third stage begin with stride 2. Shortcuts have no parameters (option A: zeros
for the added channels), which the published 0.27 M (20 layers) and 0.85 M (56 layers) require: with 1x1 convolutions 56
layers would have 0.86 M.

``sep_resnet20`` and ``sep_resnet56`` have a 1x1 convolution parallel to each 3x3 convolution of the blocks, the pattern
residual block of SEP-Nets (:class:`blasr.nn.PatternResidual`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blasr.vision.specs import ConvSpec, ModuleSpec, NetworkSpec, ResidualSpec

CHANNELS: Final = (16, 32, 64)
"""Channels of the three stages; the stem has as many as the first."""


@dataclass(frozen=True)
class CifarVariant:
    """One ResNet for CIFAR.

    Attributes:
        name: such as ``resnet20``.
        blocks: residual blocks of each stage, n.
        pattern_residual: whether a 1x1 convolution is parallel to each 3x3 convolution of the blocks.
    """

    name: str
    blocks: int
    pattern_residual: bool = False

    @property
    def big_little(self) -> bool:
        """Whether the network has branches."""
        return False


CIFAR_VARIANTS: Final = {
    row.name: row
    for row in (
        *(CifarVariant(f"resnet{6 * blocks + 2}", blocks) for blocks in (3, 5, 7, 9, 18)),
        *(CifarVariant(f"sep_resnet{6 * blocks + 2}", blocks, pattern_residual=True) for blocks in (3, 9)),
    )
}
"""The rows by name: 20, 32, 44, 56 and 110 layers, and 20 and 56 with pattern residual blocks."""


def network_spec(variant: CifarVariant, width: float = 1.0) -> NetworkSpec:
    """Return the network of ``variant``; ``width`` multiplies its channel counts."""
    channels = tuple(max(1, round(count * width)) for count in CHANNELS)
    modules = tuple(
        ModuleSpec(
            f"stage{stage}",
            count,
            (
                tuple(
                    ResidualSpec(count, 2 if stage > 1 and block == 0 else 1, variant.pattern_residual)
                    for block in range(variant.blocks)
                ),
            ),
        )
        for stage, count in enumerate(channels, 1)
    )
    return NetworkSpec(ConvSpec(channels[0], 3), modules)
