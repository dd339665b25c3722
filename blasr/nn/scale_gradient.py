"""A gradient that is small enough for a scale that many weights share."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class _ScaledGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * ctx.factor, None


def shared_scales(scales: Tensor, num_weights: int) -> Tensor:
    """Return ``scales`` unchanged, with a gradient that is divided by the root of the number of weights of each scale.

    A step of a scale changes all of its weights at once. Without this, the same learning rate would be too high for
    scales by about their number of weights (Esser et al. 2020, learned step size quantization, section 2.2).
    """
    if not torch.is_grad_enabled():  # nothing but the scales, for export and inference
        return scales
    scaled: Tensor = _ScaledGradient.apply(scales, 1 / math.sqrt(num_weights))  # type: ignore[no-untyped-call]
    return scaled
