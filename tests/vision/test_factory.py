"""Building image models: initial weights, feature maps, refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from blasr.errors import ConfigError
from blasr.nn import Bottleneck
from blasr.vision import create_backbone, create_model


def test_every_block_starts_as_its_shortcut() -> None:
    model = create_model("bl_resnet50_a2b4", 3, width=0.125)
    blocks = [module for module in model.modules() if isinstance(module, Bottleneck)]
    assert len(blocks) > 10 and not any(block.expand.norm.weight.any() for block in blocks)


def test_the_same_seed_gives_the_same_weights() -> None:
    torch.manual_seed(4)
    one = create_model("bl_shufflenet_v2_x1_0", 3, width=0.25)
    torch.manual_seed(4)
    other = create_model("bl_shufflenet_v2_x1_0", 3, width=0.25)
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in one.state_dict().items())


def test_a_backbone_has_the_maps_that_were_chosen() -> None:
    backbone = create_backbone("bl_resnet50_a2b4", (1, 3), width=0.125).eval()
    assert [info.stride for info in backbone.feature_info] == [8, 32]
    maps = backbone(torch.zeros(1, 3, 64, 64))
    assert [item.shape[1:] for item in maps] == [
        (info.channels, 64 // info.stride, 64 // info.stride) for info in backbone.feature_info
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": -1}, "found -1 classes"),
        ({"in_chans": 0}, "0 input channels"),
        ({"width": 0.0}, "found width 0.0"),
        ({"drop_rate": 1.0}, "found drop_rate 1.0"),
        ({"upsample": "cubic"}, "found upsample 'cubic'"),
        ({"alpha": 3}, "alpha 3 does not divide"),
    ],
)
def test_models_that_cannot_exist_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create_model("bl_resnet50_a2b4", **options)
