"""A convolution with batch normalization: the unit of every block."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import Pair


class ConvNorm(nn.Module):
    """Convolution, batch normalization and, by default, ReLU.

    Args:
        kernel, stride, padding: a value for each of (H, W).
        bias: whether the convolution has a bias before the normalization (speech: yes, vision: no).
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
        """Return ``(B, out_channels, H', W')`` of ``(B, in_channels, H, W)``.

        ``H' = (H + 2 * padding - kernel) // stride + 1``, and the same for W.
        """
        x = self.norm(self.conv(x))
        return F.relu(x, inplace=True) if self.relu else x
