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


def test_a_folder_without_a_finished_training_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"final\.yaml: is absent: this is not a finished experiment"):
        Experiment.load(tmp_path)
