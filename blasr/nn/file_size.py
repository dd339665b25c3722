"""How many bytes the weights of a network take in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import torch
from torch import Tensor, nn

from blasr.nn.pattern import PatternConv2d, binarize
from blasr.nn.pointwise_int8 import Int8Conv2d, Int8Linear

_DTYPES: Final = {torch.int64: "I64", torch.float32: "F32", torch.int8: "I8", torch.uint8: "U8"}
"""The types of tensors in safetensors files, in the order in which the format stores them."""

_WEIGHTS: Final[Mapping[type[nn.Module], str]] = {
    nn.Conv2d: "weight",
    nn.Linear: "weight",
    PatternConv2d: "patterns",
    Int8Conv2d: "integers",
    Int8Linear: "integers",
}
"""The tensor with the weights of a layer."""


@dataclass(frozen=True)
class FileSize:
    """The size of a network's weights in a safetensors file, in bytes.

    Attributes:
        kernels: weights of k x k convolutions (k > 1), as floats or as bits.
        pointwise: weights of 1x1 convolutions and linear layers, as floats, 8-bit integers or bits.
        rest: everything else: scales, biases, batch normalization.
        header: names, types and shapes at the beginning of the file. The metadata of a run, such as the epoch, comes on
            top; it is some tens of bytes.
    """

    kernels: int
    pointwise: int
    rest: int
    header: int

    @property
    def data(self) -> int:
        """The file without its header."""
        return self.kernels + self.pointwise + self.rest


def file_size(model: nn.Module) -> FileSize:
    """Return the size of ``model.state_dict()`` in a safetensors file; the model may be on PyTorch's meta device."""
    state: Mapping[str, Tensor] = model.state_dict()
    kernels = pointwise = 0
    for name, module in model.named_modules():
        if type(module) in _WEIGHTS:
            weights = _bytes(state[f"{name}.{_WEIGHTS[type(module)]}"])
            is_kernel = prod(getattr(module, "kernel_size", (1,))) > 1
            kernels, pointwise = (kernels + weights, pointwise) if is_kernel else (kernels, pointwise + weights)
    rest = sum(map(_bytes, state.values())) - kernels - pointwise
    return FileSize(kernels, pointwise, rest, header_bytes(state))


def compare_file_sizes(build: Callable[[], nn.Module], keep: Sequence[str] = ()) -> dict[str, FileSize]:
    """Return the sizes of a network in float, as binary patterns, and as patterns with 8-bit 1x1 convolutions.

    Args:
        build: returns a new network in float.
        keep: what stays in float; see :class:`BinarizeConfig`.

    Raises:
        ConfigError: see :func:`binarize`.
    """
    return {
        "float": file_size(build()),
        "patterns": file_size(binarize(build(), keep)),
        "patterns, 8-bit 1x1": file_size(binarize(build(), keep, pointwise="int8")),
    }


def header_bytes(tensors: Mapping[str, Tensor]) -> int:
    """Return the length of a safetensors file's header without metadata, with the eight bytes of its length.

    The header is JSON: for every tensor its type, shape and place in the file, padded to a multiple of eight bytes
    (https://github.com/huggingface/safetensors#format).
    """
    order = list(_DTYPES)
    entries, start = {}, 0
    for name in sorted(tensors, key=lambda name: (order.index(tensors[name].dtype), name)):
        end = start + _bytes(tensors[name])
        shape = list(tensors[name].shape)
        entries[name] = {"dtype": _DTYPES[tensors[name].dtype], "shape": shape, "data_offsets": [start, end]}
        start = end
    length = len(json.dumps(entries, separators=(",", ":")))
    return 8 + length + -length % 8


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
