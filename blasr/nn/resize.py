"""Upsampling along chosen axes only."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import HEIGHT, WIDTH, Pair, size_of
from blasr.nn.choices import ResizeMode


class Resize(nn.Module):
    """Resizes ``(B, C, H, W)`` to a given length on ``axes``; the other axis is unchanged.

    The sample points of bilinear interpolation are at the center of each cell (PyTorch's ``align_corners=False``), so
    one axis is interpolated independently of the other.
    """

    def __init__(self, axes: Sequence[int] = (HEIGHT, WIDTH), mode: ResizeMode = "bilinear") -> None:
        super().__init__()
        self.axes = tuple(axes)
        self.mode = mode

    def forward(self, x: Tensor, size: Pair) -> Tensor:
        """Return ``x`` with the lengths of ``size`` (H, W) on the chosen axes, or ``x`` itself if it has them."""
        height, width = size_of(x)
        target = (size[0] if HEIGHT in self.axes else height, size[1] if WIDTH in self.axes else width)
        if target == (height, width):
            return x
        align = False if self.mode == "bilinear" else None
        return F.interpolate(x, size=target, mode=self.mode, align_corners=align)

    def extra_repr(self) -> str:
        """Return the settings, for ``print(module)``."""
        return f"axes={self.axes}, mode={self.mode}"
