"""int8 by ONNX Runtime: static, one scale per output channel, activations calibrated on real network inputs."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from blasr.inference.onnx_network import INPUT, import_export_package


def quantize_onnx(source: Path, target: Path, inputs: Iterable[Tensor]) -> None:
    """Write a model with int8 weights and uint8 activations (QDQ), which VNNI and AMX multiply four at a time.

    Args:
        source: the float32 model.
        target: the int8 model.
        inputs: network inputs ``(3, 64, T)``. The smallest and the largest activation of each give the scales, on
            average over the inputs, so that the loudest frame of all does not make the steps of the others coarse.

    Raises:
        DependencyError: onnxruntime is not installed.
    """
    quantization = import_export_package("onnxruntime.quantization")
    inference = import_export_package("onnxruntime.quantization.shape_inference")
    root, level = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.ERROR)  # it gives advice about a step that is done here
    try:
        with tempfile.TemporaryDirectory(prefix="blasr-int8-") as folder:
            prepared = Path(folder) / "prepared.onnx"
            inference.quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            quantization.quantize_static(
                str(prepared),
                str(target),
                _reader(quantization.CalibrationDataReader, inputs),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                calibrate_method=quantization.CalibrationMethod.MinMax,
                extra_options={"CalibMovingAverage": True},
            )
    finally:
        root.setLevel(level)


def _reader(base: Any, inputs: Iterable[Tensor]) -> Any:
    """Return ONNX Runtime's kind of iterator, which returns None at its end."""

    class Reader(base):  # type: ignore[misc]  # the class is imported when it is needed
        def __init__(self) -> None:
            self._items: Iterator[Tensor] = iter(inputs)

        def get_next(self) -> dict[str, Any] | None:
            item = next(self._items, None)
            return None if item is None else {INPUT: item[None].float().numpy()}

    return Reader()
