"""Delta and delta-delta, as Kaldi's ``DeltaFeatures`` (``feat/feature-functions.cc``)."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor


@functools.cache
def _filters(order: int, window: int) -> Tensor:
    """Filters of orders 0 to ``order``, padded to the longest one's length: ``(order + 1, 2 * order * window + 1)``."""
    slope = torch.arange(-window, window + 1, dtype=torch.float64)
    slope = slope / slope.square().sum()
    filters = [torch.ones(1, dtype=torch.float64)]
    for _ in range(order):
        filters.append(F.conv1d(filters[-1][None], slope.flip(0)[None, None], padding=2 * window)[0])
    longest = len(filters[-1])
    return torch.stack([F.pad(item, [(longest - len(item)) // 2] * 2) for item in filters]).float()


def _delta_planes(features: Tensor, order: int, window: int) -> Tensor:
    reach = order * window
    columns = features.T[:, None]  # (D, 1, T): every coefficient is filtered alike
    padded = F.pad(columns, (reach, reach), mode="replicate")  # frames beyond the ends are the first and last
    filters = _filters(order, window).to(features)[1:, None]
    return torch.cat([columns, F.conv1d(padded, filters)], dim=1)


def add_deltas(features: Tensor, order: int = 2, window: int = 2) -> Tensor:
    """Features ``(T, D)`` with their time derivatives beside them: ``(T, (order + 1) D)``, static first.

    The filter of each order is applied to the static features with the edge frames repeated, as Kaldi does,
    which is not the same as taking deltas of deltas. ``order`` and ``window`` are at least 1.
    """
    return _delta_planes(features, order, window).permute(2, 1, 0).reshape(len(features), -1)


def delta_planes(features: Tensor, order: int = 2, window: int = 2) -> Tensor:
    """Features ``(T, F)`` and their derivatives as the planes of a network input: ``(order + 1, F, T)``."""
    return _delta_planes(features, order, window).transpose(0, 1).contiguous()
