"""Batch normalization folded into convolutions."""

from __future__ import annotations

import torch
from torch import nn

from blasr.models import build_acoustic_model
from blasr.nn import fold_norms


def test_the_copy_computes_the_same_without_norms() -> None:
    torch.manual_seed(1)
    model = build_acoustic_model("bl_resnet22_a2b3", num_pdfs=7, width=0.1)
    inputs = torch.randn(2, 3, 64, 60)
    with torch.no_grad():
        for _ in range(3):
            model(3 * inputs + 1)  # statistics that are not those of initialization
        before = {name: value.clone() for name, value in model.state_dict().items()}
        folded = fold_norms(model)
        assert not folded.training and model.training
        torch.testing.assert_close(folded(inputs), model.eval()(inputs), atol=1e-4, rtol=1e-4)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
