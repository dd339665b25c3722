"""Starting a training from a trained network: its weights, and the binary patterns that are made from them.

The first stage trains in float. The second stage binarizes the result and trains scales, 1x1 convolutions, biases and
normalization further (SEP-Nets, arXiv 1706.03912). Networks with patterns can be trained further as they are, or with
8-bit 1x1 convolutions.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor, nn

from blasr.errors import ConfigError, MismatchError
from blasr.inference import MANIFEST_NAME, exported_model
from blasr.nn import BinarizeConfig, PatternStageConfig, binarize, quantize_pointwise, train_signs
from blasr.pipeline.cascade import CASCADE_FILE, LITTLE_FOLDER, REPORT_FILE
from blasr.training import load_module

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A trained network to start from.

    Attributes:
        path: its experiment directory or its file.
        weights: its state.
        patterns: the binary patterns that it has; None in float.
    """

    path: Path
    weights: Mapping[str, Tensor]
    patterns: BinarizeConfig | None = None


def check_initial_experiment(directory: Path | None) -> None:
    """Refuse a folder that does not have the weights of one network, before a training starts from it.

    Args:
        directory: ``initialize_from`` of a run.

    Raises:
        ConfigError: it is a cascade, which has two networks, or an exported network, which cannot be trained.
    """
    if directory is None:
        return
    if (directory / CASCADE_FILE).is_file():
        raise ConfigError(
            "is a cascade of two networks, but a training starts from one",
            path=directory,
            fix=f"set initialize_from to {directory / LITTLE_FOLDER} for the little network; for the big one, to its "
            f"own experiment, which {directory / REPORT_FILE} names under models",
        )
    exported = exported_model(directory)
    if exported is not None:
        raise ConfigError(
            f"is an exported network ({exported.name}), which cannot be trained",
            path=directory,
            fix=f"set initialize_from to the experiment that it was exported from; {MANIFEST_NAME} names it",
        )


def start_from(
    model: nn.Module,
    trained: TrainedNetwork,
    patterns: BinarizeConfig | None,
    *,
    stage: PatternStageConfig | None = None,
    whole: str = "",
) -> None:
    """Give a network the weights of a trained one, and binary patterns, in place.

    Args:
        model: the network of this run in float, with random weights.
        trained: where the weights come from. Those of other names or shapes are left out.
        patterns: the patterns that this run trains; None in float.
        stage: how this run makes the patterns, if ``trained`` does not have them yet.
        whole: what needs all weights of the network, if anything does; patterns do anyway.

    Raises:
        ConfigError: ``trained`` has patterns, and this run trains in float, binarizes it again, or in another way.
        MismatchError: all weights are needed, and some are of another network.
    """
    check_patterns(trained, patterns, is_new_stage=stage is not None)
    source = trained.patterns
    if source is not None:
        binarize(model, source.keep, scale=source.scale, pointwise=source.pointwise)
    expected = model.state_dict()
    fitting = {
        name: tensor
        for name, tensor in trained.weights.items()
        if name in expected and expected[name].shape == tensor.shape
    }
    if len(fitting) < len(expected) and (whole or patterns is not None):
        raise MismatchError(
            f"only {len(fitting)} of {len(expected)} tensors fit this model",
            path=trained.path,
            fix=f"{whole or 'a second stage'} needs a network of the same model, width and outputs",
        )
    model.load_state_dict(fitting, strict=False)
    logger.info("initialized %d of %d tensors from %s", len(fitting), len(expected), trained.path)
    if patterns is None or patterns == source:
        return
    if stage is not None and stage.signs == "trained":
        if source is not None:
            raise ConfigError("signs are trained from a network in float", path=trained.path, fix="set signs: fixed")
        train_signs(model, patterns.keep, pointwise=patterns.pointwise)
    elif source is None:
        binarize(model, patterns.keep, scale=patterns.scale, pointwise=patterns.pointwise)
    else:
        quantize_pointwise(model, patterns.keep)
    logger.info("now with %s", patterns)


def finished_weights(
    model: nn.Module, weights: Mapping[str, Tensor], stage: PatternStageConfig | None, path: Path
) -> Mapping[str, Tensor]:
    """Return the weights to write after a training: packed patterns if the training had floats behind the signs.

    Args:
        model: a network in float, which is changed.
        weights: the trained weights.
        stage: how the patterns were made, if they were made by this run.
        path: the experiment, for errors.
    """
    if stage is None or stage.signs == "fixed":
        return weights
    load_module(model, weights, path)
    return binarize(model, stage.keep, scale=stage.scale, pointwise=stage.pointwise).state_dict()


def check_patterns(trained: TrainedNetwork, patterns: BinarizeConfig | None, *, is_new_stage: bool) -> None:
    """Compare the patterns of a trained network with those of the run that starts from it; see :func:`start_from`."""
    source = trained.patterns
    if source is None or (patterns == source and not is_new_stage):
        return
    if source.pointwise == "float" and patterns == replace(source, pointwise="int8"):
        return
    further = f"to train it further, copy the section model of {trained.path / 'final.yaml'} and leave out binarize"
    if patterns is None:
        raise ConfigError(f"has {source}, but this run trains in float", path=trained.path, fix=further)
    if is_new_stage:
        raise ConfigError(f"is binarized already: it has {source}", path=trained.path, fix=further)
    raise ConfigError(f"has {source}, but this run {patterns}", path=trained.path, fix=further)
