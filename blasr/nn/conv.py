"""A convolution with batch normalisation: the unit that every block is made of."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import Pair


class ConvNorm(nn.Module):
    """Convolution, batch normalisation and, unless told otherwise, ReLU: ``(B, in_channels, H, W)`` in,
    ``(B, out_channels, H', W')`` out, with ``H' = (H + 2 * padding - kernel) // stride + 1`` and so for W.

    Args:
        kernel, stride, padding: a value for each of (H, W).
        bias: whether the convolution has a bias before the normalisation (speech: yes, vision: no).
        groups: groups of a grouped convolution.
        relu: whether ReLU follows.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: Pair,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        bias: bool,
        groups: int = 1,
        relu: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, groups=groups, bias=bias)
        self.norm = nn.BatchNorm2d(out_channels)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """The normalised convolution of ``x``."""
        x = self.norm(self.conv(x))
        return F.relu(x, inplace=True) if self.relu else x
