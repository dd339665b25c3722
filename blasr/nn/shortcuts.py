"""What gives the input of a residual block the resolution and the channels of its output."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import Pair
from blasr.nn.choices import Shortcut
from blasr.nn.conv import ConvNorm


class ZeroPaddedShortcut(nn.Module):
    """Every ``stride``-th position, then channels of zeros; no parameters (He et al. 2016, option A).

    Args:
        added: number of added channels, half of them before the others.
        stride: for (H, W).
    """

    def __init__(self, added: int, stride: Pair) -> None:
        super().__init__()
        if added < 0:
            raise ValueError(f"found {added} channels to add, expected at least 0")
        self.added = added
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, C + added, ceil(H / stride), ceil(W / stride))`` of ``(B, C, H, W)``."""
        before = self.added // 2
        return F.pad(x[:, :, :: self.stride[0], :: self.stride[1]], (0, 0, 0, 0, before, self.added - before))


def make_shortcut(in_channels: int, channels: int, stride: Pair, kind: Shortcut, bias: bool) -> nn.Module:
    """Return the module that gives a block's input the stride and the channels of its output."""
    if stride == (1, 1) and in_channels == channels:
        return nn.Identity()
    if kind == "strided":
        return ConvNorm(in_channels, channels, (1, 1), stride=stride, bias=bias, relu=False)
    if kind == "padded":
        return ZeroPaddedShortcut(channels - in_channels, stride)
    shortcut = nn.Sequential()
    if stride != (1, 1):
        shortcut.add_module("pool", nn.AvgPool2d(3, stride, padding=1))
    if in_channels != channels:
        shortcut.add_module("project", ConvNorm(in_channels, channels, (1, 1), bias=bias, relu=False))
    return shortcut
