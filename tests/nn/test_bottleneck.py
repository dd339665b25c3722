"""The bottleneck block: shapes per axis, its shortcuts, squeeze-and-excitation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from blasr.nn import Bottleneck, ConvNorm, Shortcut, SqueezeExcitation


@pytest.mark.parametrize("shortcut", ["strided", "pooled"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (2, 2)])
def test_stride_of_each_axis(shortcut: Shortcut, stride: tuple[int, int]) -> None:
    block = Bottleneck(6, 8, 4, stride=stride, groups=2, bias=False, shortcut=shortcut)
    output = block(torch.randn(2, 6, 9, 10))
    assert output.shape == (2, 8, -(-9 // stride[0]), -(-10 // stride[1]))
    assert output.min() >= 0


def test_an_axis_without_padding_is_cropped_in_the_shortcut() -> None:
    block = Bottleneck(4, 4, 2, stride=(2, 1), padding=(1, 0), bias=True, shortcut="pooled", relu=False)
    nn.init.zeros_(block.expand.norm.weight)
    x = torch.randn(1, 4, 8, 7)
    pooled = nn.functional.avg_pool2d(x, 3, (2, 1), padding=1)
    torch.testing.assert_close(block.eval()(x), pooled[..., 1:-1])
    with pytest.raises(ValueError, match="an axis with a stride must be padded"):
        Bottleneck(4, 4, 2, stride=(1, 2), padding=(1, 0), bias=True)


def test_shortcuts() -> None:
    def shortcut(in_channels: int, stride: int, kind: Shortcut) -> nn.Module:
        return Bottleneck(in_channels, 4, 2, stride=(stride, stride), bias=False, shortcut=kind).shortcut

    assert isinstance(shortcut(4, 1, "strided"), nn.Identity)
    assert isinstance(shortcut(4, 1, "pooled"), nn.Identity)
    strided = shortcut(4, 2, "strided")
    assert isinstance(strided, ConvNorm) and strided.conv.stride == (2, 2)
    assert [type(part) for part in shortcut(4, 2, "pooled").children()] == [nn.AvgPool2d]
    assert [type(part) for part in shortcut(3, 2, "pooled").children()] == [nn.AvgPool2d, ConvNorm]
    assert [type(part) for part in shortcut(3, 1, "pooled").children()] == [ConvNorm]


def test_relu_after_the_sum_can_be_left_out() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 5, 5)
    block = Bottleneck(4, 4, 2, bias=False, relu=False).eval()
    signed: Tensor = block(x)
    assert signed.min() < 0
    block.relu = True
    torch.testing.assert_close(block(x), signed.relu())


def test_squeeze_and_excitation() -> None:
    """Against the formula: sigmoid(W2 relu(W1 mean + b1) + b2) times the input."""
    torch.manual_seed(0)
    gate = SqueezeExcitation(6, 2)
    x = torch.randn(3, 6, 4, 5)
    assert gate.squeeze.bias is not None and gate.excite.bias is not None
    hidden = (x.mean((2, 3)) @ gate.squeeze.weight[:, :, 0, 0].T + gate.squeeze.bias).relu()
    scale = (hidden @ gate.excite.weight[:, :, 0, 0].T + gate.excite.bias).sigmoid()
    torch.testing.assert_close(gate(x), x * scale[:, :, None, None])
    block = Bottleneck(6, 6, 3, bias=False, squeeze=2)
    assert sum(p.numel() for p in block.gate.parameters()) == 6 * 2 + 2 + 2 * 6 + 6
