"""Upsampling along chosen axes only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.axes import HEIGHT, WIDTH, Pair, size_of

ResizeMode = Literal["bilinear", "nearest"]


class Resize(nn.Module):
    """Brings ``(B, C, H, W)`` to a given length on ``axes`` and leaves the other axis as it is.

    Bilinear interpolation has its sample points at the middle of each cell (PyTorch's ``align_corners=False``),
    so that one axis is interpolated independently of the other.
    """

    def __init__(self, axes: Sequence[int] = (HEIGHT, WIDTH), mode: ResizeMode = "bilinear") -> None:
        super().__init__()
        self.axes = tuple(axes)
        self.mode = mode

    def forward(self, x: Tensor, size: Pair) -> Tensor:
        """``x`` with the lengths of ``size`` (H, W) on the chosen axes; ``x`` itself where it has them already."""
        height, width = size_of(x)
        target = (size[0] if HEIGHT in self.axes else height, size[1] if WIDTH in self.axes else width)
        if target == (height, width):
            return x
        align = False if self.mode == "bilinear" else None
        return F.interpolate(x, size=target, mode=self.mode, align_corners=align)

    def extra_repr(self) -> str:
        """The settings, for ``print(module)``."""
        return f"axes={self.axes}, mode={self.mode}"
