"""The bottleneck residual block: 1x1, 3x3 (optionally grouped), 1x1, optionally with squeeze-and-excitation."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import HEIGHT, WIDTH, Pair, crop, size_of
from blasr.nn.choices import Shortcut
from blasr.nn.conv import ConvNorm
from blasr.nn.shortcuts import make_shortcut


class SqueezeExcitation(nn.Module):
    """Scales every channel by a gate in (0, 1) computed from the means of all channels (Hu et al. 2018).

    Args:
        channels: number of input and output channels.
        reduced: channels between the two linear maps, which are 1x1 convolutions with a bias.
    """

    def __init__(self, channels: int, reduced: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, reduced, 1)
        self.excite = nn.Conv2d(reduced, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, C, H, W)`` of ``(B, C, H, W)``."""
        means = x.mean((HEIGHT, WIDTH), keepdim=True)
        gate: Tensor = self.excite(F.relu(self.squeeze(means), inplace=True)).sigmoid()
        return x * gate


class Bottleneck(nn.Module):
    """1x1 to ``inner`` channels, 3x3 with the stride, 1x1 to ``channels``, added to a shortcut (He et al. 2016).

    Args:
        inner: channels of the 3x3 convolution; with ``groups`` this is ResNeXt's block (Xie et al. 2017).
        stride, padding: for the 3x3 convolution, (H, W). Along an axis without padding, the shortcut is cropped by
            one position on each side.
        bias: whether the convolutions have a bias.
        squeeze: reduced channels of squeeze-and-excitation on the residual; 0 for none.
        shortcut: how the shortcut takes the stride. It is the input itself if neither stride nor channels change.
        relu: whether ReLU follows the sum.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        inner: int,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (1, 1),
        groups: int = 1,
        bias: bool,
        squeeze: int = 0,
        shortcut: Shortcut = "strided",
        relu: bool = True,
    ) -> None:
        super().__init__()
        if any(step > 1 and not pad for step, pad in zip(stride, padding, strict=True)):
            raise ValueError(f"stride {stride} with padding {padding}: an axis with a stride must be padded")
        self.reduce = ConvNorm(in_channels, inner, (1, 1), bias=bias)
        self.conv = ConvNorm(inner, inner, (3, 3), stride=stride, padding=padding, groups=groups, bias=bias)
        self.expand = ConvNorm(inner, channels, (1, 1), bias=bias, relu=False)
        self.gate = SqueezeExcitation(channels, squeeze) if squeeze else nn.Identity()
        self.shortcut = make_shortcut(in_channels, channels, stride, shortcut, bias)
        self.unpadded_axes = tuple(axis for axis in (HEIGHT, WIDTH) if not padding[axis - HEIGHT])
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, channels, H', W')`` of ``(B, in_channels, H, W)``."""
        residual = self.gate(self.expand(self.conv(self.reduce(x))))
        total: Tensor = residual + crop(self.shortcut(x), size_of(residual), self.unpadded_axes)
        return F.relu(total, inplace=True) if self.relu else total
