"""bfloat16 at inference."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.errors import ConfigError
from blasr.inference import PosteriorComputer, precision
from blasr.inference.onnx_network import OnnxNetwork
from blasr.inference.precision import in_bfloat16
from blasr.models import build_acoustic_model
from blasr.nn import binarize
from blasr.training import computes_bfloat16

CPU = torch.device("cpu")


def test_posteriors_are_near_those_of_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: True)  # slow where it is emulated
    torch.manual_seed(1)
    model = build_acoustic_model("bl_resnet22_a2b3", num_pdfs=7, width=0.1).eval()
    inputs = torch.randn(3, 64, 48 + 30)
    expected = PosteriorComputer(model).log_posteriors(inputs)
    found = PosteriorComputer(model, precision="bfloat16").log_posteriors(inputs)
    assert found.dtype == np.float32 and found.shape == expected.shape
    assert 0 < (found - expected).std() < 0.05 * expected.std()
    np.testing.assert_allclose(np.exp(found).sum(1), 1, atol=1e-5)


def test_8_bit_layers_compute_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: True)
    model = build_acoustic_model("bl_resnet22_a2b3", num_pdfs=7, width=0.1).eval()
    binarize(model, keep=("stem",), pointwise="int8")
    found = PosteriorComputer(model, precision="bfloat16").log_posteriors(torch.randn(3, 64, 50))
    assert found.shape == (2, 7) and np.isfinite(found).all()


def test_a_processor_without_bfloat16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: False)
    with pytest.raises(ConfigError, match="cpu has no instructions for bfloat16"):
        PosteriorComputer(torch.nn.Identity(), precision="bfloat16")


def test_an_exported_network_is_refused() -> None:
    network = OnnxNetwork.__new__(OnnxNetwork)
    torch.nn.Module.__init__(network)
    with pytest.raises(ConfigError, match="an exported network has its own precision"):
        in_bfloat16(network, CPU)


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="the kernel does not list instruction sets")
def test_the_answer_is_that_of_the_kernel() -> None:
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    if platform.machine() == "x86_64":
        assert computes_bfloat16(CPU) == bool({"avx512_bf16", "amx_bf16"} & set(flags))
    else:
        assert computes_bfloat16(CPU) or "bf16" not in flags
