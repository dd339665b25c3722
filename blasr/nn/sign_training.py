"""Training the signs of binary patterns: binary weights in the forward pass, floats for the optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from blasr.nn.binarize_config import BinarizeConfig, Pointwise
from blasr.nn.pattern import chosen_convolutions, replace_modules


class SignTrainingConv2d(nn.Conv2d):
    """A convolution with the weights ``mean |W| * sign(W)``, which passes the gradient of these weights to W unchanged.

    This is the straight-through estimator (Bengio et al. 2013; Rastegari et al. 2016, binary-weight networks). The
    output is that of the :class:`PatternConv2d` of W, to the bit. The state has the names of a convolution in float.

    Args:
        conv: the convolution with W; its parameters are taken over.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            conv.padding,  # type: ignore[arg-type]
            conv.dilation,  # type: ignore[arg-type]
            conv.groups,
            conv.bias is not None,
            device="meta",
        )
        self.weight = conv.weight
        self.bias = conv.bias
        self.train(conv.training)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, out_channels, H', W')`` of ``(B, in_channels, H, W)``."""
        weight: Tensor = _Binary.apply(self.weight)  # type: ignore[no-untyped-call]
        output: Tensor = self._conv_forward(x, weight, self.bias)
        return output


class _Binary(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        scales = weight.abs().mean((1, 2, 3), keepdim=True)
        return torch.where(weight >= 0, scales, -scales)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def train_signs(model: nn.Module, keep: Sequence[str] = (), *, pointwise: Pointwise = "float") -> nn.Module:
    """Let the convolutions that :func:`binarize` would replace compute with binary weights, in place.

    Args:
        model, keep, pointwise: as for :func:`binarize`, which finishes the network after the training.

    Returns:
        ``model``.

    Raises:
        ConfigError: as :func:`binarize`.
    """
    chosen = chosen_convolutions(model, BinarizeConfig(tuple(keep), pointwise=pointwise))
    replace_modules(model, {conv: SignTrainingConv2d(conv) for conv in chosen})
    return model
