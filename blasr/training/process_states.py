"""What each process of a training run has for itself: the statistics of its batches and its random generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from blasr.training.distributed import DistributedContext


def process_states(buffers: Sequence[Tensor], distributed: DistributedContext) -> dict[str, Tensor]:
    """Return the buffers and the random generators of all processes, by rank; nothing if there is one process.

    All processes must call this. A run of several processes then resumes exactly from within an epoch, although its
    buffers are averaged over the processes only between epochs.
    """
    if distributed.world_size == 1:
        return {}
    states = {"random": distributed.gather(torch.get_rng_state())}
    if buffers:
        states["buffers"] = distributed.gather(torch.cat([buffer.detach().flatten().float() for buffer in buffers]))
    return states


def load_process_states(
    buffers: Sequence[Tensor], distributed: DistributedContext, states: Mapping[str, Tensor]
) -> None:
    """Restore the state of this process, and its buffers in place, from what :func:`process_states` returned."""
    if "random" not in states or len(states["random"]) != distributed.world_size:
        return  # between epochs, another number of processes may continue
    torch.set_rng_state(states["random"][distributed.rank].clone())  # aligned, as torch requires
    if "buffers" not in states:
        return
    rows = torch.split(states["buffers"][distributed.rank], [buffer.numel() for buffer in buffers])
    with torch.no_grad():
        for buffer, values in zip(buffers, rows, strict=True):
            buffer.copy_(values.view_as(buffer))
