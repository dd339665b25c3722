"""What an image model consists of and costs: parts, sizes, parameters, MACs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from blasr.nn import LayerCount, count_layers, module_outputs
from blasr.vision.factory import create_model, find_variant, network_spec
from blasr.vision.specs import NetworkSpec


@dataclass(frozen=True)
class ImagePartSummary:
    """One row of Tables 4 and 5: a part, its structure in the paper's notation, its output (C, H, W), its cost."""

    name: str
    structure: str
    output: tuple[int, ...]
    params: int
    macs: int


@dataclass(frozen=True)
class ImageSummary:
    """A model's parts and layers, for one image of ``image_size`` x ``image_size``."""

    name: str
    image_size: int
    num_classes: int
    parts: tuple[ImagePartSummary, ...]
    layers: tuple[LayerCount, ...]

    @property
    def params(self) -> int:
        """Trainable parameters."""
        return sum(layer.params for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and the classifier for one image."""
        return sum(layer.macs for layer in self.layers)


def summarize(
    name: str,
    *,
    image_size: int = 224,
    num_classes: int = 1000,
    width: float = 1.0,
    alpha: int | None = None,
    beta: int | None = None,
) -> ImageSummary:
    """Count a model without allocating its weights; the arguments are those of :func:`blasr.vision.create_model`.

    Raises:
        ConfigError: for an unknown name, a width that is not above 0, an alpha that does not divide the channels.
        DataError: for images smaller than the network's stride.
    """
    with torch.device("meta"):
        model = create_model(name, num_classes, width=width, alpha=alpha, beta=beta)
    shape = (model.in_chans, image_size, image_size)
    layers = tuple(count_layers(model, shape))
    network = network_spec(find_variant(name, alpha, beta), width)
    structures = dict(_structures(network, num_classes))
    names = {module: module_name for module_name, module in model.named_modules()}
    parts: list[ImagePartSummary] = []
    for part, output in module_outputs(model, shape, model.parts):
        inside = names[model.parts[part]]
        own = [layer for layer in layers if layer.name == inside or layer.name.startswith(f"{inside}.")]
        params, macs = sum(layer.params for layer in own), sum(layer.macs for layer in own)
        parts.append(ImagePartSummary(part, structures[part], output, params, macs))
    return ImageSummary(name, image_size, num_classes, tuple(parts), layers)


def _structures(network: NetworkSpec, num_classes: int) -> Iterator[tuple[str, str]]:
    yield "stem", str(network.stem)
    for spec in network.modules:
        yield spec.name, str(spec)
        if spec.transition is not None:
            yield spec.transition_name, str(spec.transition)
    yield "classifier", f"mean, linear to {num_classes}"
