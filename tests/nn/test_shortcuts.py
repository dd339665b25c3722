"""The shortcuts of residual blocks: which module, and the one without parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blasr.nn import ConvNorm, ResidualBlock, ZeroPaddedShortcut
from blasr.nn.shortcuts import make_shortcut


def test_zeros_are_added_on_both_sides() -> None:
    x = torch.arange(1.0, 31.0).view(1, 2, 3, 5)
    output = ZeroPaddedShortcut(3, (2, 2))(x)
    assert output.shape == (1, 5, 2, 3)
    assert not output[:, 0].any() and not output[:, 3:].any()
    assert torch.equal(output[:, 1:3], x[:, :, ::2, ::2])


def test_the_kinds() -> None:
    assert isinstance(make_shortcut(4, 4, (1, 1), "padded", False), nn.Identity)
    assert isinstance(make_shortcut(4, 8, (2, 1), "strided", False), ConvNorm)
    assert isinstance(make_shortcut(4, 8, (2, 2), "padded", False), ZeroPaddedShortcut)
    pooled = make_shortcut(4, 8, (2, 2), "pooled", False)
    assert [type(module) for module in pooled.children()] == [nn.AvgPool2d, ConvNorm]


def test_fewer_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="found -2 channels to add"):
        make_shortcut(6, 4, (1, 1), "padded", False)


@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_a_residual_block_with_padding(size: tuple[int, int]) -> None:
    block = ResidualBlock(4, 6, 2, stride=(2, 2), bias=False, shortcut="padded")
    output = block(torch.randn(2, 4, *size))
    assert output.shape == (2, 6, -(-size[0] // 2), -(-size[1] // 2))
    assert {name.split(".")[0] for name, _ in block.named_parameters()} == {"convs"}
