"""The unit of ShuffleNetV2: half of the channels are unchanged, and the halves are interleaved (Ma et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blasr.nn.axes import Pair
from blasr.nn.conv import ConvNorm


class ShuffleUnit(nn.Module):
    """1x1, depthwise 3x3 and 1x1 convolutions on half of the channels; the other half is unchanged.

    With a stride, or if the channels change, both halves of the output come from the whole input: one as above, the
    other through a depthwise 3x3 and a 1x1 convolution. ReLU follows the 1x1 convolutions.

    Args:
        channels: output channels, an even number.
        stride: stride of the depthwise convolutions, for (H, W).
        bias: whether the convolutions have a bias.
    """

    def __init__(self, in_channels: int, channels: int, *, stride: Pair = (1, 1), bias: bool) -> None:
        super().__init__()
        if channels % 2:
            raise ValueError(f"found {channels} channels, expected an even number")
        half = channels // 2
        self.splits = stride == (1, 1) and in_channels == channels
        inputs = half if self.splits else in_channels
        self.residual = nn.Sequential(
            ConvNorm(inputs, half, (1, 1), bias=bias),
            depthwise(half, stride, bias),
            ConvNorm(half, half, (1, 1), bias=bias),
        )
        self.shortcut: nn.Module = nn.Identity()
        if not self.splits:
            self.shortcut = nn.Sequential(
                depthwise(in_channels, stride, bias), ConvNorm(in_channels, half, (1, 1), bias=bias)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, channels, H', W')`` of ``(B, in_channels, H, W)``."""
        shortcut, residual = x.chunk(2, dim=1) if self.splits else (x, x)
        return interleave(self.shortcut(shortcut), self.residual(residual))


class FirstChannels(nn.Module):
    """The first ``channels`` channels of its input; a view, not a copy."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, channels, H, W)`` of ``(B, C, H, W)``."""
        return x[:, : self.channels]


def depthwise(channels: int, stride: Pair, bias: bool) -> ConvNorm:
    """Return a 3x3 convolution of every channel by itself, without ReLU."""
    return ConvNorm(channels, channels, (3, 3), stride=stride, padding=(1, 1), groups=channels, bias=bias, relu=False)


def interleave(first: Tensor, second: Tensor) -> Tensor:
    """Return the channels of two tensors ``(B, C, H, W)`` in alternation, ``(B, 2 C, H, W)``."""
    return torch.stack((first, second), dim=2).flatten(1, 2)
