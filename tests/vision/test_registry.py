"""Names of image models and the variants that they stand for."""

from __future__ import annotations

import pytest

from blasr.errors import ConfigError
from blasr.vision import VARIANTS, find_variant, list_models
from blasr.vision.registry import network_spec


def test_names_are_found_by_a_part_of_them() -> None:
    assert list_models() == list(VARIANTS) and len(VARIANTS) == 68
    assert list_models("shufflenet_v2_x2") == ["shufflenet_v2_x2_0", "bl_shufflenet_v2_x2_0"]


def test_an_image_size_in_the_name_is_ignored() -> None:
    assert find_variant("bl_resnet101_a2b4@256") is VARIANTS["bl_resnet101_a2b4"]


def test_alpha_and_beta_replace_those_of_the_variant() -> None:
    assert find_variant("bl_resnet50_a2b4", alpha=4, beta=2).alpha == 4
    with pytest.raises(ConfigError, match="resnet50 has no branches"):
        find_variant("resnet50", alpha=2)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        find_variant("bl_resnet50a2b4")
    assert "did you mean bl_resnet50_a2b4 or " in str(caught.value.fix)


@pytest.mark.parametrize("name", ["resnet50", "bl_resnext101_64x4d_a2b4", "bl_shufflenet_v2_x1_0"])
def test_every_family_has_a_network(name: str) -> None:
    spec = network_spec(find_variant(name), 0.5)
    assert spec.modules[0].name == "stage0"
    assert spec.modules[-1].out_channels == {"r": 1024, "b": 1024}[name[0]] if "shuffle" not in name else 512
