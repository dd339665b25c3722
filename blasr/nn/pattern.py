"""Convolutions as binary patterns: signs that are fixed, and a scale for each filter (SEP-Nets, arXiv 1706.03912).

The paper binarizes k x k convolutions (k > 1), which find patterns, and leaves 1x1 convolutions, which project, in
float. A filter W is replaced by a * B with B in {-1, +1}. The nearest such filter, by ||W - a B||^2, has B = sign(W)
and a = mean |W|. A network is trained in float, binarized, and trained further with B frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blasr.errors import ConfigError
from blasr.nn.binarize_config import STRIDED, BinarizeConfig, PatternScale, Pointwise
from blasr.nn.pointwise_int8 import quantize_pointwise
from blasr.nn.scale_gradient import shared_scales
from blasr.nn.sign_packing import pack_signs, unpack_signs


class PatternConv2d(nn.Module):
    """A convolution with the weights ``scale * sign``, in place of a trained one.

    The signs are the buffer ``patterns``, packed (:func:`blasr.nn.sign_packing.pack_signs`); sign(0) is +1. They are
    unpacked once, into ``signs``, int8 ``(out_channels, in_channels / groups, k, k)``, which is not saved.

    Args:
        conv: the trained convolution; its bias is taken over.
        constant: one scale for all filters, which is then fixed; by default each filter has the mean of its absolute
            weights, and these scales are trained.
    """

    patterns: Tensor
    signs: Tensor
    scales: Tensor

    def __init__(self, conv: nn.Conv2d, constant: Tensor | None = None) -> None:
        super().__init__()
        if conv.padding_mode != "zeros":
            raise ValueError(f"found padding mode {conv.padding_mode}, expected zeros")
        self.in_channels, self.out_channels, self.groups = conv.in_channels, conv.out_channels, conv.groups
        self.kernel_size, self.stride = conv.kernel_size, conv.stride
        self.padding, self.dilation = conv.padding, conv.dilation
        weight = conv.weight.detach()
        self.register_buffer("patterns", pack_signs(weight >= 0))
        self.register_buffer("signs", unpack_signs(self.patterns, weight.shape), persistent=False)
        if constant is None:
            self.scales = nn.Parameter(weight.abs().mean((1, 2, 3)))
        else:
            self.register_buffer("scales", constant.detach().clone().view(1))
        self.bias = conv.bias
        self.train(conv.training)

    @property
    def weight(self) -> Tensor:
        """The weights, ``(out_channels, in_channels / groups, k, k)``."""
        return shared_scales(self.scales, self.signs[0].numel()).view(-1, 1, 1, 1) * self.signs

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, out_channels, H', W')`` of ``(B, in_channels, H, W)``."""
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Return the settings, for ``print(module)``."""
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"

    def _load_from_state_dict(self, *args: object, **kwargs: object) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self.signs.copy_(unpack_signs(self.patterns, self.signs.shape))


def binarize(
    model: nn.Module, keep: Sequence[str] = (), *, scale: PatternScale = "filter", pointwise: Pointwise = "float"
) -> nn.Module:
    """Replace the k x k convolutions (k > 1) of a trained network by binary patterns, in place.

    Scales, 1x1 convolutions, linear layers, biases and batch normalization remain parameters. The signs are buffers,
    and so no optimizer changes them.

    Args:
        model: any network of this toolkit.
        keep: names of modules or parts, such as ``stem``, that stay in float, and ``strided`` for all convolutions with
            a stride that are not in the stem.
        scale, pointwise: see :class:`BinarizeConfig`.

    Returns:
        ``model``.

    Raises:
        ConfigError: the model is binarized already, it has no k x k convolution to binarize, or a name in ``keep`` is
            no part of it.
    """
    config = BinarizeConfig((keep,) if isinstance(keep, str) else tuple(keep), scale, pointwise)
    chosen = chosen_convolutions(model, config)
    constant = None
    if scale == "global":  # the minimum of ||W - a B||^2 over all filters together; the release searched a grid for it
        total = torch.stack([conv.weight.detach().abs().sum() for conv in chosen]).sum()
        constant = total / sum(conv.weight.numel() for conv in chosen)
    replace_modules(model, {conv: PatternConv2d(conv, constant) for conv in chosen})
    if pointwise == "int8":
        quantize_pointwise(model, config.keep)
    return model


def is_binarized(model: nn.Module) -> bool:
    """Return whether a network has binary patterns."""
    return any(isinstance(module, PatternConv2d) for module in model.modules())


def chosen_convolutions(model: nn.Module, config: BinarizeConfig) -> list[nn.Conv2d]:
    """Return the convolutions that ``config`` binarizes.

    Raises:
        ConfigError: see :func:`binarize`.
    """
    if is_binarized(model):
        raise ConfigError("the network is binarized already", fix="binarize a network that was trained in float")
    names = [f".{name}." for name, _ in model.named_modules()]
    for entry in config.keep:
        if entry != STRIDED and not any(f".{entry}." in name for name in names):
            fix = f"give the name of a part, such as stem, or {STRIDED}"
            raise ConfigError(f"keep: the network has no part {entry!r}", fix=fix)
    chosen = [
        module
        for name, module in model.named_modules()
        if name
        and isinstance(module, nn.Conv2d)
        and not config.keeps(name, module.stride)
        and (prod(module.kernel_size) > 1 or config.pointwise == "patterns")
    ]
    if not chosen:
        raise ConfigError("the network has no convolution of k x k weights, k > 1, to binarize", fix="keep fewer parts")
    return chosen


def replace_modules(model: nn.Module, replacements: Mapping[nn.Conv2d, nn.Module]) -> None:
    """Replace parts of a network, wherever they are in it."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d) and child in replacements:
                setattr(module, name, replacements[child])
