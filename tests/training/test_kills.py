"""Runs that are killed at any moment, alone or as one of two processes, end with the weights of an undisturbed run."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from blasr.training import load_weights
from tests.training.killed_run import run

ROOT = Path(__file__).parents[2]
SCRIPT = "tests/training/killed_run.py"


def final_weights(directory: Path) -> dict[str, torch.Tensor]:
    return {
        f"{name}.{key}": tensor
        for name in ("last", "epoch08")
        for key, tensor in load_weights(directory / "checkpoints" / f"{name}.safetensors")[0].items()
    }


def assert_equal(one: Path, other: Path) -> None:
    first, second = final_weights(one), final_weights(other)
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def quiet_run(directory: Path) -> None:
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    run(directory)


def start(directory: Path) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=quiet_run, args=(directory,))
    process.start()
    return process


def kill_often(directory: Path, kills: int, signals: list[signal.Signals], seed: int) -> int:
    """Run to the end; meanwhile, kill the run ``kills`` times. Return how often it was killed."""
    draw, done = random.Random(seed), 0
    while True:
        process = start(directory)
        if done < kills:
            process.join(draw.uniform(0.05, 0.35))
            if process.is_alive():
                assert process.pid is not None
                os.kill(process.pid, draw.choice(signals))
                done += 1
        process.join()
        if process.exitcode == 0:
            return done


@pytest.mark.parametrize("signals", [[signal.SIGKILL], [signal.SIGTERM, signal.SIGUSR1]])
def test_a_few_kills(tmp_path: Path, signals: list[signal.Signals]) -> None:
    run(tmp_path / "whole")
    assert kill_often(tmp_path / "killed", 3, signals, seed=1) >= 1
    assert_equal(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path) -> None:
    run(tmp_path / "whole")
    kills = seed = 0
    while kills < 50:
        killed = tmp_path / f"killed{seed}"
        kills += kill_often(killed, 8, [signal.SIGKILL, signal.SIGTERM], seed)
        assert_equal(tmp_path / "whole", killed)
        seed += 1
    assert seed < 50  # every run was killed more than once on average


def torchrun(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, "--max-restarts", "2", SCRIPT, str(directory), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_rank_that_dies_is_restarted(tmp_path: Path) -> None:
    """torchrun restarts both processes; they continue from the last checkpoint, which is within an epoch."""
    whole = torchrun(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr[-2000:]
    killed = torchrun(tmp_path / "killed", "17")
    assert killed.returncode == 0, killed.stderr[-2000:]
    assert (tmp_path / "killed" / "killed").exists()
    assert_equal(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.slow
def test_two_processes_stop_at_the_same_step(tmp_path: Path) -> None:
    """A signal to one of two processes stops both after the same step; the run then resumes exactly."""
    assert torchrun(tmp_path / "whole").returncode == 0
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", SCRIPT]
    process = subprocess.Popen(
        [*command, str(tmp_path / "stopped")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    checkpoint = tmp_path / "stopped" / "checkpoints" / "last.safetensors"
    for _ in range(1200):
        if checkpoint.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout
    os.kill(int(children.split()[0]), signal.SIGUSR1)
    process.communicate()
    resumed = torchrun(tmp_path / "stopped")
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    assert_equal(tmp_path / "whole", tmp_path / "stopped")
