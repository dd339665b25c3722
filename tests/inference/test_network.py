"""Networks from their weights: the same outputs and metadata, and weights of another network refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blasr.errors import BlasrError, MismatchError
from blasr.inference.network import load_network
from blasr.models import AcousticModelConfig, build_acoustic_model
from blasr.training import save_weights

CONFIG = AcousticModelConfig("bl_resnet22_a4b3", 0.1)


def test_a_network_survives(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build_acoustic_model(CONFIG.name, num_pdfs=5, width=CONFIG.width).eval()
    save_weights(tmp_path / "x.safetensors", network.state_dict(), {"origin": "epoch 3"})
    again, metadata = load_network(CONFIG, 5, tmp_path / "x.safetensors")
    assert metadata["origin"] == "epoch 3" and not again.training
    inputs = torch.randn(1, 3, 64, 60)
    with torch.inference_mode():
        assert torch.equal(again(inputs), network(inputs))
    with pytest.raises(MismatchError, match="weights of another model"):
        load_network(CONFIG, 6, tmp_path / "x.safetensors")
    with pytest.raises(BlasrError, match=r"y\.safetensors"):
        load_network(CONFIG, 5, tmp_path / "y.safetensors")
