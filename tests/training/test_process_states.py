"""The states of processes; several of them are in test_distributed."""

from __future__ import annotations

import torch
from torch import nn

from blasr.training import DistributedContext
from blasr.training.process_states import load_process_states, process_states


def test_one_process_has_none() -> None:
    assert process_states([*nn.BatchNorm1d(2).buffers()], DistributedContext()) == {}
    load_process_states([torch.zeros(2)], DistributedContext(), {})


def test_each_process_gets_its_row() -> None:
    module = nn.BatchNorm1d(2)
    buffers = [buffer for buffer in module.buffers() if buffer.is_floating_point()]
    before = torch.get_rng_state()
    states = {
        "random": torch.stack([before, before]),
        "buffers": torch.tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]),
    }
    load_process_states(buffers, DistributedContext(rank=1, world_size=2), states)
    assert module.running_mean is not None and module.running_mean.tolist() == [5.0, 6.0]
    assert module.running_var is not None and module.running_var.tolist() == [7.0, 8.0]
    load_process_states(buffers, DistributedContext(rank=1, world_size=3), states)  # between epochs: nothing to restore
    assert torch.equal(torch.get_rng_state(), before)
