"""What an image model consists of and costs: parts, sizes, parameters, MACs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from blasr.nn import FileSize, ModelSummary, compare_file_sizes, summarize_parts
from blasr.vision.factory import create_model
from blasr.vision.registry import find_variant, in_float, network_spec, patterns_of
from blasr.vision.sepnet import SEP_VARIANTS
from blasr.vision.specs import NetworkSpec


@dataclass(frozen=True)
class ImageSummary(ModelSummary):
    """The parts (the rows of Tables 4 and 5) and the layers of an image model, for one square image."""

    name: str
    image_size: int
    num_classes: int


def summarize(
    name: str,
    *,
    image_size: int = 224,
    num_classes: int = 1000,
    width: float = 1.0,
    alpha: int | None = None,
    beta: int | None = None,
) -> ImageSummary:
    """Count a model without allocating its weights.

    Args:
        name: the model's name.
        image_size: height and width of the image.
        num_classes: outputs.
        width: multiplies the channel counts.
        alpha, beta: in place of those of the variant.

    Raises:
        ConfigError: the name is unknown, the width is not above 0, or alpha does not divide the channels.
        DataError: the image is smaller than the network's stride.
    """
    with torch.device("meta"):
        model = create_model(name, num_classes, width=width, alpha=alpha, beta=beta)
    structures = dict(_structures(network_spec(find_variant(name, alpha, beta), width), num_classes))
    counted = summarize_parts(model, model.parts, structures, (model.in_chans, image_size, image_size))
    return ImageSummary(counted.parts, counted.layers, name, image_size, num_classes)


def weight_sizes(
    name: str,
    *,
    num_classes: int = 1000,
    width: float = 1.0,
    alpha: int | None = None,
    beta: int | None = None,
    keep: Sequence[str] | None = None,
) -> dict[str, FileSize]:
    """Return the size of a model's weights in float, as patterns, and as patterns with 8-bit 1x1 convolutions.

    Args:
        name, num_classes, width, alpha, beta: see :func:`summarize`; for a model with patterns, its network in float is
            compared.
        keep: what stays in float; by default what the model keeps.

    Raises:
        ConfigError: see :func:`summarize` and :func:`blasr.nn.binarize`.
    """
    patterns = patterns_of(name) or next((row.binarize for row in SEP_VARIANTS.values() if row.in_float == name), None)
    kept = patterns.keep if keep is None and patterns is not None else keep or ()
    plain = in_float(name)
    with torch.device("meta"):
        return compare_file_sizes(lambda: create_model(plain, num_classes, width=width, alpha=alpha, beta=beta), kept)


def _structures(network: NetworkSpec, num_classes: int) -> Iterator[tuple[str, str]]:
    """Yield name and structure of each part."""
    yield "stem", str(network.stem)
    for spec in network.modules:
        yield spec.name, str(spec)
        if spec.transition is not None:
            yield spec.transition_name, str(spec.transition)
    yield "classifier", f"mean, linear to {num_classes}"
