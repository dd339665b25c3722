"""The gradient of scales that many weights share."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blasr.nn import Int8Conv2d, PatternConv2d
from blasr.nn.scale_gradient import shared_scales


def test_the_value_stays_and_the_gradient_shrinks() -> None:
    scales = torch.tensor([0.1, 0.7], requires_grad=True)
    output = shared_scales(scales, 9)
    assert torch.equal(output, scales)
    (2 * output).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(scales.grad, torch.full((2,), 2 / 3))


@pytest.mark.parametrize("make", [PatternConv2d, Int8Conv2d])
def test_training_at_a_usual_rate_is_stable(make: type[PatternConv2d] | type[Int8Conv2d]) -> None:
    """Scales of a trained layer stay near their values, and the loss falls."""
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 32, 3 if make is PatternConv2d else 1, bias=False)
    x = torch.randn(16, 64, 8, 8)
    with torch.no_grad():
        target = conv(x)
    layer = make(conv)
    before = layer.scales.detach().clone() * 1.3
    layer.scales.data.copy_(before)
    optimizer = torch.optim.SGD([layer.scales], lr=0.05, momentum=0.9)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (layer(x) - target).square().mean()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    assert losses[-1] < losses[0] and max(losses) < 2 * losses[0]
    assert (layer.scales.detach() / before).min() > 0.3 and (layer.scales.detach() / before).max() < 1.5
