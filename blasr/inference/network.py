"""A trained network read from its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from blasr.models import AcousticModel, AcousticModelConfig, build_configured_model
from blasr.training import load_module, load_weights


def load_network(config: AcousticModelConfig, num_pdfs: int, weights: Path) -> tuple[AcousticModel, Mapping[str, str]]:
    """Return the network in evaluation mode, on the CPU, and the metadata of its weights.

    Raises:
        DataError, FormatError: the weights are absent or cannot be read.
        MismatchError: they belong to another network.
    """
    tensors, metadata = load_weights(weights)
    model = build_configured_model(config, num_pdfs)
    load_module(model, tensors, weights)
    return model.eval(), metadata
