"""The arithmetic of file sizes against files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from blasr.models import build_acoustic_model
from blasr.nn import FileSize, Pointwise, binarize, file_size
from blasr.vision import create_model


@pytest.mark.parametrize("pointwise", [None, "float", "int8", "patterns"])
@pytest.mark.parametrize("name", ["bl_resnet22_a2b3", "bl_shufflenet_v2_x1_0"])
def test_the_file_has_this_size(name: str, pointwise: Pointwise | None, tmp_path: Path) -> None:
    def build() -> torch.nn.Module:
        speech = "resnet22" in name
        model = build_acoustic_model(name, num_pdfs=9, width=0.1) if speech else create_model(name, 6, width=0.25)
        return model if pointwise is None else binarize(model, ("stem",), pointwise=pointwise)

    model = build()
    path = tmp_path / "model.safetensors"
    save_file(model.state_dict(), path)
    size = file_size(model)
    assert size.data + size.header == path.stat().st_size
    with torch.device("meta"):
        assert file_size(build()) == size


def test_the_arithmetic_of_one_layer() -> None:
    def model() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Conv2d(5, 7, 3), torch.nn.Conv2d(7, 3, 1, bias=False))

    plain = file_size(model())
    assert (plain.kernels, plain.pointwise, plain.rest) == (4 * 5 * 7 * 9, 4 * 7 * 3, 4 * 7)
    patterns = file_size(binarize(model()))
    assert (patterns.kernels, patterns.pointwise, patterns.rest) == (40, 4 * 7 * 3, 4 * 7 + 4 * 7)  # 315 bits
    eight = file_size(binarize(model(), pointwise="int8"))
    assert (eight.kernels, eight.pointwise, eight.rest) == (40, 7 * 3, 4 * 7 + 4 * 7 + 4 * 3)
    assert FileSize(1, 2, 3, 4).data == 6
