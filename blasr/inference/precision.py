"""bfloat16 at inference, where the processor or the GPU computes in it."""

from __future__ import annotations

import torch
from torch import nn

from blasr.errors import ConfigError
from blasr.inference.onnx_network import OnnxNetwork
from blasr.nn import fold_norms
from blasr.training import computes_bfloat16


def in_bfloat16(model: nn.Module, device: torch.device) -> nn.Module:
    """Return a copy of a network with its batch normalization folded and its weights in bfloat16.

    Raises:
        ConfigError: the device does not compute in bfloat16, or the network is an exported one.
    """
    if isinstance(model, OnnxNetwork):
        fix = "leave out --precision, or use the experiment that it was exported from"
        raise ConfigError("an exported network has its own precision", fix=fix)
    if not computes_bfloat16(device):
        raise ConfigError(
            f"{device} has no instructions for bfloat16, so that it would be slower than float32",
            fix="leave out --precision bfloat16",
        )
    return fold_norms(model).bfloat16()
