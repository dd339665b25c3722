"""int8: near the float model on inputs like those of the calibration, with a scale for every channel."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch

from blasr.inference import EXPORT_FORMATS, ExportRequest, OnnxNetwork
from blasr.inference.quantization import quantize_onnx
from blasr.models import build_acoustic_model


@pytest.mark.slow
def test_weights_are_int8_with_a_scale_for_each_channel(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = build_acoustic_model("bl_resnet22_a4b3", num_pdfs=9, width=0.1).eval()
    inputs = [torch.randn(3, 64, 90) for _ in range(3)]
    EXPORT_FORMATS["onnx"].write(ExportRequest(network, "epoch 1", list), tmp_path / "float.onnx")
    quantize_onnx(tmp_path / "float.onnx", tmp_path / "int8.onnx", inputs[:2])
    graph = onnx.load(str(tmp_path / "int8.onnx")).graph
    tensors = {item.name: item for item in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    producers = {node.output[0]: node for node in graph.node}
    assert len(convolutions) > 20
    for node in convolutions:
        weights, scales = (tensors[name] for name in producers[node.input[1]].input[:2])
        assert weights.data_type == onnx.TensorProto.INT8
        assert list(scales.dims) == [weights.dims[0]]
    with torch.inference_mode():
        expected = network(inputs[2][None])
    found = OnnxNetwork(tmp_path / "int8.onnx")(inputs[2][None])
    error = (found - expected).square().mean() / expected.var()
    assert 0 < error < 0.05
