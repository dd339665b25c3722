"""The pattern residual block: its equation, its sizes, and what does not align."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from blasr.nn import ConvNorm, Pair, PatternConv2d, PatternResidual, ResidualBlock, binarize


@pytest.mark.parametrize("padding", [(1, 1), (1, 0), (0, 0)])
@pytest.mark.parametrize("kernel", [(3, 3), (5, 3)])
def test_the_equation(padding: Pair, kernel: Pair) -> None:
    padding = (padding[0] * (kernel[0] // 2), padding[1])
    block = PatternResidual(4, 6, kernel, padding=padding, groups=2, bias=True, relu=False).eval()
    x = torch.randn(2, 4, 9, 11)
    pattern, projection = block.pattern.conv, block.projection.conv
    found = functional.conv2d(x, pattern.weight, pattern.bias, padding=padding, groups=2)
    margin = [size // 2 - pad for size, pad in zip(kernel, padding, strict=True)]
    inner = x[:, :, margin[0] : 9 - margin[0], margin[1] : 11 - margin[1]]
    found = found + functional.conv2d(inner, projection.weight, projection.bias)
    torch.testing.assert_close(block(x), found / (1 + 1e-5) ** 0.5)  # the normalizations are at their initial values
    assert block(x).shape == ConvNorm(4, 6, kernel, padding=padding, bias=True)(x).shape


@pytest.mark.parametrize("stride", [(2, 2), (2, 1)])
def test_a_stride_with_relu(stride: Pair) -> None:
    output = PatternResidual(4, 8, stride=stride, bias=False)(torch.randn(1, 4, 7, 8))
    assert output.shape == (1, 8, 4, -(-8 // stride[1])) and (output >= 0).all()


def test_in_a_residual_block_only_the_3x3_becomes_a_pattern() -> None:
    block = ResidualBlock(4, 4, 2, padding=(1, 0), bias=True, conv=PatternResidual)
    assert block(torch.randn(1, 4, 6, 9)).shape == (1, 4, 6, 5)
    binarize(block)
    assert [name for name, module in block.named_modules() if isinstance(module, PatternConv2d)] == [
        "convs.0.pattern.conv",
        "convs.1.pattern.conv",
    ]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [((2, 3), (1, 1), (1, 1)), ((3, 3), (2, 1), (0, 1)), ((5, 5), (1, 1), (1, 2))],
)
def test_paths_that_do_not_align_are_refused(kernel: Pair, stride: Pair, padding: Pair) -> None:
    with pytest.raises(ValueError, match="the paths do not align"):
        PatternResidual(4, 4, kernel, stride=stride, padding=padding, bias=False)
