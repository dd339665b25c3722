"""Batch norm's running statistics, estimated again for weights that no batch has passed through, such as averages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from blasr.errors import DataError
from blasr.training.batches import Batch
from blasr.units import IGNORE_INDEX


def recompute_batch_norm(module: nn.Module, batches: Iterable[Batch], device: torch.device, num_batches: int) -> int:
    """Replace the running statistics of every batch norm by the means over batches (Izmailov et al. 2018).

    Args:
        module: the module, on ``device``; its mode stays as it was.
        batches: training data. Batches without a target are left out.
        device: where the module is.
        num_batches: the largest number of batches to use.

    Returns:
        The number of batches that were used.

    Raises:
        DataError: there is no batch.
    """
    used = 0

    def inputs() -> Iterable[torch.Tensor]:
        nonlocal used
        for batch in islice(batches, num_batches):
            if bool((batch.targets != IGNORE_INDEX).any()):
                used += 1
                yield batch.inputs

    update_bn(inputs(), module, device)
    if not used:
        raise DataError("there is no batch to estimate the statistics of batch norm on")
    return used
