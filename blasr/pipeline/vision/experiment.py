"""A trained image model on disk: written by training, or released by the paper's authors."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from blasr.config import load_config, write_yaml
from blasr.errors import DataError, MismatchError
from blasr.io.atomic import atomic_open
from blasr.training import load_module, load_weights, save_weights
from blasr.vision import (
    UPSAMPLE,
    ImageConfig,
    ImageModel,
    ImageModelConfig,
    create_model,
    load_released_state_dict,
    read_released_file,
    released_classes,
    released_variant,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageModelDescription:
    """The content of ``final.yaml``: everything that is needed to build the network and its input again.

    Args:
        model: the network.
        classes: names of its outputs.
        images: how images become its input.
        origin: the epochs of the weights.
    """

    model: ImageModelConfig
    classes: tuple[str, ...]
    images: ImageConfig
    origin: str


def build_image_model(config: ImageModelConfig, num_classes: int) -> ImageModel:
    """Return the configured model with random weights."""
    return create_model(
        config.name,
        num_classes,
        config.upsample,
        drop_rate=config.drop_rate,
        width=config.width,
        alpha=config.alpha,
        beta=config.beta,
        patterns=config.binarize,
    )


def write_final_model(directory: Path, description: ImageModelDescription, weights: Mapping[str, Tensor]) -> None:
    """Write ``final.safetensors``, then ``final.yaml``."""
    save_weights(directory / "final.safetensors", weights, {"origin": description.origin})
    with atomic_open(directory / "final.yaml", "w") as file:
        file.write(write_yaml(description))
    logger.info("written: %s (%s)", directory / "final.safetensors", description.origin)


def load_image_experiment(directory: Path) -> tuple[ImageModel, ImageModelDescription]:
    """Return the trained model of an experiment directory, in evaluation mode.

    Raises:
        DataError: the training is not finished.
        MismatchError: weights and description do not belong together.
    """
    path = directory / "final.yaml"
    if not path.is_file():
        raise DataError(
            "is missing: the experiment is not finished", path=path, fix="run `blasr vision train` to its end"
        )
    description = load_config(ImageModelDescription, path)
    model = build_image_model(description.model, len(description.classes))
    load_module(model, load_weights(directory / "final.safetensors")[0], directory / "final.safetensors")
    return model.eval(), description


def load_released_model(name: str, path: Path) -> ImageModel:
    """Return the model called ``name`` with the weights of a file of the authors' release, in evaluation mode.

    It has as many classes as the classifier in the file; the release has a thousand.

    Raises:
        FormatError, MismatchError: see :func:`blasr.vision.read_released_file` and ``load_released_state_dict``.
    """
    weights = read_released_file(path)
    model = create_model(name, released_classes(weights), UPSAMPLE)
    try:
        load_released_state_dict(model, weights)
    except MismatchError as error:
        fitting = released_variant(weights)
        fix = f"these are the weights of {fitting}: give --name {fitting}" if fitting else error.fix
        raise MismatchError(error.message, path=path, fix=fix) from None
    return model.eval()
