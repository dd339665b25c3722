"""The SEP module: a 1x1 reduction, two pattern residual blocks, a 1x1 recovery and a skip (arXiv 1706.03912)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import Pair
from blasr.nn.conv import ConvNorm
from blasr.nn.pattern_residual import PatternResidual


class SepModule(nn.Module):
    """Reduces the channels, runs two pattern residual blocks of different widths, and restores the channels.

    The input is added to the output. ReLU follows the reduction, the blocks and the sum; this order, and batch
    normalization after every convolution, are our choice, since neither is published.

    Args:
        channels: input and output channels.
        reduced: channels after the first 1x1 convolution.
        widths: output channels of the two blocks.
        groups: groups of their k x k convolutions; the paper has 4.
        bias: whether the convolutions have a bias.
    """

    def __init__(self, channels: int, reduced: int, widths: Pair, *, groups: int = 4, bias: bool) -> None:
        super().__init__()
        first, second = widths
        self.reduce = ConvNorm(channels, reduced, (1, 1), bias=bias)
        self.patterns = nn.Sequential(
            PatternResidual(reduced, first, groups=groups, bias=bias),
            PatternResidual(first, second, groups=groups, bias=bias),
        )
        self.recover = ConvNorm(second, channels, (1, 1), bias=bias, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, channels, H, W)`` of ``(B, channels, H, W)``."""
        return F.relu(self.recover(self.patterns(self.reduce(x))) + x, inplace=True)
