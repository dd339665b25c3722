"""Networks run by ONNX Runtime."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from blasr.errors import DependencyError, FormatError, MismatchError
from blasr.inference import EXPORT_FORMATS, ExportRequest, load_network
from blasr.inference.onnx_network import OnnxNetwork, import_export_package
from blasr.models import AcousticModelConfig, build_acoustic_model

CONFIG = AcousticModelConfig("resnet22", 0.05)


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(1)
    return build_acoustic_model(CONFIG.name, num_pdfs=5, width=CONFIG.width).eval()


@pytest.fixture(scope="module")
def model(network: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    EXPORT_FORMATS["onnx"].write(ExportRequest(network, "epoch 9", list), path)
    return path


def test_it_is_loaded_by_its_suffix_and_computes_the_same(model: Path, network: torch.nn.Module) -> None:
    loaded, metadata = load_network(CONFIG, 5, model)
    assert isinstance(loaded, OnnxNetwork) and loaded.num_pdfs == 5
    assert metadata["origin"] == "epoch 9"
    inputs = [torch.randn(2, 3, 64, frames) for frames in (49, 77, 60, 100)]
    with ThreadPoolExecutor(3) as pool:
        outputs = list(pool.map(loaded, inputs))
    with torch.inference_mode():
        for given, found in zip(inputs, outputs, strict=True):
            torch.testing.assert_close(found, network(given), atol=1e-4, rtol=1e-4)
    with pytest.raises(MismatchError, match="has 5 outputs, expected 6 pdfs"):
        load_network(CONFIG, 6, model)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(FormatError, match="ONNX Runtime cannot read it"):
        OnnxNetwork(tmp_path / "model.onnx")
    with pytest.raises(FormatError, match=r"blasr runs .safetensors and .onnx models, not .ts"):
        load_network(CONFIG, 5, tmp_path / "model.ts")


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DependencyError, match="onnxruntime is not installed\n  fix: pip install 'blasr"):
        import_export_package("onnxruntime")
