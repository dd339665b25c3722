"""Weights of the authors' PyTorch release of bL-ResNet, bL-ResNeXt and bL-SEResNeXt.

https://github.com/IBM/BigLittleNet publishes state dicts as PyTorch files. Theirs and ours hold the same tensors
under different names; the rules below say which is which.
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
"""How the release brings branches to the same size."""

NUM_CLASSES: Final = 1000
"""Outputs of the release's models, ImageNet's."""

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
    """For every tensor of ``model`` its name in the release.

    Raises:
        MismatchError: for a model that the release does not have, such as one without branches.
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
                # In the release an average pooling, where there is one, is number 0.
                pooled = hasattr(modules[owner.removesuffix(f".project.{kind}")], "pool")
                return f"{prefix}downsample.{_LAYER.index(kind) + (1 if pooled else 0)}.{field}"
    return None


def load_released_state_dict(model: ImageModel, state_dict: Mapping[str, Tensor]) -> None:
    """Copy the release's weights into ``model``, strictly: every name and every shape must agree.

    The release upsamples with the nearest neighbour, so ``model`` should be made with ``upsample="nearest"``.

    Args:
        model: of :func:`blasr.vision.create_model`.
        state_dict: names and tensors as in the release; a prefix ``module.``, which its training leaves, is taken off.

    Raises:
        MismatchError: another variant's weights, told with the first names and shapes that differ.
    """
    given = {name.removeprefix("module."): tensor for name, tensor in state_dict.items()}
    names, own = released_names(model), model.state_dict()
    problems = list(_differences({names[name]: tensor for name, tensor in own.items()}, given))
    if problems:
        raise MismatchError(
            f"these are the weights of another model: {'; '.join(problems[:4])} ({len(problems)} differences)",
            fix="choose the variant that the weights are of, with its depth, alpha, beta and number of classes",
        )
    model.load_state_dict({name: given[released] for name, released in names.items() if released in given}, strict=True)


def released_classes(state_dict: Mapping[str, Tensor]) -> int:
    """Outputs of the classifier that ``state_dict`` has; 1000, the release's, where it has none."""
    bias = state_dict.get("fc.bias", state_dict.get("module.fc.bias"))
    return NUM_CLASSES if bias is None or bias.dim() != 1 else len(bias)


def _differences(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in own.items():
        if name not in given:
            yield f"{name} is missing"
        elif given[name].shape != tensor.shape:
            yield f"{name} is {tuple(given[name].shape)} in the file and {tuple(tensor.shape)} in the model"
    yield from (f"{name} is unknown" for name in given if name not in own)


def released_variant(state_dict: Mapping[str, Tensor]) -> str | None:
    """The name of the model whose weights, by their names and shapes, ``state_dict`` has; None where there is none."""
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
            own = {names[key]: tensor for key, tensor in model.state_dict().items()}
            if next(_differences(own, given), None) is None:
                return name
    return None


def read_released_file(path: Path) -> dict[str, Tensor]:
    """The state dict in a file of the release, or in any file that ``torch.save`` wrote of plain tensors.

    Only tensors, numbers, texts and containers of them are read; nothing in the file is ever run.

    Raises:
        FormatError: the file cannot be read, holds other objects, no state dict, or numbers that are not finite.
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
            f"holds {what}, expected plain tensors alone: loading other objects could run anything",
            path=path,
            fix="have its author save the state dict alone: torch.save(model.state_dict(), path)",
        ) from None
    except Exception as error:  # torch raises errors of many kinds for files of other kinds
        reason = f"{type(error).__name__}: {error}".splitlines()[0].split(". ")[0]
        raise FormatError(f"is damaged or no PyTorch file of plain tensors ({reason})", path=path) from None
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not weights or not all(isinstance(item, Tensor) for item in weights.values()):
        raise FormatError("holds no state dict", path=path)
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise FormatError(f"{name} holds numbers that are not finite", path=path)
    return {str(name): tensor for name, tensor in weights.items()}
