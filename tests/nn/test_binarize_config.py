"""What stays in float, by name and by stride."""

from __future__ import annotations

import pytest

from blasr.nn import BinarizeConfig


@pytest.mark.parametrize(
    ("keep", "name", "stride", "kept"),
    [
        (("stem",), "stem.conv", (2, 1), True),
        (("stem",), "stages.stem.conv", (1, 1), True),
        (("stem",), "stages.stem2.conv", (1, 1), False),
        (("stages.stage1",), "stages.stage1.0.convs.0.conv", (1, 1), True),
        (("strided",), "stages.stage2.0.convs.0.conv", (2, 1), True),
        (("strided",), "stages.stage2.0.convs.1.conv", (1, 1), False),
        (("strided",), "stem.conv", (2, 1), False),
        ((), "stem.conv", (2, 1), False),
    ],
)
def test_parts_and_strides(keep: tuple[str, ...], name: str, stride: tuple[int, int], kept: bool) -> None:
    assert BinarizeConfig(keep).keeps(name, stride) is kept


def test_the_text_has_every_choice() -> None:
    assert str(BinarizeConfig()) == "binary patterns, one scale for each filter"
    config = BinarizeConfig(("stem", "strided"), "global", "int8")
    assert str(config) == "binary patterns, one scale for all, 1x1 with 8 bits, stem and strided in float"
