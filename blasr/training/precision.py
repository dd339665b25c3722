"""What a training computes in: bfloat16 where the processor or the GPU has instructions for it."""

from __future__ import annotations

import logging
import platform
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from blasr.training.config import TrainingConfig

logger = logging.getLogger(__name__)


def computes_bfloat16(device: torch.device) -> bool:
    """Return whether a device has instructions for bfloat16 (AVX-512 BF16, AMX, Arm's BF16; GPUs since 2020)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if platform.machine() in ("x86_64", "AMD64"):  # oneDNN's own answer is yes wherever it can emulate them
        cpu: Any = torch.cpu
        return bool(cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported())
    mkldnn: Any = torch.ops.mkldnn
    return bool(mkldnn._is_mkldnn_bf16_supported())


def with_precision(
    config: TrainingConfig, device: torch.device, before: Mapping[str, Any] | None = None
) -> TrainingConfig:
    """Return ``config`` with the precision that "auto" stands for on a device.

    Args:
        config: the training configuration.
        device: the device that trains.
        before: the configuration of the run in the directory, whose precision "auto" keeps; None if there is none.
    """
    if config.precision != "auto":
        return config
    best = "bfloat16" if computes_bfloat16(device) else "float32"
    return replace(config, precision=(before or {}).get("training", {}).get("precision", best))


def warn_of_slow_bfloat16(config: TrainingConfig, device: torch.device) -> None:
    """Warn if a training is to compute in bfloat16 on a device that has no instructions for it."""
    if config.precision == "bfloat16" and not computes_bfloat16(device):
        logger.warning(
            "%s has no instructions for bfloat16, so that training is slower than with float32; fix: start a new run "
            "with training.precision=auto",
            device,
        )
