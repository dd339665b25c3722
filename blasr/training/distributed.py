"""The processes of one training run: one alone, or those that ``torchrun`` started on one or more nodes."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch import distributed as dist

from blasr.errors import ConfigError


@dataclass(frozen=True)
class DistributedContext:
    """This process's place among those of the run.

    Args:
        rank: from 0; rank 0 writes files and logs.
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
        """The sum of ``values`` over all processes."""
        if self.world_size > 1:
            dist.all_reduce(values)
        return values

    def wait(self) -> None:
        """Return once every process has come here."""
        if self.world_size > 1:
            dist.barrier()

    def wrap(self, module: nn.Module) -> nn.Module:
        """``module`` with its gradients averaged over the processes."""
        if self.world_size == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=devices, broadcast_buffers=False)

    def average_buffers(self, module: nn.Module) -> None:
        """Give every process the mean of all processes' buffers, such as batch norm's running statistics."""
        if self.world_size > 1:
            for buffer in module.buffers():
                if buffer.is_floating_point():
                    dist.all_reduce(buffer)
                    buffer /= self.world_size


@contextmanager
def init_distributed(device: str = "auto") -> Iterator[DistributedContext]:
    """Join the run that ``torchrun`` described in the environment; alone where it did not.

    Raises:
        ConfigError: a device that this machine does not have.
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
        distributed.wait()  # a process that leaves early would take the others' connections with it
    finally:
        gc.collect()  # a wrapped module in a cycle would keep the group's threads alive until Python ends, and abort
        dist.destroy_process_group()


def choose_device(name: str, local_rank: int = 0) -> torch.device:
    """The torch device called ``name``; "auto" is a GPU of this machine where there is one.

    Raises:
        ConfigError: no such device.
    """
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
    except RuntimeError:
        raise ConfigError(f"{name!r} is no device", fix="give auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda":
        count = torch.cuda.device_count()
        index = local_rank if device.index is None else device.index
        if index >= count:
            raise ConfigError(f"device {name} number {index} was asked for, but this machine has {count} GPUs")
        device = torch.device("cuda", index)
        torch.cuda.set_device(device)
    return device
