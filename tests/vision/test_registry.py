"""Names of image models and the variants that they stand for."""

from __future__ import annotations

import pytest

from blasr.errors import ConfigError
from blasr.vision import VARIANTS, find_variant, list_models
from blasr.vision.registry import in_float, network_spec, patterns_of
from blasr.vision.sepnet import SEP_VARIANTS
from blasr.vision.variants import ImageVariant


def test_names_are_found_by_a_part_of_them() -> None:
    assert list_models() == list(VARIANTS) and len(VARIANTS) == 81
    assert list_models("shufflenet_v2_x2") == ["shufflenet_v2_x2_0", "bl_shufflenet_v2_x2_0"]


def test_an_image_size_in_the_name_is_ignored() -> None:
    assert find_variant("bl_resnet101_a2b4@256") is VARIANTS["bl_resnet101_a2b4"]


def test_alpha_and_beta_replace_those_of_the_variant() -> None:
    variant = find_variant("bl_resnet50_a2b4", alpha=4, beta=2)
    assert isinstance(variant, ImageVariant) and (variant.alpha, variant.beta) == (4, 2)
    for name in ("resnet50", "resnet20", "sep_net_r"):
        with pytest.raises(ConfigError, match=f"{name} has no branches"):
            find_variant(name, alpha=2)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        find_variant("bl_resnet50a2b4")
    assert "did you mean bl_resnet50_a2b4 or " in str(caught.value.fix)


def test_names_of_the_form_in_float() -> None:
    assert in_float("sep_net_bq_32") == "sep_net_r_32" and in_float("resnet20") == "resnet20"
    assert patterns_of("sep_net_r") is None and patterns_of("resnet50") is None
    assert patterns_of("sep_net_b") == SEP_VARIANTS["sep_net_b"].binarize is not None


@pytest.mark.parametrize("name", ["resnet50", "bl_resnext101_64x4d_a2b4", "bl_shufflenet_v2_x1_0"])
def test_every_family_has_a_network(name: str) -> None:
    spec = network_spec(find_variant(name), 0.5)
    assert spec.modules[0].name == "stage0"
    assert spec.modules[-1].out_channels == {"r": 1024, "b": 1024}[name[0]] if "shuffle" not in name else 512
