"""The image models run: sizes, feature maps, timm's customs, and mistakes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

import blasr.vision
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.nn import BigLittleModule, BinarizeConfig, Bottleneck, Resize, ResizeMode, SepModule, is_binarized
from blasr.nn.counting import module_outputs
from blasr.vision import VARIANTS, create_backbone, create_model, find_variant, list_models
from blasr.vision.model import ImageModel

WIDTH = 0.125
KINDS = (
    "resnet50",
    "resnet50_lowres",
    "bl_resnet50_a2b4",
    "bl_resnet50_a4b2",
    "bl_resnext50_32x4d_a2b4",
    "bl_seresnext50_32x4d_a2b4",
    "bl_resnet50_a2b4_concat",
    "bl_resnet50_a2b4_k3",
    "bl_resnet50_a2b4_m2",
    "bl_resnet50_a2b4_m1",
    "bl_resnet101_a2b4_m7",
    "shufflenet_v2_x1_0",
    "bl_shufflenet_v2_x1_0",
    "resnet20",
    "sep_resnet20",
    "sep_net_r",
    "sep_net_bq",
)
MODES: tuple[ResizeMode, ...] = ("bilinear", "nearest")
BACKBONES = ("resnet50", "resnext101_64x4d", "bl_resnet50_a2b4", "bl_seresnext101_32x4d_a4b2", "bl_resnet101_a2b4_m7")


def narrow(name: str, num_classes: int = 5) -> ImageModel:
    torch.manual_seed(0)
    return create_model(name, num_classes, width=WIDTH)


@pytest.mark.parametrize("name", KINDS)
def test_every_parameter_learns(name: str) -> None:
    model = narrow(name)
    for module in model.modules():
        if isinstance(module, Bottleneck):  # blocks begin as their shortcut
            nn.init.ones_(module.expand.norm.weight)
        elif isinstance(module, SepModule):
            nn.init.ones_(module.recover.norm.weight)
    loss = nn.functional.cross_entropy(model(torch.randn(3, 3, 64, 96)), torch.tensor([0, 1, 2]))
    loss.backward()  # type: ignore[no-untyped-call]
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("size", [(64, 64), (75, 128), (224, 197), (64, 33)])
def test_any_size_from_the_stride_up(size: tuple[int, int]) -> None:
    """Odd sizes too: the coarse branch is brought to whatever size the fine one has."""
    with torch.device("meta"):
        model = create_model("bl_resnet50_a2b4", 7)
    for info in model.feature_info:
        outputs = dict(module_outputs(model, (3, *size), model.parts))
        assert outputs[info.name] == (info.channels, -(-size[0] // info.stride), -(-size[1] // info.stride))
    assert outputs["classifier"] == (7,)


@pytest.mark.parametrize("name", BACKBONES)
def test_feature_maps_are_those_of_detectors(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name)
    assert [(info.channels, info.stride) for info in model.feature_info] == [(256, 4), (512, 8), (1024, 16), (2048, 32)]


def test_backbone() -> None:
    backbone = create_backbone("bl_resnet50_a2b4", (1, -1), width=WIDTH).eval()
    assert [(info.name, info.stride) for info in backbone.feature_info] == [("stage2", 8), ("stage4", 32)]
    x = torch.randn(2, 3, 64, 128)
    maps = backbone(x)
    assert [tuple(map_.shape) for map_ in maps] == [(2, 64, 8, 16), (2, 256, 2, 4)]
    torch.testing.assert_close(maps[-1], backbone.model.forward_features(x))
    with pytest.raises(MismatchError, match="out_indices"):
        create_backbone("resnet50", (4,), width=WIDTH)


def test_customs_of_timm() -> None:
    model = narrow("bl_resnet50_a2b4")
    x = torch.randn(2, 3, 64, 64)
    model.eval()
    assert model.num_features == 256
    torch.testing.assert_close(model.forward_head(model.forward_features(x)), model(x))
    model.reset_classifier(3)
    assert model(x).shape == (2, 3)
    assert model.get_classifier() is model.classifier
    model.reset_classifier(0)
    assert model(x).shape == (2, 256)
    gray = create_model("resnet50", 2, in_chans=1, drop_rate=0.5, width=WIDTH)
    assert gray(torch.randn(2, 1, 32, 32)).shape == (2, 2)


def test_every_name_is_a_constructor() -> None:
    with torch.device("meta"):
        for name in ("resnet50", "bl_resnext101_64x4d_a2b4"):
            assert getattr(blasr.vision, name)(num_classes=10).num_classes == 10
    with pytest.raises(AttributeError):
        _ = blasr.vision.bl_resnet51
    assert "seresnext50_32x4d" in list_models("seresnext")


def test_upsampling_is_an_argument() -> None:
    models = {mode: create_model("bl_resnet50_a2b4_k3", 3, mode, width=WIDTH) for mode in MODES}
    for mode, model in models.items():
        assert {module.mode for module in model.modules() if isinstance(module, Resize)} == {mode}
    models["nearest"].load_state_dict(models["bilinear"].state_dict())


def test_three_scales_nest() -> None:
    """Big at a quarter of the resolution, and in place of the little branch a module of the other two."""
    with torch.device("meta"):
        stage = create_model("bl_resnet50_a2b4_k3").stages["stage2"]
    assert isinstance(stage, BigLittleModule) and isinstance(stage.branches["little"], BigLittleModule)
    shapes = {name: stage.branches[name] for name in ("big", "little")}
    sizes = dict(module_outputs(stage, (256, 28, 28), shapes))
    assert sizes == {"big": (512, 7, 7), "little": (256, 28, 28)}


def test_the_seed_decides() -> None:
    first, second = narrow("bl_resnet50_a2b4").state_dict(), narrow("bl_resnet50_a2b4").state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_row_can_be_narrowed(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name, 2, width=0.07)
    assert dict(module_outputs(model, (3, 64, 64), model.parts))["classifier"] == (2,)


def test_mistakes() -> None:
    with pytest.raises(ConfigError, match=r"(?s)bl_resnet50_a2b3.*did you mean bl_resnet50_a2b"):
        create_model("bl_resnet50_a2b3")
    with pytest.raises(ConfigError, match="alpha 3 does not divide the 64 channels of bl_resnet50_a2b4"):
        create_model("bl_resnet50_a2b4", alpha=3)
    with pytest.raises(ConfigError, match="alpha 64 does not divide the 32 groups"):
        create_model("bl_resnext50_32x4d_a2b4", alpha=64)
    with pytest.raises(ConfigError, match="resnet50 has no branches"):
        create_model("resnet50", beta=2)
    with pytest.raises(ConfigError, match="width"):
        create_model("resnet50", width=0.0)
    with pytest.raises(ConfigError, match="bilinear or nearest"):
        create_model("resnet50", upsample="bicubic")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="classes"):
        create_model("resnet50", -1)
    assert find_variant("bl_resnet101_a2b4@256") is VARIANTS["bl_resnet101_a2b4"]
    assert find_variant("bl_resnet50_a2b4", alpha=4, beta=2) == replace(
        VARIANTS["bl_resnet50_a4b2"], name="bl_resnet50_a2b4"
    )
    with pytest.raises(ConfigError, match="alpha 4 does not divide the 116 channels"):
        create_model("bl_shufflenet_v2_x1_0", alpha=4)


def test_wrong_images() -> None:
    model = narrow("bl_resnet50_a2b4")
    with pytest.raises(MismatchError, match=r"expected \(B, 3, H, W\)"):
        model(torch.zeros(1, 1, 64, 64))
    with pytest.raises(MismatchError, match="expected"):
        model(torch.zeros(3, 64, 64))
    with pytest.raises(DataError, match=r"(?s)31 x 64 pixels.*stride is 32"):
        model(torch.zeros(1, 3, 31, 64))


def test_patterns_of_a_model_that_has_some_are_refused() -> None:
    with pytest.raises(ConfigError, match="sep_net_b has binary patterns already"):
        create_model("sep_net_b", patterns=BinarizeConfig())
    assert is_binarized(create_model("resnet20", 3, width=0.5, patterns=BinarizeConfig()))
