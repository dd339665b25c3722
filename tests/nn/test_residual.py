from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from blasr.nn import ConvNorm, Pair, ResidualBlock


@settings(deadline=None)
@given(
    depth=st.integers(1, 3),
    channels=st.sampled_from([4, 6]),
    stride=st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2), (8, 1)]),
    padding=st.sampled_from([(1, 1), (1, 0), (0, 1), (0, 0)]),
)
def test_output_size(depth: int, channels: int, stride: Pair, padding: Pair) -> None:
    if any(step > 1 and not pad for step, pad in zip(stride, padding, strict=True)):
        with pytest.raises(ValueError, match="must be padded"):
            ResidualBlock(4, channels, depth, stride=stride, padding=padding, bias=False)
        return
    block = ResidualBlock(4, channels, depth, stride=stride, padding=padding, bias=False).to("meta")
    size = [
        -(-length // step) if pad else length - 2 * depth
        for length, step, pad in zip((16, 17), stride, padding, strict=True)
    ]
    assert block(torch.empty(2, 4, 16, 17, device="meta")).shape == (2, channels, *size)
    assert isinstance(block.shortcut, nn.Identity) == (stride == (1, 1) and channels == 4)


def test_the_axes_are_alike() -> None:
    """Swapping H and W everywhere swaps them in the result."""
    torch.manual_seed(1)
    block = ResidualBlock(3, 5, 2, stride=(2, 1), padding=(1, 0), bias=True).eval()
    swapped = ResidualBlock(3, 5, 2, stride=(1, 2), padding=(0, 1), bias=True).eval()
    swapped.load_state_dict(
        {key: value.transpose(2, 3) if value.dim() == 4 else value for key, value in block.state_dict().items()}
    )
    x = torch.randn(2, 3, 8, 11)
    torch.testing.assert_close(swapped(x.transpose(2, 3)), block(x).transpose(2, 3), atol=1e-5, rtol=1e-5)


def test_relu_between_but_not_before_the_sum() -> None:
    torch.manual_seed(2)
    block = ResidualBlock(3, 3, 2, padding=(1, 0), bias=True).eval()
    first, second = (module for module in block.convs if isinstance(module, ConvNorm))
    assert (first.relu, second.relu) == (True, False)
    x = torch.randn(1, 3, 4, 9)
    expected = (second(first(x)) + x[..., 2:-2]).relu()
    torch.testing.assert_close(block(x), expected)


def test_no_convolution_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ResidualBlock(3, 3, 0, bias=True)
