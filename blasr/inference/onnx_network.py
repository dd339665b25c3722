"""A network that ONNX Runtime computes on the CPU, in place of one of torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from blasr.errors import DependencyError, FormatError, MismatchError

INPUT: Final = "features"
OUTPUT: Final = "logits"
INSTALL: Final = "pip install 'blasr[export]'"


def import_export_package(name: str) -> Any:
    """Import a package of the extra ``export``.

    Raises:
        DependencyError: it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise DependencyError(f"{name.partition('.')[0]} is not installed", fix=INSTALL) from None


class OnnxNetwork(nn.Module):
    """Runs ``model.onnx`` with one thread per call; threads may share it.

    Args:
        path: the model, ``features`` ``(B, 3, 64, T)`` to ``logits`` ``(B, num_pdfs, T - 48)``, float32.

    Attributes:
        metadata: what the model says about itself.

    Raises:
        DependencyError: onnxruntime is not installed.
        FormatError: the file is not a model, or has other inputs or outputs.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        runtime = import_export_package("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # lengths differ from call to call
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common class of their own
            reason = " ".join(str(error).split())[:200]
            raise FormatError(f"ONNX Runtime cannot read it: {reason}", path=path, fix="export it again") from None
        names = [[item.name for item in items] for items in (self._session.get_inputs(), self._session.get_outputs())]
        if names != [[INPUT], [OUTPUT]]:
            message = f"found inputs and outputs {names}, expected {[[INPUT], [OUTPUT]]}"
            raise FormatError(message, path=path, fix="export it with blasr export")
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    @property
    def num_pdfs(self) -> int:
        """Number of outputs."""
        return int(self._session.get_outputs()[0].shape[1])

    def check_pdfs(self, expected: int, path: Path) -> None:
        """Refuse another number of outputs.

        Raises:
            MismatchError: the numbers differ.
        """
        if self.num_pdfs != expected:
            message = f"has {self.num_pdfs} outputs, expected {expected} pdfs"
            raise MismatchError(message, path=path, fix="export it again")

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits ``(B, num_pdfs, T - 48)`` of ``(B, 3, 64, T)``, on the CPU."""
        (logits,) = self._session.run([OUTPUT], {INPUT: x.float().cpu().contiguous().numpy()})
        return torch.from_numpy(logits)
