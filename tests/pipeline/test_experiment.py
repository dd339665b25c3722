"""Experiments: what is loaded, and which checkpoints and folders are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blasr.errors import ConfigError, DataError
from blasr.inference.config import ScoringConfig
from blasr.pipeline.experiment import Experiment, load_experiment
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


def test_final_weights(system: System) -> None:
    experiment = Experiment.load(system.experiment)
    assert experiment.weights == system.experiment / "final.safetensors"
    assert experiment.origin == "epoch 0" and not experiment.model.training
    assert experiment.num_pdfs == experiment.priors.num_pdfs
    assert experiment.final_mdl == system.experiment / "final.mdl"
    assert len(experiment.fingerprint()) == 64
    scorer = load_experiment(str(system.experiment), config=ScoringConfig(prior_scale=0.5))
    assert scorer.num_pdfs == experiment.num_pdfs and scorer.features == experiment.description.features


def test_checkpoints_are_named(system: System, tmp_path: Path) -> None:
    folder = tmp_path / "exp"
    shutil.copytree(system.experiment, folder)
    (folder / "checkpoints").mkdir()
    shutil.copyfile(folder / "final.safetensors", folder / "checkpoints" / "epoch02.safetensors")
    assert Experiment.load(folder, "epoch2").weights == folder / "checkpoints" / "epoch02.safetensors"
    with pytest.raises(DataError, match="is absent; there are epoch02"):
        Experiment.load(folder, "epoch3")
    with pytest.raises(ConfigError, match="checkpoint 'best' is unknown"):
        Experiment.load(folder, "best")


@pytest.mark.parametrize(
    ("name", "message", "fix"),
    [
        ("config.yaml", "is not a finished experiment: final.yaml is absent", "run `blasr train` to its end"),
        ("final.mdl", "is a folder of GMMs or alignments", "name it with --gmm "),
        ("bundle.yaml", "is a bundle, not an experiment", "name it with --bundle"),
        ("notes", "is not an experiment: final.yaml is absent", "name the directory that `blasr train` wrote"),
    ],
)
def test_a_folder_of_another_kind_is_named(tmp_path: Path, name: str, message: str, fix: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(DataError, match=message) as caught:
        Experiment.load(tmp_path)
    assert fix in str(caught.value.fix) and caught.value.path == tmp_path


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        Experiment.load(tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is not a folder"):
        Experiment.load(tmp_path / "file")
