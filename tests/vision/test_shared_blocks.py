"""Speech and vision consist of the same blocks, and neither imports the other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from torch import nn

import blasr
from blasr.models import build_acoustic_model
from blasr.nn import (
    BigLittleModule,
    Bottleneck,
    ConvNorm,
    PatternConv2d,
    ResidualBlock,
    Resize,
    SepModule,
    ShuffleUnit,
    SqueezeExcitation,
)
from blasr.vision import VARIANTS, create_model
from blasr.vision.cifar import CIFAR_VARIANTS

PACKAGE = Path(blasr.__file__).parent


def block_classes(model: nn.Module) -> set[type[nn.Module]]:
    """The classes of blasr that ``model`` is made of, but for the model's own."""
    classes = {type(module) for module in model.modules() if module is not model}
    return {cls for cls in classes if cls.__module__.startswith("blasr.")}


def test_the_same_classes() -> None:
    with torch.device("meta"):
        speech = block_classes(build_acoustic_model("bl_resnet22_a2b3", num_pdfs=9))
        vision = block_classes(create_model("bl_resnet50_a2b4"))
    assert speech & vision == {BigLittleModule, ConvNorm, Resize}


@pytest.mark.parametrize("name", VARIANTS)
def test_vision_has_no_blocks_of_its_own(name: str) -> None:
    with torch.device("meta"):
        classes = block_classes(create_model(name))
    assert {cls.__module__.split(".")[1] for cls in classes} == {"nn"}
    gated = name.removeprefix("bl_").startswith("seres")
    expected: set[type[nn.Module]] = {Bottleneck} | ({SqueezeExcitation} if gated else set())
    if "shuffle" in name:
        expected = {ShuffleUnit}
    elif name in CIFAR_VARIANTS:
        expected = {ResidualBlock}
    elif name.startswith("sep_net"):
        expected = {SepModule} | (set() if "_r" in name else {PatternConv2d})
    assert expected <= classes
    assert (BigLittleModule in classes) is name.startswith("bl_")


@pytest.mark.parametrize(("package", "other"), [("models", "vision"), ("vision", "models"), ("nn", "vision")])
def test_neither_imports_the_other(package: str, other: str) -> None:
    for path in (PACKAGE / package).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            assert not any(name.startswith(f"blasr.{other}") for name in names), (path, names)
