"""Packed convolutions against the modules themselves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blasr.nn import ConvNorm
from blasr.nn.packed_conv import packed


def trained(module: ConvNorm) -> ConvNorm:
    """With statistics and scales of batch normalization that are not the identity."""
    assert module.norm.running_mean is not None and module.norm.running_var is not None
    nn.init.normal_(module.norm.running_mean)
    nn.init.uniform_(module.norm.running_var, 0.5, 2)
    nn.init.uniform_(module.norm.weight, 0.5, 2)
    nn.init.normal_(module.norm.bias)
    return module.eval()


@pytest.mark.parametrize(
    "module",
    [
        trained(ConvNorm(6, 8, (3, 3), padding=(1, 0), bias=True)),
        trained(ConvNorm(6, 8, (5, 5), stride=(2, 1), padding=(2, 0), bias=False, relu=False)),
        trained(ConvNorm(6, 8, (1, 1), groups=2, bias=True)),
        nn.Conv2d(6, 8, (1, 1)),
    ],
)
def test_the_same_to_rounding(module: nn.Module) -> None:
    compute = packed(module)
    assert compute is not None and packed(module) is compute, "streams share it"
    with torch.inference_mode():
        for width in (5, 54):
            x = torch.randn(1, 6, 16, width)
            torch.testing.assert_close(compute(x), module(x), atol=1e-4, rtol=1e-4)


def test_changed_weights_are_packed_again() -> None:
    module = trained(ConvNorm(2, 2, (1, 3), bias=True))
    x = torch.randn(1, 2, 4, 9)
    first = packed(module)
    with torch.no_grad():
        module.conv.weight.mul_(2)
        second = packed(module)
        assert second is not first and second is not None
        torch.testing.assert_close(second(x), module(x), atol=1e-4, rtol=1e-4)


def test_what_has_no_packed_form() -> None:
    for module in (
        ConvNorm(2, 2, (1, 1), bias=True),  # it still trains
        nn.Conv2d(2, 2, 1).double(),
        nn.Conv2d(2, 2, 3, padding="valid"),
        nn.Identity(),
    ):
        assert packed(module) is None
