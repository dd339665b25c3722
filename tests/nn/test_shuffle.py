"""ShuffleNetV2's unit: shapes, the unchanged half, the order of channels."""

from __future__ import annotations

import pytest
import torch

from blasr.nn import FirstChannels, ShuffleUnit
from blasr.nn.shuffle import interleave


def test_interleaving_alternates_the_channels() -> None:
    first, second = torch.zeros(1, 2, 1, 1), torch.ones(1, 2, 1, 1)
    assert interleave(first, second).flatten().tolist() == [0, 1, 0, 1]


def test_half_of_the_channels_is_unchanged() -> None:
    unit = ShuffleUnit(8, 8, bias=False).eval()
    x = torch.randn(2, 8, 5, 6)
    output = unit(x)
    assert output.shape == x.shape
    assert torch.equal(output[:, ::2], x[:, :4])


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (2, 1)])
def test_a_stride_or_other_channels_use_the_whole_input(stride: tuple[int, int]) -> None:
    unit = ShuffleUnit(6, 8, stride=stride, bias=True)
    assert unit(torch.randn(2, 6, 8, 8)).shape == (2, 8, 8 // stride[0], 8 // stride[1])


def test_an_odd_number_of_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="found 7 channels, expected an even number"):
        ShuffleUnit(8, 7, bias=False)


def test_the_first_channels_are_a_view() -> None:
    x = torch.randn(1, 4, 2, 2)
    first = FirstChannels(3)(x)
    assert torch.equal(first, x[:, :3]) and first.data_ptr() == x.data_ptr()
