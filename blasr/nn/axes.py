"""The two image axes of a ``(B, C, H, W)`` tensor, and cropping along them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from torch import Tensor

HEIGHT: Final = 2
"""The axis H: frequency in speech."""

WIDTH: Final = 3
"""The axis W: time in speech."""

Pair = tuple[int, int]
"""A value for each of (H, W): a kernel size, a stride, a padding, an output size."""


def size_of(x: Tensor) -> Pair:
    """Return (H, W) of ``x`` ``(B, C, H, W)``."""
    return x.shape[HEIGHT], x.shape[WIDTH]


def crop(x: Tensor, size: Pair, axes: Iterable[int]) -> Tensor:
    """Return the middle of ``x`` ``(B, C, H, W)``, with the lengths of ``size`` (H, W) on ``axes``; a view, not a copy.

    Raises:
        ValueError: ``x`` is too short, or the two sides would not lose the same number of positions.
    """
    for axis in axes:
        length = size[axis - HEIGHT]
        surplus = x.shape[axis] - length
        if surplus < 0 or surplus % 2:
            raise ValueError(f"cannot crop axis {axis} symmetrically from {x.shape[axis]} to {length}")
        if surplus:
            x = x.narrow(axis, surplus // 2, length)
    return x
