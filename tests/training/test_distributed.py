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
from blasr.training import CrossEntropy, DistributedContext, Trainer, TrainingConfig, init_distributed, load_weights
from blasr.training.distributed import choose_device
from tests.training.toy import ToySource


def plain() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3))


def normalized() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def work(rank: int, port: int, directory: str) -> None:
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port)
    )
    torch.set_num_threads(1)
    with init_distributed("cpu") as distributed:
        source = ToySource(rank=distributed.rank, world_size=distributed.world_size)

        def fit(module: nn.Module, epochs: int, name: str) -> None:
            config = TrainingConfig(epochs=epochs, select="last", checkpoint_interval=2)
            trainer = Trainer(module, CrossEntropy(), config, Path(directory) / name, distributed=distributed)
            trainer.fit(source, source)
            trainer.final_weights()
            assert trainer.evaluate(source).mean_loss == trainer.state.losses[-1]

        fit(plain(), 2, "plain")
        fit(normalized(), 2, "whole")
        fit(normalized(), 1, "parts")
        fit(normalized(), 2, "parts")
        averaged = normalized()
        config = TrainingConfig(epochs=1, select="last", ema_decay=0.9)
        trainer = Trainer(averaged, CrossEntropy(), config, Path(directory) / "averaged", distributed=distributed)
        trainer.fit(source, source)
        torch.save([*trainer.own_buffers()], Path(directory) / f"buffers{rank}.pt")


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("two")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spawn(work, (port, str(directory)), nprocs=2)  # type: ignore[no-untyped-call]
    return directory


def epoch_weights(directory: Path) -> dict[str, torch.Tensor]:
    return load_weights(directory / "checkpoints" / "epoch02.safetensors")[0]


def test_two_processes_equal_one(two_processes: Path, tmp_path: Path) -> None:
    """Each process has its share of the targets, of unequal numbers; the mean is over all of them.

    The module has no batch norm, whose statistics are of each process alone.
    """
    Trainer(plain(), CrossEntropy(), TrainingConfig(epochs=2), tmp_path).fit(ToySource(), ToySource())
    one, two = epoch_weights(tmp_path), epoch_weights(two_processes / "plain")
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-5, atol=1e-6)


def test_two_processes_resume_exactly(two_processes: Path) -> None:
    whole, parts = epoch_weights(two_processes / "whole"), epoch_weights(two_processes / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_moving_averages_of_buffers_are_those_of_all_processes(two_processes: Path) -> None:
    """Each process has its own statistics of batch norm, and so have their averages, until the end of the epoch."""
    one, other = (torch.load(two_processes / f"buffers{rank}.pt") for rank in (0, 1))
    assert len(one) == 4, "mean and variance, and the averages of both"
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))
    weights = load_weights(two_processes / "averaged" / "checkpoints" / "epoch01.safetensors")[0]
    assert torch.equal(weights["1.running_mean"], one[2])


def test_work_of_rank_zero_is_waited_for_without_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    DistributedContext().wait_for(lambda: len(waited) == 5000)  # longer than a process group waits
    assert sum(waited) > 1800


def test_devices_are_checked() -> None:
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(ConfigError, match="is not a device"):
        choose_device("gpu9")
    with pytest.raises(ConfigError, match="this machine has"):
        choose_device("cuda:63")
