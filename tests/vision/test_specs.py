"""The text of layers, branches and modules in summaries."""

from __future__ import annotations

from blasr.vision.specs import (
    BlockSpec,
    ConvSpec,
    ModuleSpec,
    PoolSpec,
    ResidualSpec,
    SepSpec,
    ShuffleSpec,
    SplitSpec,
    listing,
)


def test_layers_are_in_the_notation_of_the_paper() -> None:
    assert str(ConvSpec(64, 7, stride=2)) == "7x7, 64, s2"
    assert str(BlockSpec(256, 64, groups=32, squeeze=16, stride=2)) == "block 64 in 32 groups -> 256, gated, s2"
    assert str(PoolSpec(64)) == "max 3x3, s2" and str(PoolSpec(64, 1, "mean")) == "mean 3x3"
    assert str(ConvSpec(48, 3, groups=4)) == "3x3, 48 in 4 groups"
    assert str(ResidualSpec(32, 2)) == "block of two 3x3, 32, s2"
    assert str(ResidualSpec(32, pattern_residual=True)) == "block of two 3x3 + 1x1, 32"
    assert str(SepSpec(64, 32, (16, 64), 4)) == "SEP 32, 16, 64 in 4 groups -> 64"
    assert str(ShuffleSpec(116)) == "shuffle unit 116" and str(SplitSpec(58)) == "first 58 channels"


def test_equal_neighbors_are_counted() -> None:
    layers = (ConvSpec(8, 3), ConvSpec(8, 3), ConvSpec(8, 1))
    assert listing(layers) == "3x3, 8 x 2, then 1x1, 8"


def test_branches_of_a_module_are_named() -> None:
    plain = ModuleSpec("stage1", 8, ((ConvSpec(8, 3),),))
    assert str(plain) == "3x3, 8" and plain.out_channels == 8
    branched = ModuleSpec("stage1", 8, ((ConvSpec(8, 3),), (ConvSpec(4, 3),)), transition=ConvSpec(16, 1))
    assert str(branched) == "big: 3x3, 8; little: 3x3, 4"
    assert branched.transition_name == "transition1" and branched.out_channels == 16
