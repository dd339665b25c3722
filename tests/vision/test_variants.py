"""The rows of ResNet and its relatives: names, shares of channels, refusals."""

from __future__ import annotations

from fractions import Fraction

import pytest

from blasr.errors import ConfigError
from blasr.vision.variants import RESNET_VARIANTS, ImageVariant


def test_names_and_rows_agree() -> None:
    assert all(name == variant.name for name, variant in RESNET_VARIANTS.items())
    assert all(variant.big_little is name.startswith("bl_") for name, variant in RESNET_VARIANTS.items())
    assert RESNET_VARIANTS["bl_resnet101_a2b4"].blocks == (4, 8, 18, 3)  # Table 5


def test_shares_of_the_channels() -> None:
    two = RESNET_VARIANTS["bl_resnet50_a4b4"]
    assert two.share(0) == 1 and two.share(1) == Fraction(1, 4)
    three = RESNET_VARIANTS["bl_resnet50_a2b4_k3"]
    assert [three.share(scale) for scale in range(3)] == [1, Fraction(1, 2), Fraction(1, 4)]
    concatenated = RESNET_VARIANTS["bl_resnet50_a2b4_concat"]
    assert concatenated.share(0) + concatenated.share(1) == 1


@pytest.mark.parametrize(
    ("alpha", "beta", "message"),
    [(3, 1, "alpha 3 does not divide the 64 channels"), (2, 0, "found alpha 2 and beta 0")],
)
def test_variants_that_cannot_exist_are_refused(alpha: int, beta: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ImageVariant("x", (1, 1, 1, 1), alpha=alpha, beta=beta, scales=2)
