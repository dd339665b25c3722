"""The residual block of plain convolutions, with or without padding on each axis."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import HEIGHT, WIDTH, Pair, crop, size_of
from blasr.nn.choices import Shortcut
from blasr.nn.conv import ConvNorm
from blasr.nn.shortcuts import make_shortcut


class ResidualBlock(nn.Module):
    """``depth`` 3x3 convolutions, each with batch normalization, and a shortcut around them.

    ReLU is between the convolutions and after the sum. The first convolution has the stride. The shortcut is the input
    itself, or of the kind ``shortcut`` if the stride or the channels change. Along an axis without
    padding, the shortcut is computed first and then cropped by as many positions on each side as the convolutions lose
    (Saon et al. 2017).

    Args:
        depth: number of 3x3 convolutions.
        stride: stride of the first convolution, for (H, W); an axis with a stride must be padded.
        padding: for (H, W), each 1 (the axis keeps its length) or 0 (it loses ``2 * depth`` positions).
        bias: whether the convolutions have a bias.
        shortcut: how the shortcut takes the stride.
        conv: the convolutions: :class:`ConvNorm`, or a class that is built like it, such as :class:`PatternResidual`.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        depth: int,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (1, 1),
        bias: bool,
        shortcut: Shortcut = "strided",
        conv: Callable[..., nn.Module] = ConvNorm,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"found {depth} convolutions in a residual block, expected at least 1")
        if any(step > 1 and not pad for step, pad in zip(stride, padding, strict=True)):
            raise ValueError(f"stride {stride} with padding {padding}: an axis with a stride must be padded")
        self.convs = nn.Sequential(
            *(
                conv(
                    channels if index else in_channels,
                    channels,
                    (3, 3),
                    stride=(1, 1) if index else stride,
                    padding=padding,
                    bias=bias,
                    relu=index < depth - 1,
                )
                for index in range(depth)
            )
        )
        self.shortcut = make_shortcut(in_channels, channels, stride, shortcut, bias)
        self.unpadded_axes = tuple(axis for axis in (HEIGHT, WIDTH) if not padding[axis - HEIGHT])

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, channels, H', W')`` of ``(B, in_channels, H, W)``."""
        residual = self.convs(x)
        shortcut = crop(self.shortcut(x), size_of(residual), self.unpadded_axes)
        return F.relu(residual + shortcut, inplace=True)
