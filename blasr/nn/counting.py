"""Exact parameters and multiply-accumulates (MACs) of a network, layer by layer, without running its arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from blasr.nn.pattern import PatternConv2d
from blasr.nn.pointwise_int8 import Int8Conv2d, Int8Linear


@dataclass(frozen=True)
class LayerCount:
    """One layer that has parameters.

    Attributes:
        name: dotted name in the model.
        kind: class, with the kernel of a convolution: ``Conv2d 3x3``.
        output: shape of the output without the batch axis, ``(C, H, W)`` or ``(C, F, T)``.
        params: trainable parameters.
        macs: multiply-accumulates for one input; 0 for anything but a convolution or a linear layer.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    params: int
    macs: int


def count_layers(model: nn.Module, input_shape: Sequence[int]) -> list[LayerCount]:
    """Return the layers with parameters in the order they run, for one input of ``input_shape`` (no batch axis).

    MACs are those of convolutions and linear layers. As in the paper, adding a bias and element-wise operations do not
    count. Nothing is computed (see :func:`module_outputs`). A layer that runs twice has two entries; the second has no
    parameters.

    Raises:
        ValueError: a parameter belongs to no layer that ran, so the totals would be wrong.
    """
    leaves = {
        name: module
        for name, module in model.named_modules()
        if next(module.parameters(recurse=False), None) is not None or isinstance(module, CONVOLUTIONS)
    }
    layers: list[LayerCount] = []
    ran: set[str] = set()
    for name, shape in module_outputs(model, input_shape, leaves):
        module = leaves[name]
        params = 0 if name in ran else sum(math.prod(p.shape) for p in own_parameters(module))
        ran.add(name)
        layers.append(LayerCount(name, kind_of(module), shape, params, macs_of(module, shape)))
    found = sum(layer.params for layer in layers)
    expected = sum(math.prod(parameter.shape) for parameter in model.parameters())
    if found != expected:
        raise ValueError(f"the layers that ran have {found} parameters, the model has {expected}")
    return layers


def module_outputs(
    model: nn.Module, input_shape: Sequence[int], modules: Mapping[str, nn.Module]
) -> list[tuple[str, tuple[int, ...]]]:
    """Return the name and output shape (no batch axis) of ``modules``, parts of ``model``, each time one of them runs.

    The forward pass of one input of ``input_shape`` runs on PyTorch's meta device in evaluation mode, so its cost does
    not depend on the size of the model. The model itself is unchanged, whatever its device.
    """
    outputs: list[tuple[str, tuple[int, ...]]] = []

    def record(name: str, _module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append((name, tuple(output.shape[1:])))

    handles = [module.register_forward_hook(partial(record, name)) for name, module in modules.items()]
    meta = {
        name: torch.empty_like(tensor, device="meta")
        for name, tensor in chain(model.named_parameters(), model.named_buffers())
    }
    try:
        with torch.no_grad(), evaluation_mode(model):
            functional_call(model, meta, (torch.empty(1, *input_shape, device="meta"),))
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def own_parameters(module: nn.Module) -> Iterator[nn.Parameter]:
    """Return the parameters of ``module`` itself, not of its children."""
    return module.parameters(recurse=False)


CONVOLUTIONS: Final = (nn.Conv1d, nn.Conv2d, nn.Conv3d, PatternConv2d, Int8Conv2d)


def kind_of(module: nn.Module) -> str:
    """Return the class of ``module``, with the kernel of a convolution."""
    if isinstance(module, CONVOLUTIONS):
        return f"{type(module).__name__} {'x'.join(map(str, module.kernel_size))}"
    return type(module).__name__


def macs_of(module: nn.Module, output: Sequence[int]) -> int:
    """Return the MACs of ``module`` for one output of shape ``output`` (no batch axis)."""
    if isinstance(module, CONVOLUTIONS):
        return math.prod(output) * module.in_channels // module.groups * math.prod(module.kernel_size)
    return math.prod(output) * module.in_features if isinstance(module, nn.Linear | Int8Linear) else 0


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put every module of ``model`` in evaluation mode inside the block, and restore its mode afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training
