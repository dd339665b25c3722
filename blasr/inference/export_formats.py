"""The formats of an exported network: how each is written, and how it is run to compare it with the original."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from blasr.inference.onnx_network import INPUT, OUTPUT, OnnxNetwork, import_export_package
from blasr.inference.quantization import quantize_onnx
from blasr.units import WINDOW_FRAMES

_EXAMPLE_FRAMES: Final = 2 * WINDOW_FRAMES


@dataclass(frozen=True)
class ExportRequest:
    """What is exported.

    Attributes:
        network: in evaluation mode, on the CPU, with its batch normalization folded.
        origin: the epochs that the weights come from.
        calibration: network inputs ``(3, 64, T)`` for int8.
    """

    network: nn.Module
    origin: str
    calibration: Callable[[], Iterable[Tensor]]


@dataclass(frozen=True)
class ExportFormat:
    """One row of :data:`EXPORT_FORMATS`.

    Attributes:
        file: the name of the model.
        write: writes it.
        open: reads it again as a module.
        tolerance: the largest accepted difference of log-likelihoods, None where the format rounds on purpose.
        runs: whether blasr's commands run it.
    """

    file: str
    write: Callable[[ExportRequest, Path], None]
    open: Callable[[Path], nn.Module]
    tolerance: float | None
    runs: bool


class _Called(nn.Module):
    """A module that calls a function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, x: Tensor) -> Tensor:
        return self._function(x)


def _write_onnx(request: ExportRequest, path: Path) -> None:
    onnx = import_export_package("onnx")
    import_export_package("onnxscript")  # torch's exporter needs it
    with _quiet():
        program: Any = torch.onnx.export(
            request.network,
            (_example(),),
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=(_dynamic_axes(),),
            verbose=False,
        )
    model = program.model_proto
    onnx.helper.set_model_props(model, {"origin": request.origin})
    onnx.save(model, str(path))


def _write_int8(request: ExportRequest, path: Path) -> None:
    onnx = import_export_package("onnx")
    with tempfile.TemporaryDirectory(prefix="blasr-export-") as folder:
        _write_onnx(request, Path(folder) / "float.onnx")
        quantize_onnx(Path(folder) / "float.onnx", path, request.calibration())
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {"origin": request.origin})
    onnx.save(model, str(path))


def _write_torchscript(request: ExportRequest, path: Path) -> None:
    with _quiet(), torch.inference_mode():
        traced: Any = torch.jit.trace(request.network, _example(), check_trace=False)  # type: ignore[no-untyped-call]
        traced.save(str(path))


def _write_torch_export(request: ExportRequest, path: Path) -> None:
    with _quiet():
        # An axis of length 1, as the output of one window has, is never dynamic for torch.export.
        axes = _dynamic_axes(WINDOW_FRAMES + 1)
        program = torch.export.export(request.network, (_example(),), dynamic_shapes=(axes,))
        torch.export.save(program, path)


def _open_torchscript(path: Path) -> nn.Module:
    module: Any = torch.jit.load(str(path))  # type: ignore[no-untyped-call]  # only what was just written
    return _Called(module.forward)


def _open_torch_export(path: Path) -> nn.Module:
    with _quiet():
        module = torch.export.load(path).module()  # it cannot be set to evaluation mode, which it is in
    return _Called(lambda x: module(x))


def _example() -> Tensor:
    return torch.zeros(2, 3, 64, _EXAMPLE_FRAMES)


def _dynamic_axes(fewest_frames: int = WINDOW_FRAMES) -> dict[int, Any]:
    return {0: torch.export.Dim("batch"), 3: torch.export.Dim("time", min=fewest_frames)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what the exporters print about their own progress and future."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


EXPORT_FORMATS: Final[Mapping[str, ExportFormat]] = {
    "onnx": ExportFormat("model.onnx", _write_onnx, OnnxNetwork, 1e-2, runs=True),
    "int8": ExportFormat("model.onnx", _write_int8, OnnxNetwork, None, runs=True),
    "torchscript": ExportFormat("model.ts", _write_torchscript, _open_torchscript, 1e-2, runs=False),
    "torch-export": ExportFormat("model.pt2", _write_torch_export, _open_torch_export, 1e-2, runs=False),
}
"""The formats by name."""
