"""The choices that describe a network. Light: imports no torch, so that tables of variants need none either."""

from __future__ import annotations

from typing import Literal

Merge = Literal["add", "concat"]
"""How the branches of a big-little module are merged."""

ResizeMode = Literal["bilinear", "nearest"]
"""How feature maps are upsampled."""

Shortcut = Literal["strided", "pooled", "padded"]
"""The shortcut of a block with a stride.

``strided`` is a strided 1x1 convolution. ``pooled`` is a strided average over 3x3, followed by a 1x1 convolution if the
channels change. ``padded`` takes every other position and adds channels of zeros, without parameters (He et al. 2016,
option A).
"""


def branch_names(count: int) -> tuple[str, ...]:
    """Return ``big, little``; ``big, middle, little``; ``big, middle1, middle2, little``; and so on."""
    middle = ("middle",) if count == 3 else tuple(f"middle{index}" for index in range(1, count - 1))
    return ("big", *middle, "little")
