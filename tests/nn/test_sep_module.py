"""The SEP module: its parts, groups and skip."""

from __future__ import annotations

import torch
from torch import nn

from blasr.nn import SepModule


def test_weights_of_each_part() -> None:
    module = SepModule(32, 16, (8, 24), bias=False)
    weights = {name: conv.weight.numel() for name, conv in module.named_modules() if isinstance(conv, nn.Conv2d)}
    assert weights == {
        "reduce.conv": 32 * 16,
        "patterns.0.pattern.conv": 9 * 16 * 8 // 4,
        "patterns.0.projection.conv": 16 * 8,
        "patterns.1.pattern.conv": 9 * 8 * 24 // 4,
        "patterns.1.projection.conv": 8 * 24,
        "recover.conv": 24 * 32,
    }


def test_the_input_is_added() -> None:
    module = SepModule(16, 8, (4, 8), bias=False).eval()
    nn.init.zeros_(module.recover.norm.weight)
    x = torch.randn(2, 16, 5, 6)
    assert torch.equal(module(x), x.relu())
