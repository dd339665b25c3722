"""The pattern residual block: patterns that a k x k convolution finds, added to a projection of the input."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import HEIGHT, WIDTH, Pair, crop
from blasr.nn.conv import ConvNorm


class PatternResidual(nn.Module):
    """``O(x) = conv_kxk(x) + conv_1x1(x)``, then by default ReLU (SEP-Nets, arXiv 1706.03912).

    The k x k convolution is the one that :func:`blasr.nn.binarize` makes a pattern; the 1x1 convolution keeps what the
    signs lose. The order of batch normalization and ReLU is not published. Here each path has its own normalization
    before the sum, so that the scale of the patterns does not depend on the projection.

    Args:
        kernel: odd, for (H, W).
        stride: for (H, W).
        padding: for (H, W), each ``kernel // 2`` (only the stride changes the length) or 0; the 1x1 path is cropped.
        bias: whether the convolutions have a bias.
        groups: groups of the k x k convolution.
        relu: whether ReLU follows.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: Pair = (3, 3),
        *,
        stride: Pair = (1, 1),
        padding: Pair = (1, 1),
        bias: bool,
        groups: int = 1,
        relu: bool = True,
    ) -> None:
        super().__init__()
        for size, step, pad in zip(kernel, stride, padding, strict=True):
            if size % 2 == 0 or pad not in (0, size // 2) or (step > 1 and pad != size // 2):
                raise ValueError(f"kernel {kernel} with stride {stride} and padding {padding}: the paths do not align")
        self.pattern = ConvNorm(
            in_channels, out_channels, kernel, stride=stride, padding=padding, groups=groups, bias=bias, relu=False
        )
        self.projection = ConvNorm(in_channels, out_channels, (1, 1), stride=stride, bias=bias, relu=False)
        self.margin = tuple(size // 2 - pad for size, pad in zip(kernel, padding, strict=True))
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, out_channels, H', W')`` of ``(B, in_channels, H, W)``, with the size of a :class:`ConvNorm`."""
        height, width = (
            size - 2 * margin for size, margin in zip((x.shape[HEIGHT], x.shape[WIDTH]), self.margin, strict=True)
        )
        total: Tensor = self.pattern(x) + self.projection(crop(x, (height, width), (HEIGHT, WIDTH)))
        return F.relu(total, inplace=True) if self.relu else total
