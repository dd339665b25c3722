"""Building acoustic models: initial weights, repeatability, refusals."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from blasr.errors import ConfigError
from blasr.models import build_acoustic_model


def test_the_same_seed_gives_the_same_weights() -> None:
    torch.manual_seed(3)
    one = build_acoustic_model("bl_resnet22_a4b3", num_pdfs=7, width=0.1)
    torch.manual_seed(3)
    other = build_acoustic_model("bl_resnet22_a4b3", num_pdfs=7, width=0.1)
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in one.state_dict().items())


def test_convolutions_have_the_deviation_of_he_and_zero_biases() -> None:
    torch.manual_seed(0)
    model = build_acoustic_model("resnet22", num_pdfs=500, width=0.5)
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            fan = math.prod(module.kernel_size) * module.out_channels
            expected = math.sqrt(1 / module.in_channels) if module is model.output else math.sqrt(2 / fan)
            assert module.weight.std().item() == pytest.approx(expected, rel=0.1), name
            assert module.bias is not None and not module.bias.any()


def test_a_model_without_pdfs_is_refused() -> None:
    with pytest.raises(ConfigError, match="found 0 pdfs, expected at least 1"):
        build_acoustic_model("resnet22", num_pdfs=0)
