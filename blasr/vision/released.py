"""Weights of the authors' PyTorch release of bL-ResNet, bL-ResNeXt and bL-SEResNeXt.

https://github.com/IBM/BigLittleNet publishes state dicts as PyTorch files. They have the same tensors as our models
under other names; the rules below translate the names.
"""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from blasr.errors import FormatError, MismatchError
from blasr.vision.factory import create_model
from blasr.vision.model import ImageModel
from blasr.vision.variants import PLANES, RESNET_VARIANTS

UPSAMPLE: Final = "nearest"
"""How the released models resize their branches."""

NUM_CLASSES: Final = 1000
"""Outputs of the released models: the classes of ImageNet."""

_LAYER: Final = ("conv", "norm")

_STEM: Final = {
    "stages.stem": ("conv1", "bn1"),
    "stages.stage0.branches.big.0": ("b_conv0", "bn_b0"),
    "stages.stage0.branches.little.0": ("l_conv0", "bn_l0"),
    "stages.stage0.branches.little.1": ("l_conv1", "bn_l1"),
    "stages.stage0.projections.little": ("l_conv2", "bn_l2"),
    "stages.transition0": ("bl_init", "bn_bl_init"),
}

_STAGES: Final = (
    (re.compile(r"stages\.stage([123])\.branches\.(big|little)\.(\d+)\."), r"layer\1.\2.\3."),
    (re.compile(r"stages\.stage([123])\.projections\.little\.conv\."), r"layer\1.little_e.0."),
    (re.compile(r"stages\.stage([123])\.projections\.little\.norm\."), r"layer\1.little_e.1."),
    (re.compile(r"stages\.transition([123])\."), r"layer\1.fusion.0."),
    (re.compile(r"stages\.stage4\.(\d+)\."), r"layer4.\1."),
)

_BLOCK: Final = {
    "reduce.conv": "conv1",
    "reduce.norm": "bn1",
    "conv.conv": "conv2",
    "conv.norm": "bn2",
    "expand.conv": "conv3",
    "expand.norm": "bn3",
    "gate.squeeze": "se_layer.fc1",
    "gate.excite": "se_layer.fc2",
}


def released_names(model: ImageModel) -> dict[str, str]:
    """Return the name in the release of every tensor of ``model``.

    Raises:
        MismatchError: the release has no such model, for example for a network without branches.
    """
    modules = dict(model.named_modules())
    names: dict[str, str] = {}
    for name in model.state_dict():
        released = _released_name(name, modules)
        if released is None:
            raise MismatchError(
                f"the release has no counterpart of {name}",
                fix="its weights are for bl_resnet, bl_resnext and bl_seresnext with two scales, merged by addition "
                "after every stage",
            )
        names[name] = released
    return names


def _released_name(name: str, modules: Mapping[str, Any]) -> str | None:
    owner, _, field = name.rpartition(".")
    if owner == "classifier":
        return f"fc.{field}"
    layer, _, kind = owner.rpartition(".")
    if layer in _STEM and kind in _LAYER:
        return f"{_STEM[layer][_LAYER.index(kind)]}.{field}"
    for pattern, replacement in _STAGES:
        match = pattern.match(name)
        if match:
            rest = owner[match.end() :]
            prefix = match.expand(replacement)
            if "little_e" in prefix:
                return prefix + field
            if rest in _BLOCK:
                return f"{prefix}{_BLOCK[rest]}.{field}"
            if rest.startswith("shortcut.project."):
                # In the release, the average pooling, if there is one, is number 0.
                pooled = hasattr(modules[owner.removesuffix(f".project.{kind}")], "pool")
                return f"{prefix}downsample.{_LAYER.index(kind) + (1 if pooled else 0)}.{field}"
    return None


def load_released_state_dict(model: ImageModel, state_dict: Mapping[str, Tensor]) -> None:
    """Copy released weights into ``model``; every name and every shape must agree.

    The released models upsample by the nearest neighbor, so ``model`` should have ``upsample="nearest"``.

    Args:
        model: from :func:`blasr.vision.create_model`.
        state_dict: names and tensors as in the release; a prefix ``module.``, which training leaves, is removed.

    Raises:
        MismatchError: these are the weights of another variant; the message has the first differences.
    """
    given = {name.removeprefix("module."): tensor for name, tensor in state_dict.items()}
    names = released_names(model)
    problems = list(_differences({names[name]: tensor for name, tensor in model.state_dict().items()}, given))
    if problems:
        raise MismatchError(
            f"these are the weights of another model: {'; '.join(problems[:4])} ({len(problems)} differences)",
            fix="choose the variant of the weights, with the same depth, alpha, beta and number of classes",
        )
    model.load_state_dict({name: given[released] for name, released in names.items() if released in given}, strict=True)


def released_classes(state_dict: Mapping[str, Tensor]) -> int:
    """Return the number of outputs of the classifier in ``state_dict``; 1000 if it has no classifier."""
    bias = state_dict.get("fc.bias", state_dict.get("module.fc.bias"))
    return NUM_CLASSES if bias is None or bias.dim() != 1 else len(bias)


def _differences(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in expected.items():
        if name not in given:
            yield f"{name} is missing"
        elif given[name].shape != tensor.shape:
            yield f"{name} is {tuple(given[name].shape)} in the file and {tuple(tensor.shape)} in the model"
    yield from (f"{name} is unknown" for name in given if name not in expected)


def released_variant(state_dict: Mapping[str, Tensor]) -> str | None:
    """Return the name of the model that the names and shapes in ``state_dict`` fit, or None."""
    given = {name.removeprefix("module."): tensor for name, tensor in state_dict.items()}
    little = given.get("l_conv0.weight", torch.empty(0)).shape[0]
    gated = any(".se_layer." in name for name in given)
    for name, variant in RESNET_VARIANTS.items():
        if variant.big_little and variant.gated == gated and PLANES[0] == variant.alpha * little:
            with torch.device("meta"):
                model = create_model(name, released_classes(state_dict))
            try:
                names = released_names(model)
            except MismatchError:
                continue
            expected = {names[key]: tensor for key, tensor in model.state_dict().items()}
            if next(_differences(expected, given), None) is None:
                return name
    return None


def read_released_file(path: Path) -> dict[str, Tensor]:
    """Return the state dict in a file of the release, or in any file of plain tensors that ``torch.save`` wrote.

    Only tensors, numbers, strings and containers of them are read. Nothing in the file is ever run.

    Raises:
        FormatError: the file cannot be read, or contains other objects, no state dict, or numbers that are not finite.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # torch's, on pickles of other protocols
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", path=path) from None
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        what = found[1] if found else "Python objects"
        raise FormatError(
            f"contains {what}, expected only plain tensors: loading other objects could run any code",
            path=path,
            fix="ask its author to save the state dict only: torch.save(model.state_dict(), path)",
        ) from None
    except Exception as error:  # torch raises errors of many kinds for files of other kinds
        reason = f"{type(error).__name__}: {error}".splitlines()[0].split(". ")[0]
        raise FormatError(f"is damaged, or not a PyTorch file of plain tensors ({reason})", path=path) from None
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not weights or not all(isinstance(item, Tensor) for item in weights.values()):
        raise FormatError("contains no state dict", path=path)
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise FormatError(f"{name} contains numbers that are not finite", path=path)
    return {str(name): tensor for name, tensor in weights.items()}
