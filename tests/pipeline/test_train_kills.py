"""``blasr train`` on real recordings, killed and stopped several times, ends with the weights of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from blasr.config import write_yaml
from blasr.training import load_weights
from tests.pipeline.conftest import run_config

ROOT = Path(__file__).parents[2]


def start(config: Path, experiment: Path) -> subprocess.Popen[str]:
    """Start ``blasr train`` in a group of its own, as a batch system does."""
    return subprocess.Popen(
        [sys.executable, "-m", "blasr.cli", "train", str(config), "--experiment", str(experiment)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_steps(process: subprocess.Popen[str], experiment: Path, seconds: float) -> None:
    """Wait until the run has written a line of metrics, and then some seconds more."""
    metrics = experiment / "metrics.jsonl"
    before = metrics.stat().st_size if metrics.exists() else 0
    for _ in range(2400):
        if process.poll() is not None or (metrics.exists() and metrics.stat().st_size > before):
            break
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


@pytest.mark.slow
def test_a_killed_training_of_real_speech(data: Path, alignments: Path, tmp_path: Path) -> None:
    """The signals go to the whole group: the main process and the workers that prepare features."""
    config = run_config(
        tmp_path / "unused",
        data,
        alignments,
        chunks={"num_workers": 1, "cache_mb": 0, "pool_frames": 400},
        augmentation={"speeds": [0.9, 1.0, 1.1], "time_masks": 1},
        training={"epochs": 3, "log_interval": 1, "checkpoint_interval": 2, "ema_decay": 0.9, "threads": 1},
    )
    path = tmp_path / "config.yaml"
    path.write_text(write_yaml(config), encoding="utf-8")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(path, whole).wait() == 0
    draw = random.Random(3)
    statuses = []
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        process = start(path, killed)
        wait_for_steps(process, killed, draw.uniform(0.0, 0.3))
        if process.poll() is None:
            os.killpg(process.pid, number)
        statuses.append(process.wait())
        assert process.stderr is not None
        error = process.stderr.read()
        assert "Traceback" not in error, error
    assert set(statuses) <= {-signal.SIGKILL, 128 + signal.SIGTERM, 0}
    assert -signal.SIGKILL in statuses and 128 + signal.SIGTERM in statuses
    assert start(path, killed).wait() == 0
    for name in ("checkpoints/last.safetensors", "final.safetensors"):
        one, other = (load_weights(folder / name)[0] for folder in (whole, killed))
        assert one.keys() == other.keys()
        assert [key for key in one if not torch.equal(one[key], other[key])] == []
