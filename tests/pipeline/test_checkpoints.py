"""Checkpoints by name: epochs, ranges, and averages with new statistics of batch norm."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blasr.errors import BlasrError
from blasr.pipeline.checkpoints import default_checkpoints, expand_checkpoints, prepare_checkpoint, saved_epochs
from blasr.pipeline.experiment import Experiment, checkpoint_path
from blasr.pipeline.train import train
from blasr.training import load_weights
from tests.pipeline.conftest import run_config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Empty files in place of the weights of epochs 2 to 4 and 6."""
    (tmp_path / "checkpoints").mkdir()
    for epoch in (2, 3, 4, 6):
        (tmp_path / "checkpoints" / f"epoch{epoch:02d}.safetensors").touch()
    return tmp_path


def test_names(folder: Path) -> None:
    assert saved_epochs(folder) == [2, 3, 4, 6]
    names = ["epoch2-4", "epoch3", "epoch06", "average2-4", "final"]
    assert expand_checkpoints(folder, names) == ["epoch2", "epoch3", "epoch4", "epoch6", "average2-4", "final"]
    assert checkpoint_path(folder, "average2-4", must_exist=False).name == "average02-04.safetensors"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("best", "checkpoint 'best' is unknown"),
        ("average3", "checkpoint 'average3' is unknown"),
        ("epoch4-6", "epoch 5 is not there; found weights of epochs 2, 3, 4, 6"),
        ("epoch4-3", "the range is empty"),
        ("average5-6", "epoch 5 is not there"),
    ],
)
def test_wrong_names_are_refused(folder: Path, name: str, message: str) -> None:
    with pytest.raises(BlasrError, match=message):
        expand_checkpoints(folder, [name])


def test_an_average_that_was_not_computed_is_refused(folder: Path) -> None:
    with pytest.raises(BlasrError, match="compute the average with blasr tune --checkpoints average2-4"):
        checkpoint_path(folder, "average2-4")


def test_the_default_without_weights_of_epochs(tmp_path: Path, folder: Path) -> None:
    assert default_checkpoints(folder) == ["epoch2", "epoch3", "epoch4", "epoch6"]  # no config.yaml, and a gap
    assert default_checkpoints(tmp_path / "elsewhere") == ["final"]


def test_an_average_is_the_one_that_training_selects(data: Path, alignments: Path, tmp_path: Path) -> None:
    training = {"select": "average", "average_epochs": 2, "batch_norm_batches": 5}
    config = run_config(tmp_path / "run", data, alignments, training=training, augmentation={"gain_db": 3.0})
    train(config)
    assert default_checkpoints(config.experiment) == ["epoch1", "epoch2", "average1-2"]
    path = prepare_checkpoint(config.experiment, "average1-2")
    final = load_weights(config.experiment / "final.safetensors")[0]
    average = load_weights(path)[0]
    for name, tensor in final.items():
        torch.testing.assert_close(average[name], tensor, msg=name)
    epochs = [load_weights(checkpoint_path(config.experiment, f"epoch{epoch}"))[0] for epoch in (1, 2)]
    name = next(name for name in final if name.endswith("running_var"))
    assert not torch.allclose(final[name], (epochs[0][name] + epochs[1][name]) / 2)
    assert Experiment.load(config.experiment, "average1-2").origin == "average of epochs 1 to 2"
    written = path.stat().st_mtime_ns
    assert prepare_checkpoint(config.experiment, "average1-2").stat().st_mtime_ns == written
    first = checkpoint_path(config.experiment, "epoch1")
    first.write_bytes(checkpoint_path(config.experiment, "epoch2").read_bytes())
    assert prepare_checkpoint(config.experiment, "average1-2").stat().st_mtime_ns != written
    moved = config.experiment.rename(tmp_path / "moved")
    (moved / path.relative_to(config.experiment)).unlink()
    assert prepare_checkpoint(moved, "average1-2").is_relative_to(moved)
    assert not config.experiment.exists(), "nothing is written where the experiment was trained"
