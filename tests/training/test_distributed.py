"""Several processes train as one: the same weights as a single process with the whole batch."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.multiprocessing.spawn import spawn

from blasr.errors import ConfigError
from blasr.training import CrossEntropy, Trainer, TrainingConfig, joined_ranks, load_weights
from blasr.training.distributed import choose_device
from tests.training.toy import ToySource


def linear() -> nn.Module:  # no batch norm, whose statistics are of each process alone
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3))


def work(rank: int, world_size: int, port: int, directory: str) -> None:
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world_size), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port)
    )
    torch.set_num_threads(1)
    with joined_ranks("cpu") as ranks:
        source = ToySource(rank=ranks.rank, world_size=ranks.world_size)
        Trainer(linear(), CrossEntropy(), TrainingConfig(epochs=2), Path(directory), ranks=ranks).fit(source, source)


def test_two_processes_equal_one(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spawn(work, (2, port, str(tmp_path / "two")), nprocs=2)  # type: ignore[no-untyped-call]
    Trainer(linear(), CrossEntropy(), TrainingConfig(epochs=2), tmp_path / "one").fit(ToySource(), ToySource())
    one = load_weights(tmp_path / "one" / "checkpoints" / "epoch02.safetensors")[0]
    two = load_weights(tmp_path / "two" / "checkpoints" / "epoch02.safetensors")[0]
    for name in one:  # each process has its share of the targets, of unequal numbers: the mean is over all
        torch.testing.assert_close(one[name], two[name], rtol=1e-5, atol=1e-6)


def test_devices_are_checked() -> None:
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(ConfigError, match="is no device"):
        choose_device("gpu9")
    with pytest.raises(ConfigError, match="this machine has"):
        choose_device("cuda:63")
