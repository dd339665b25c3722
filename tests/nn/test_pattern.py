"""Binary patterns: the nearest ones, what is trained, what is kept, files that hold them, and mistakes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from blasr.errors import ConfigError
from blasr.models import build_acoustic_model
from blasr.nn import PatternConv2d, Pointwise, binarize, count_layers, is_binarized
from blasr.vision import create_model

SPEECH = ("resnet22", "bl_resnet22_a2b3", "bl_resnet22_a4b1_cat", "bl_pyr_resnet22_a4b1")
IMAGES = ("resnet50", "bl_resnet50_a2b4", "bl_seresnext50_32x4d_a2b4", "bl_shufflenet_v2_x1_0")


def network(name: str) -> tuple[nn.Module, torch.Tensor]:
    """A narrow network in evaluation mode and an input."""
    torch.manual_seed(3)
    if name in SPEECH:
        return build_acoustic_model(name, num_pdfs=7, width=0.06).eval(), torch.randn(2, 3, 64, 51)
    return create_model(name, 5, width=0.125).eval(), torch.randn(2, 3, 64, 64)


def patterns_of(model: nn.Module) -> dict[str, PatternConv2d]:
    return {name: module for name, module in model.named_modules() if isinstance(module, PatternConv2d)}


@pytest.mark.parametrize("groups", [1, 3])
def test_the_pattern_is_the_nearest_one(groups: int) -> None:
    """Any other sign of any weight, and any other scale, is farther from the filter."""
    conv = nn.Conv2d(6, 9, (3, 2), stride=(2, 1), padding=1, groups=groups)
    weight = conv.weight.detach().clone()
    weight[0, 0, 0] = torch.tensor([0.0, -0.0])
    conv.weight.data.copy_(weight)
    pattern = PatternConv2d(conv)
    assert torch.equal(pattern.scales, weight.abs().mean((1, 2, 3)))
    assert torch.equal(pattern.signs[0, 0, 0], torch.tensor([1, 1], dtype=torch.int8))
    best = (weight - pattern.weight).square().sum((1, 2, 3))
    for scale in (0.9, 1.1):
        assert ((weight - scale * pattern.weight).square().sum((1, 2, 3)) > best).all()
    flipped = pattern.weight.detach().clone()
    flipped[:, 0, 1] *= -1
    assert ((weight - flipped).square().sum((1, 2, 3)) > best).all()


def test_the_convolution_is_that_of_the_pattern() -> None:
    conv = nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2)
    pattern = PatternConv2d(conv)
    x = torch.randn(2, 4, 9, 9)
    expected = nn.functional.conv2d(x, pattern.signs.float(), None, 2, 1, groups=2)
    expected = expected * pattern.scales.view(-1, 1, 1) + conv.bias.view(-1, 1, 1)  # type: ignore[union-attr]
    torch.testing.assert_close(pattern(x), expected)


@pytest.mark.parametrize("name", [*SPEECH, *IMAGES])
def test_every_k_x_k_convolution_and_nothing_else(name: str) -> None:
    model, x = network(name)
    kernels = {key: conv.kernel_size for key, conv in model.named_modules() if isinstance(conv, nn.Conv2d)}
    assert binarize(model) is model and is_binarized(model)
    assert set(patterns_of(model)) == {key for key, kernel in kernels.items() if kernel != (1, 1)}
    assert torch.isfinite(model(x)).all()
    layers = {layer.name: layer for layer in count_layers(model, x.shape[1:])}
    plain = {layer.name: layer for layer in count_layers(network(name)[0], x.shape[1:])}
    assert {key: layer.macs for key, layer in layers.items()} == {key: layer.macs for key, layer in plain.items()}
    assert next(layer.kind for layer in layers.values()).startswith("PatternConv2d ")


def test_training_changes_everything_but_the_signs() -> None:
    model, x = network("bl_resnet22_a2b3")
    binarize(model).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model(x).square().mean().backward()
    optimizer.step()
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert {key.rpartition(".")[2] for key in changed} >= {"scales", "weight", "bias", "running_mean"}
    assert not any(key.endswith("patterns") for key in changed)
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_one_constant_for_the_network_is_fixed() -> None:
    model, _ = network("resnet22")
    weights = [conv.weight for conv in model.modules() if isinstance(conv, nn.Conv2d) and conv.kernel_size != (1, 1)]
    expected = torch.cat([weight.detach().flatten() for weight in weights]).abs().mean()
    binarize(model, scale="global")
    for pattern in patterns_of(model).values():
        assert pattern.scales.shape == (1,) and not isinstance(pattern.scales, nn.Parameter)
        torch.testing.assert_close(pattern.scales[0], expected)
    count_layers(model, (3, 64, 49))


@pytest.mark.parametrize(
    ("name", "keep", "kept"),
    [
        ("resnet22", ("stem", "head"), lambda name, stride: name in ("stem.conv", "head.conv")),
        ("resnet50", ("stem",), lambda name, stride: name == "stages.stem.conv"),
        ("resnet22", ("strided",), lambda name, stride: stride == (2, 1) and name != "stem.conv"),
        ("bl_resnet22_a2b3", ("stages.stage1.branches.big",), lambda name, stride: "stage1.branches.big." in name),
    ],
)
def test_parts_stay_in_float(name: str, keep: tuple[str, ...], kept: Callable[[str, tuple[int, ...]], bool]) -> None:
    model, _ = network(name)
    kernels = {
        key: conv.stride
        for key, conv in model.named_modules()
        if isinstance(conv, nn.Conv2d) and conv.kernel_size != (1, 1)
    }
    expected = {key for key, stride in kernels.items() if not kept(key, stride)}
    assert expected != set(kernels)
    assert set(patterns_of(binarize(model, keep))) == expected


@pytest.mark.parametrize("name", ["bl_resnet22_a2b3", "bl_shufflenet_v2_x1_0"])
@pytest.mark.parametrize("pointwise", ["float", "int8", "patterns"])
@pytest.mark.parametrize("scale", ["filter", "global"])
def test_a_file_gives_the_same_outputs_to_the_bit(name: str, pointwise: Pointwise, scale: str, tmp_path: Path) -> None:
    model, x = network(name)
    binarize(model, scale=scale, pointwise=pointwise)  # type: ignore[arg-type]
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    torch.manual_seed(99)
    other = copy.deepcopy(network(name)[0])
    for parameter in other.parameters():
        parameter.data.normal_()
    binarize(other, scale=scale, pointwise=pointwise)  # type: ignore[arg-type]
    assert not torch.equal(other(x), model(x))
    other.load_state_dict(load_file(tmp_path / "model.safetensors"))
    assert torch.equal(other(x), model(x))


@pytest.mark.parametrize("again", [lambda model: binarize(model), lambda model: binarize(model, pointwise="int8")])
def test_binarizing_twice_is_refused(again: Callable[[nn.Module], nn.Module]) -> None:
    model, _ = network("resnet22")
    before = binarize(model).state_dict()
    with pytest.raises(ConfigError, match="is binarized already"):
        again(model)
    assert model.state_dict().keys() == before.keys()


def test_what_is_not_there_is_refused() -> None:
    model, _ = network("resnet22")
    with pytest.raises(ConfigError, match="keep: the network has no part 'stemm'"):
        binarize(model, ("stemm",))
    with pytest.raises(ConfigError, match="no convolution of k x k weights"):
        binarize(nn.Sequential(nn.Conv2d(3, 4, 1)))
    with pytest.raises(ValueError, match="padding mode reflect"):
        PatternConv2d(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"))
