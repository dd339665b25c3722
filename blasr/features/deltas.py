"""Delta and delta-delta, as Kaldi's ``DeltaFeatures`` (``feat/feature-functions.cc``)."""

from __future__ import annotations

import torch
from torch import Tensor


def _slope(features: Tensor, window: int) -> Tensor:
    """Return the slope over ``2 * window + 1`` frames around each frame that has them: ``(T - 2 * window, D)``."""
    frames = len(features) - 2 * window
    slope = torch.zeros_like(features[:frames])
    for distance in range(1, window + 1):
        later, earlier = (features[window + sign * distance :][:frames] for sign in (1, -1))
        slope.add_(later - earlier, alpha=distance)
    return slope / (2 * sum(distance**2 for distance in range(1, window + 1)))


def _orders(features: Tensor, order: int, window: int) -> list[Tensor]:
    """Return the features and their derivatives up to ``order``, each ``(T, D)``.

    Kaldi applies one filter for each order to the static features with their edge frames repeated. Slopes of slopes
    give the same, provided that the first of them is also computed beyond the edges.
    """
    frames, reach = len(features), order * window
    index = torch.arange(-reach, frames + reach, device=features.device).clamp(0, frames - 1)
    derivative = features[index]
    orders = [features]
    for _ in range(order):
        derivative = _slope(derivative, window)
        reach -= window
        orders.append(derivative[reach : reach + frames])
    return orders


def add_deltas(features: Tensor, order: int = 2, window: int = 2) -> Tensor:
    """Append their time derivatives to features ``(T, D)``: ``(T, (order + 1) D)``, static first."""
    return torch.cat(_orders(features, order, window), dim=1)


def stack_deltas(features: Tensor, order: int = 2, window: int = 2) -> Tensor:
    """Stack features ``(T, F)`` and their derivatives as the channels of a network input: ``(order + 1, F, T)``."""
    return torch.stack([derivative.T for derivative in _orders(features, order, window)])
