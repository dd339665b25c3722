"""Convolutions prepared for many short inputs on a CPU: weights in oneDNN's layout, batch normalization folded in.

PyTorch reorders the weights of a convolution at every call. For a whole recording this is nothing; for half a second of
it, it takes as long as a sixth of the convolutions themselves.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from blasr.nn.conv import ConvNorm

_packed: WeakKeyDictionary[nn.Module, tuple[tuple[int, ...], PackedConv]] = WeakKeyDictionary()


class PackedConv:
    """A convolution of float32 with its batch normalization, if it has one, and ReLU; computed by one call of oneDNN.

    Args:
        conv: the convolution, on the CPU.
        norm: the batch normalization after it, in evaluation mode; None if there is none.
        relu: whether ReLU follows.
    """

    def __init__(self, conv: nn.Conv2d, norm: nn.BatchNorm2d | None, relu: bool) -> None:
        weight = conv.weight.detach().double()
        bias = torch.zeros(len(weight), dtype=torch.float64) if conv.bias is None else conv.bias.detach().double()
        if norm is not None:
            assert norm.running_mean is not None and norm.running_var is not None
            scale = (norm.running_var.double() + norm.eps).rsqrt() * norm.weight.detach().double()
            weight = weight * scale[:, None, None, None]
            bias = (bias - norm.running_mean.double()) * scale + norm.bias.detach().double()
        settings: tuple[Any, ...] = (conv.padding, conv.stride, conv.dilation, conv.groups)
        self._settings = settings
        library: Any = torch._C._nn
        self._weight = library.mkldnn_reorder_conv2d_weight(weight.float().contiguous().to_mkldnn(), *settings)
        self._bias = bias.float()
        self._after = "relu" if relu else "none"

    def __call__(self, x: Tensor) -> Tensor:
        """Return ``(B, C', H', W')`` of ``(B, C, H, W)``."""
        output: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, *self._settings, self._after, [], ""
        )
        return output


def packed(module: nn.Module) -> PackedConv | None:
    """Return the packed form of a convolution, which all streams share; None where there is no such form.

    There is one for a plain ``nn.Conv2d``, alone or in a :class:`ConvNorm` in evaluation mode, with float32 weights on
    the CPU, if PyTorch has oneDNN. It is made again if the weights have changed.
    """
    conv, norm, relu = module, None, False
    if isinstance(module, ConvNorm):
        conv, norm, relu = module.conv, module.norm, module.relu
    if type(conv) is not nn.Conv2d or isinstance(conv.padding, str) or (norm is not None and norm.training):
        return None
    if conv.weight.dtype != torch.float32 or conv.weight.device.type != "cpu" or not _has_onednn():
        return None
    version = tuple(tensor._version for tensor in [*module.parameters(), *module.buffers()])
    if module not in _packed or _packed[module][0] != version:
        _packed[module] = version, PackedConv(conv, norm, relu)
    return _packed[module][1]


def _has_onednn() -> bool:
    onednn: Any = torch.backends.mkldnn
    return bool(onednn.is_available()) and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
