"""1x1 convolutions and linear layers with 8-bit weights (SEP-Net-BQ, arXiv 1706.03912).

The weights of an output channel are ``scale * q / 127`` with integers q from -127 to 127, symmetric around 0, and
``scale = max |W|``. A linear layer is a 1x1 convolution of one position; the published 1.3 MB include it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blasr.nn.binarize_config import BinarizeConfig
from blasr.nn.scale_gradient import shared_scales

LARGEST: Final = 127


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the integers of ``weight`` ``(C, ...)``, int8 of its shape, and the scales of its channels ``(C,)``.

    A channel of zeros has the scale 1.
    """
    largest = weight.abs().flatten(1).amax(1)
    scales = torch.where(largest > 0, largest, 1.0)
    integers = (weight * LARGEST / scales.view(-1, *[1] * (weight.dim() - 1))).round().clamp(-LARGEST, LARGEST)
    return integers.to(torch.int8), scales


class _Int8Layer(nn.Module):
    integers: Tensor

    def __init__(self, layer: nn.Conv2d | nn.Linear) -> None:
        super().__init__()
        integers, scales = quantize(layer.weight.detach())
        self.register_buffer("integers", integers)
        self.scales = nn.Parameter(scales)
        self.bias = layer.bias
        self.train(layer.training)

    @property
    def weight(self) -> Tensor:
        """The weights in float, of the shape of the layer's."""
        scales = shared_scales(self.scales, self.integers[0].numel())
        return scales.view(-1, *[1] * (self.integers.dim() - 1)) * (self.integers.to(scales.dtype) / LARGEST)


class Int8Linear(_Int8Layer):
    """A linear layer with 8-bit weights, in place of a trained one. The scales and the bias are trained."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__(linear)
        self.in_features, self.out_features = linear.in_features, linear.out_features

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(..., out_features)`` of ``(..., in_features)``."""
        return F.linear(x, self.weight, self.bias)


class Int8Conv2d(_Int8Layer):
    """A 1x1 convolution with 8-bit weights, in place of a trained one. The scales and the bias are trained."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__(conv)
        self.in_channels, self.out_channels, self.groups = conv.in_channels, conv.out_channels, conv.groups
        self.kernel_size, self.stride = conv.kernel_size, conv.stride
        self.padding, self.dilation = conv.padding, conv.dilation

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, out_channels, H', W')`` of ``(B, in_channels, H, W)``."""
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


def quantize_pointwise(model: nn.Module, keep: Sequence[str] = ()) -> nn.Module:
    """Replace the 1x1 convolutions and the linear layers of a trained network by 8-bit ones, in place.

    Args:
        model: any network; its other layers stay as they are.
        keep: what stays in float; see :class:`BinarizeConfig`.

    Returns:
        ``model``.
    """
    config = BinarizeConfig(tuple(keep))
    for prefix, module in list(model.named_modules()):
        for name, child in module.named_children():
            if not isinstance(child, nn.Linear | nn.Conv2d) or config.keeps(f"{prefix}.{name}", stride_of(child)):
                continue
            if isinstance(child, nn.Linear):
                setattr(module, name, Int8Linear(child))
            elif prod(child.kernel_size) == 1:
                setattr(module, name, Int8Conv2d(child))
    return model


def stride_of(layer: nn.Conv2d | nn.Linear) -> Sequence[int]:
    """Return the stride of a convolution, or 1."""
    return layer.stride if isinstance(layer, nn.Conv2d) else (1,)
