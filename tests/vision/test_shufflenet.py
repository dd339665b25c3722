"""ShuffleNetV2 and its big-little form as data."""

from __future__ import annotations

import pytest

from blasr.errors import ConfigError
from blasr.vision.shufflenet import SHUFFLE_VARIANTS, ShuffleVariant, network_spec


def test_the_plain_network_has_the_published_stages() -> None:
    spec = network_spec(SHUFFLE_VARIANTS["shufflenet_v2_x1_0"])
    assert spec.stem.channels == 24
    assert [module.channels for module in spec.modules] == [24, 116, 232, 464]
    assert [len(module.branches[0]) + 1 for module in spec.modules[1:]] == [4, 8, 4]  # with the transition's unit
    assert spec.modules[-1].out_channels == 1024


def test_the_first_two_stages_of_the_big_little_form_branch() -> None:
    spec = network_spec(SHUFFLE_VARIANTS["bl_shufflenet_v2_x1_0"])
    assert [len(module.branches) for module in spec.modules] == [1, 2, 2, 1]
    big, little = spec.modules[1].branches
    assert [layer.channels for layer in big] == [116] * 4 and [layer.channels for layer in little] == [58] * 1 + [58]


def test_widths_round_to_even_halves() -> None:
    spec = network_spec(SHUFFLE_VARIANTS["bl_shufflenet_v2_x1_0"], 0.3)
    assert all(module.channels % 4 == 0 for module in spec.modules)


def test_an_alpha_that_does_not_divide_the_channels_is_refused() -> None:
    with pytest.raises(ConfigError, match="alpha 3 does not divide the 116 channels"):
        ShuffleVariant("x", (116, 232, 464, 1024), alpha=3, scales=2)
