from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from blasr.nn import ConvNorm, Pair

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(deadline=None)
@given(kernel=pairs, stride=pairs, padding=st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_output_size_on_each_axis(kernel: Pair, stride: Pair, padding: Pair) -> None:
    layer = ConvNorm(2, 4, kernel, stride=stride, padding=padding, bias=False).to("meta")
    expected = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in zip((9, 11), kernel, stride, padding, strict=True))
    assert layer(torch.empty(3, 2, 9, 11, device="meta")).shape == (3, 4, *expected)


def test_is_convolution_normalization_relu() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 6, 7)
    layer = ConvNorm(4, 8, (3, 1), groups=2, bias=True)
    linear = ConvNorm(4, 8, (3, 1), groups=2, bias=True, relu=False)
    linear.load_state_dict(layer.state_dict())
    expected = nn.functional.conv2d(x, layer.conv.weight, layer.conv.bias, groups=2)
    expected = (expected - expected.mean((0, 2, 3), keepdim=True)) / (
        expected.var((0, 2, 3), correction=0, keepdim=True) + 1e-5
    ).sqrt()
    torch.testing.assert_close(linear(x), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(layer(x), expected.relu(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
def test_bias_is_an_argument(bias: bool) -> None:
    assert (ConvNorm(1, 2, (1, 1), bias=bias).conv.bias is not None) == bias
