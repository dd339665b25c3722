"""The acoustic models run: dense equals windowed, frames out are frames in - 48, wrong inputs are refused."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from blasr.errors import ConfigError, DataError, MismatchError
from blasr.models import VARIANTS, AcousticModel, AcousticModelConfig, build_acoustic_model

WIDTH = 0.125


def trained_like(name: str) -> AcousticModel:
    """A narrow model in evaluation mode whose batch norms and biases are not those of a fresh one."""
    torch.manual_seed(3)
    model = build_acoustic_model(name, num_pdfs=11, width=WIDTH)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
        elif isinstance(module, nn.Conv2d):
            assert module.bias is not None
            nn.init.normal_(module.bias, std=0.3)
    with torch.no_grad():
        for _ in range(20):  # running means and variances of what really flows through
            model(torch.randn(2, 3, 64, 60))
    return model.eval()


@pytest.mark.parametrize("name", VARIANTS)
def test_dense_equals_windowed(name: str) -> None:
    model = trained_like(name)
    frames = 49 + 12
    x = torch.randn(2, 3, 64, frames)
    with torch.inference_mode():
        dense = model(x).log_softmax(1)
        windows = x.unfold(3, 49, 1)  # (B, 3, F, T - 48, 49)
        windowed = torch.cat([model(windows[:, :, :, frame]).log_softmax(1) for frame in range(windows.shape[3])], 2)
    assert dense.shape == windowed.shape == (2, 11, frames - 48)
    assert dense.std() > 0.1
    torch.testing.assert_close(dense, windowed, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", VARIANTS)
def test_receptive_field_is_49_frames(name: str) -> None:
    """One output frame depends on the first and on the last frame of its window, and on none outside."""
    model = trained_like(name).double()
    x = torch.randn(1, 3, 64, 51, dtype=torch.float64, requires_grad=True)
    model(x)[0, :, 1].square().sum().backward()
    assert x.grad is not None
    touched = x.grad.abs().sum(dim=(0, 1, 2)) > 0
    assert touched.tolist() == [False] + [True] * 49 + [False]


MODELS = {name: build_acoustic_model(name, num_pdfs=5, width=0.03).eval() for name in VARIANTS}


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(list(VARIANTS)), batch=st.integers(1, 3), frames=st.integers(49, 130))
def test_frames_out_are_frames_in_minus_48(name: str, batch: int, frames: int) -> None:
    with torch.inference_mode():
        logits = MODELS[name](torch.zeros(batch, 3, 64, frames))
    assert logits.shape == (batch, 5, frames - 48)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_parameter_learns(name: str) -> None:
    torch.manual_seed(0)
    model = build_acoustic_model(name, num_pdfs=7, width=WIDTH)
    loss = nn.functional.cross_entropy(model(torch.randn(4, 3, 64, 52)), torch.randint(7, (4, 4)))
    loss.backward()  # type: ignore[no-untyped-call]
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        biases_before_norm = parameter_name.endswith("conv.bias")  # batch norm takes any constant away
        assert biases_before_norm or parameter.grad.abs().sum() > 0, parameter_name


def test_a_fresh_model_is_unsure() -> None:
    torch.manual_seed(0)
    model = build_acoustic_model("bl_resnet22_a2b3", num_pdfs=100, width=0.25)
    assert model.num_pdfs == 100
    assert model.output.bias is not None and torch.count_nonzero(model.output.bias) == 0
    posteriors = model(torch.randn(4, 3, 64, 80)).softmax(1)
    assert posteriors.max() < 0.6
    assert posteriors.mean((0, 2)).max() < 0.1


def test_the_seed_decides() -> None:
    weights = []
    for _ in range(2):
        torch.manual_seed(5)
        weights.append(build_acoustic_model("resnet22", num_pdfs=3, width=0.05).state_dict())
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


@pytest.mark.parametrize("shape", [(1, 3, 40, 60), (1, 1, 64, 60), (3, 64, 60), (1, 64, 3, 60)])
def test_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(MismatchError, match=r"expected \(B, 3, 64, T\)"):
        MODELS["resnet22"](torch.zeros(shape))


@pytest.mark.parametrize("frames", [0, 1, 48])
def test_a_short_input_is_refused(frames: int) -> None:
    with pytest.raises(DataError, match=f"found {frames} frames, expected at least 49"):
        MODELS["bl_resnet22_a2b3"](torch.zeros(1, 3, 64, frames))


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(ConfigError, match=r"(?s)bl_resnet22_a2b4.*did you mean bl_resnet22_a2b3") as caught:
        build_acoustic_model("bl_resnet22_a2b4", num_pdfs=10)
    assert "resnet22" in caught.value.message
    with pytest.raises(ConfigError, match="choose one"):
        AcousticModelConfig("???")


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_a_width_that_is_not_above_0_is_refused(width: float) -> None:
    with pytest.raises(ConfigError, match="width"):
        build_acoustic_model("resnet22", num_pdfs=10, width=width)


@pytest.mark.parametrize("num_pdfs", [0, -3])
def test_no_pdfs_are_refused(num_pdfs: int) -> None:
    with pytest.raises(ConfigError, match="pdfs"):
        build_acoustic_model("resnet22", num_pdfs=num_pdfs)
