"""8-bit weights: rounding, symmetry, and which layers have them."""

from __future__ import annotations

import torch
from torch import nn

from blasr.nn import Int8Conv2d, Int8Linear, quantize_pointwise
from blasr.nn.pointwise_int8 import quantize


def test_each_channel_has_its_scale() -> None:
    weight = torch.tensor([[1.27, -0.5, 0.004], [-254.0, 3.0, 1.1], [0.0, 0.0, 0.0]])
    integers, scales = quantize(weight)
    torch.testing.assert_close(scales, torch.tensor([1.27, 254.0, 1.0]))
    assert integers.tolist() == [[127, -50, 0], [-127, 2, 1], [0, 0, 0]]
    assert ((scales[:, None] * integers / 127 - weight).abs() <= scales[:, None] / 254 + 1e-6).all()


def test_a_layer_is_near_the_one_in_float() -> None:
    torch.manual_seed(0)
    conv, linear = nn.Conv2d(8, 6, 1, stride=2, groups=2), nn.Linear(6, 4, bias=False)
    x = torch.randn(3, 8, 4, 4)
    hidden = conv(x)
    torch.testing.assert_close(Int8Conv2d(conv)(x), hidden, atol=0.02, rtol=0)
    pooled = hidden.mean((2, 3))
    torch.testing.assert_close(Int8Linear(linear)(pooled), linear(pooled), atol=0.02, rtol=0)


def test_only_pointwise_layers() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1), nn.Flatten(), nn.Linear(4, 2))
    quantize_pointwise(model, keep=("2",))
    assert [type(module) for module in model] == [nn.Conv2d, Int8Conv2d, nn.Conv2d, nn.Flatten, Int8Linear]
    assert {name for name, _ in model[1].named_parameters()} == {"scales", "bias"}
