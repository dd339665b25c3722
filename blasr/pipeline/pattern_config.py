"""The network that a run trains: its model, with the binary patterns of the section ``binarize``. Light."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from blasr.errors import ConfigError
from blasr.models.config import AcousticModelConfig
from blasr.nn.binarize_config import PatternStageConfig
from blasr.vision.config import ImageModelConfig

Model = TypeVar("Model", AcousticModelConfig, ImageModelConfig)


def network_config(model: Model, binarize: PatternStageConfig | None, trained: Path | None) -> Model:
    """Return ``model`` with the patterns of ``binarize``.

    Args:
        model: the section ``model`` of a run.
        binarize: its section ``binarize``, if there is one.
        trained: where the first weights come from.

    Raises:
        ConfigError: the model has patterns already, or there is no trained network to make patterns from.
    """
    if binarize is not None and model.patterns is not None:
        raise ConfigError(
            f"the model has {model.patterns} already, and there is a section binarize",
            fix="leave out binarize to train the patterns further",
        )
    network = model if binarize is None else replace(model, binarize=binarize.patterns)
    if network.patterns is not None and trained is None:
        raise ConfigError(
            "binary patterns are made from a trained network: training does not change their signs",
            fix="set initialize_from to an experiment that was trained in float",
        )
    return network
