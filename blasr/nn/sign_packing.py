"""Signs as bits: eight weights of a binary pattern in a byte."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

BITS: Final = 8


def packed_length(shape: Sequence[int]) -> int:
    """Return the number of bytes for the signs of a tensor of ``shape``."""
    return -(-prod(shape) // BITS)


def pack_signs(positive: Tensor) -> Tensor:
    """Return signs as bits, uint8 ``(packed_length,)``.

    The flat index i of ``positive`` (true for +1) is bit ``i % 8`` of byte ``i // 8``, the lowest bit first. The unused
    bits of the last byte are 0.
    """
    flat = positive.flatten().to(torch.uint8)
    bits = F.pad(flat, (0, -flat.numel() % BITS)).view(-1, BITS)
    return (bits << _shifts(flat.device)).sum(1).to(torch.uint8)


def unpack_signs(packed: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the signs that :func:`pack_signs` packed, +1 and -1 as int8 of ``shape``."""
    bits = (packed[:, None] >> _shifts(packed.device)) & 1
    return bits.flatten()[: prod(shape)].view(*shape).to(torch.int8) * 2 - 1


def _shifts(device: torch.device) -> Tensor:
    return torch.arange(BITS, dtype=torch.uint8, device=device)
