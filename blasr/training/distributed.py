"""The processes of one training run: a single one, or those that ``torchrun`` started on one or more nodes."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn
from torch import distributed as dist

from blasr.errors import ConfigError

_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True)
class DistributedContext:
    """The place of this process in the run.

    Args:
        rank: number of this process, from 0; rank 0 writes files and logs.
        world_size: number of processes.
        device: where this process computes.
    """

    rank: int = 0
    world_size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and logs."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of ``values`` over all processes, in place."""
        if self.world_size > 1:
            dist.all_reduce(values)
        return values

    def gather(self, values: Tensor) -> Tensor:
        """Return the values of all processes by rank, ``(world_size, *values.shape)``, on the CPU."""
        if self.world_size == 1:
            return values[None].cpu()
        own = values.to(self.device)
        everyone = [torch.empty_like(own) for _ in range(self.world_size)]
        dist.all_gather(everyone, own)
        return torch.stack(everyone).cpu()

    def wait(self) -> None:
        """Return once every process has called this."""
        if self.world_size > 1:
            dist.barrier()

    def wait_for(self, is_ready: Callable[[], bool]) -> None:
        """Return once ``is_ready`` is true, for work of rank 0 that may take longer than a process group waits.

        This has no time limit. If rank 0 fails, ``torchrun`` ends the other processes.
        """
        while not is_ready():
            time.sleep(_POLL_SECONDS)

    def wrap(self, module: nn.Module) -> nn.Module:
        """Return ``module`` with its gradients averaged over the processes."""
        if self.world_size == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=devices, broadcast_buffers=False)

    def average(self, buffers: Iterable[Tensor]) -> None:
        """Average buffers, such as batch norm's running statistics, over all processes, in place."""
        if self.world_size > 1:
            for buffer in buffers:
                dist.all_reduce(buffer)
                buffer /= self.world_size


@contextmanager
def init_distributed(device: str = "auto") -> Iterator[DistributedContext]:
    """Join the run that ``torchrun`` describes in the environment, or run alone if there is none.

    Raises:
        ConfigError: this machine does not have the device.
    """
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    chosen = choose_device(device, local_rank)
    if world_size == 1:
        yield DistributedContext(device=chosen)
        return
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        distributed = DistributedContext(dist.get_rank(), world_size, chosen)
        yield distributed
        distributed.wait()  # a process that leaves early would close the others' connections
    finally:
        # A wrapped module in a reference cycle would keep the group's threads alive until Python exits, and abort.
        gc.collect()
        dist.destroy_process_group()


def choose_device(name: str, local_rank: int = 0) -> torch.device:
    """Return the torch device called ``name``; "auto" is a GPU of this machine if there is one.

    Raises:
        ConfigError: there is no such device.
    """
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
    except RuntimeError:
        raise ConfigError(f"{name!r} is not a device", fix="give auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda":
        count = torch.cuda.device_count()
        index = local_rank if device.index is None else device.index
        if index >= count:
            raise ConfigError(f"device {name} number {index} is required, but this machine has {count} GPUs")
        device = torch.device("cuda", index)
        torch.cuda.set_device(device)
    return device
