"""A trained network read from its weights, or from the file of an exported model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from torch import Tensor, nn

from blasr.errors import FormatError
from blasr.inference.onnx_network import OnnxNetwork
from blasr.models import AcousticModel, AcousticModelConfig, build_configured_model
from blasr.nn import binarize
from blasr.training import load_module, load_weights

LoadedNetwork = tuple[nn.Module, Mapping[str, str]]
"""A network, ``(B, 3, 64, T)`` to logits ``(B, num_pdfs, T - 48)``, and the metadata of its file."""


def load_network(config: AcousticModelConfig, num_pdfs: int, weights: Path) -> LoadedNetwork:
    """Return the network in evaluation mode, on the CPU, and the metadata of its weights.

    Args:
        config: the network that the weights belong to.
        num_pdfs: number of its outputs.
        weights: a file whose suffix is one of :data:`LOADERS`.

    Raises:
        DataError, FormatError: the weights are absent or cannot be read.
        MismatchError: they belong to another network.
        DependencyError: an exported model needs onnxruntime, which is not installed.
    """
    loader = LOADERS.get(weights.suffix)
    if loader is None:
        message = f"blasr runs {' and '.join(LOADERS)} models, not {weights.suffix or 'a file without a suffix'}"
        raise FormatError(message, path=weights, fix="export the network with --format onnx or int8")
    return loader(config, num_pdfs, weights)


def _load_weights(config: AcousticModelConfig, num_pdfs: int, weights: Path) -> LoadedNetwork:
    tensors, metadata = load_weights(weights)
    return network_of(config, num_pdfs, tensors, weights).eval(), metadata


def network_of(config: AcousticModelConfig, num_pdfs: int, tensors: Mapping[str, Tensor], path: Path) -> AcousticModel:
    """Return the network with the given weights.

    If the network has binary patterns and the weights are floats, as in the checkpoints of a training of signs, the
    weights are binarized.

    Raises:
        MismatchError: they belong to another network.
    """
    patterns = config.patterns
    if patterns is None or any(name.endswith(".patterns") for name in tensors):
        model = build_configured_model(config, num_pdfs)
        load_module(model, tensors, path)
        return model
    model = build_configured_model(config.in_float, num_pdfs)
    load_module(model, tensors, path)
    binarize(model, patterns.keep, scale=patterns.scale, pointwise=patterns.pointwise)
    return model


def _load_onnx(config: AcousticModelConfig, num_pdfs: int, weights: Path) -> LoadedNetwork:
    network = OnnxNetwork(weights)
    network.check_pdfs(num_pdfs, weights)
    return network.eval(), network.metadata


LOADERS: Final[Mapping[str, Callable[[AcousticModelConfig, int, Path], LoadedNetwork]]] = {
    ".safetensors": _load_weights,
    ".onnx": _load_onnx,
}
"""How networks are loaded, by the suffixes of their files."""
