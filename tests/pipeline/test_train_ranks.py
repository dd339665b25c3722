"""``blasr train`` under ``torchrun``: two processes share the tables of rank 0, and a mistake is reported once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blasr.config import write_yaml
from blasr.pipeline.experiment import Experiment
from tests.pipeline.conftest import run_config

ROOT = Path(__file__).parents[2]


def train_with_two_processes(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.run(
        [*command, "-m", "blasr.cli", "train", str(config), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_two_processes_train(data: Path, alignments: Path, tmp_path: Path) -> None:
    config = run_config(tmp_path / "run", data, alignments, training={"epochs": 1, "threads": 1})
    (tmp_path / "train.yaml").write_text(write_yaml(config))
    done = train_with_two_processes(tmp_path / "train.yaml")
    assert done.returncode == 0, done.stderr[-2000:]
    assert Experiment.load(tmp_path / "run").num_pdfs == 144
    assert (tmp_path / "run" / "labels" / "train" / "labels.npy").exists()


@pytest.mark.slow
def test_a_mistake_is_reported_once_and_ends_both(data: Path, alignments: Path, tmp_path: Path) -> None:
    (tmp_path / "train.yaml").write_text(write_yaml(run_config(tmp_path / "run", data, alignments)))
    (tmp_path / "ali").mkdir()
    done = train_with_two_processes(tmp_path / "train.yaml", "--set", f"data.alignments={tmp_path}/ali")
    assert done.returncode != 0
    assert done.stderr.count("final.mdl: is missing") == 1
