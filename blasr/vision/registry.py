"""Every image model by name, and the network of each name. Light: imports no torch."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Final

from blasr.errors import ConfigError
from blasr.nn.binarize_config import BinarizeConfig
from blasr.vision.cifar import CIFAR_VARIANTS, CifarVariant
from blasr.vision.cifar import network_spec as cifar_spec
from blasr.vision.layout import network_spec as resnet_spec
from blasr.vision.sepnet import SEP_VARIANTS, SepNetVariant
from blasr.vision.sepnet import network_spec as sepnet_spec
from blasr.vision.shufflenet import SHUFFLE_VARIANTS, ShuffleVariant
from blasr.vision.shufflenet import network_spec as shufflenet_spec
from blasr.vision.specs import NetworkSpec
from blasr.vision.variants import RESNET_VARIANTS, ImageVariant

Variant = ImageVariant | ShuffleVariant | CifarVariant | SepNetVariant

VARIANTS: Final[dict[str, Variant]] = {**RESNET_VARIANTS, **SHUFFLE_VARIANTS, **CIFAR_VARIANTS, **SEP_VARIANTS}
"""Every image model by name: those of the paper, then ResNets for CIFAR, then SEP-Nets."""


def list_models(pattern: str = "") -> list[str]:
    """Return the names of the models that contain ``pattern``."""
    return [name for name in VARIANTS if pattern in name]


def find_variant(name: str, alpha: int | None = None, beta: int | None = None) -> Variant:
    """Return the variant called ``name``, perhaps with another alpha or beta.

    An image size after an ``@`` in the name is ignored.

    Raises:
        ConfigError: the name is unknown (the nearest ones are suggested), alpha does not divide the channels, or the
            network has no branches and alpha or beta is given.
    """
    plain_name = name.partition("@")[0]
    if plain_name not in VARIANTS:
        nearest = difflib.get_close_matches(plain_name, VARIANTS, n=3, cutoff=0.4)
        raise ConfigError(
            f"unknown vision model {name!r}, expected one of the {len(VARIANTS)} that `blasr vision list` prints",
            fix=f"did you mean {' or '.join(nearest)}?" if nearest else None,
        )
    variant = VARIANTS[plain_name]
    if alpha is None and beta is None:
        return variant
    if isinstance(variant, CifarVariant | SepNetVariant) or not variant.big_little:
        raise ConfigError(f"{name} has no branches", fix="leave out alpha and beta, or choose a name with bl_")
    return replace(
        variant,
        alpha=variant.alpha if alpha is None else alpha,
        beta=variant.beta if beta is None else beta,
    )


def network_spec(variant: Variant, width: float) -> NetworkSpec:
    """Return the layers of ``variant``, with its channel counts multiplied by ``width``."""
    match variant:
        case ShuffleVariant():
            return shufflenet_spec(variant, width)
        case CifarVariant():
            return cifar_spec(variant, width)
        case SepNetVariant():
            return sepnet_spec(variant, width)
        case ImageVariant():
            return resnet_spec(variant, width)


def patterns_of(name: str) -> BinarizeConfig | None:
    """Return the binary patterns that the model of this name has; None in float."""
    variant = find_variant(name)
    return variant.binarize if isinstance(variant, SepNetVariant) else None


def in_float(name: str) -> str:
    """Return the name of the same network in float."""
    variant = find_variant(name)
    return (variant.in_float if isinstance(variant, SepNetVariant) else "") or name
