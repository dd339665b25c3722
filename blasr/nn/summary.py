"""What a network consists of and costs: its parts and layers with sizes, parameters and MACs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from blasr.nn.counting import LayerCount, count_layers, module_outputs


@dataclass(frozen=True)
class PartSummary:
    """One part of a network.

    Attributes:
        name: the part's name.
        structure: its layers, in the paper's notation.
        output: the shape of its output without the batch axis, ``(C, H, W)`` or ``(C, F, T)``.
        params: trainable parameters.
        macs: multiply-accumulates of convolutions and linear layers for one input.
    """

    name: str
    structure: str
    output: tuple[int, ...]
    params: int
    macs: int


@dataclass(frozen=True)
class ModelSummary:
    """The parts and the layers of a network in the order in which they run."""

    parts: tuple[PartSummary, ...]
    layers: tuple[LayerCount, ...]

    @property
    def params(self) -> int:
        """Trainable parameters."""
        return sum(layer.params for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and linear layers for one input."""
        return sum(layer.macs for layer in self.layers)


def summarize_parts(
    model: nn.Module, parts: Mapping[str, nn.Module], structures: Mapping[str, str], input_shape: Sequence[int]
) -> ModelSummary:
    """Count a network and its parts for one input, without running its arithmetic.

    Args:
        model: the network; it may be on PyTorch's meta device.
        parts: modules of the network by name, in any order.
        structures: a text that describes each part.
        input_shape: shape of one input, without the batch axis.
    """
    layers = tuple(count_layers(model, input_shape))
    dotted_names = {module: name for name, module in model.named_modules()}
    rows = []
    for name, output in module_outputs(model, input_shape, parts):
        prefix = dotted_names[parts[name]]
        inside = [layer for layer in layers if layer.name == prefix or layer.name.startswith(f"{prefix}.")]
        params, macs = sum(layer.params for layer in inside), sum(layer.macs for layer in inside)
        rows.append(PartSummary(name, structures[name], output, params, macs))
    return ModelSummary(tuple(rows), layers)
