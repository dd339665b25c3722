"""Two models are a cascade only if they have the same outputs, tree and features."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import BlasrError, ConfigError, DataError
from blasr.features.config import FeatureConfig
from blasr.inference.config import CascadeConfig
from blasr.pipeline.cascade.experiment import CascadeExperiment, check_pair, check_replaceable, write_cascade
from blasr.pipeline.experiment import Experiment
from tests.pipeline.cascade.pairs import write_little
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def little(system: System, tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return Experiment.load(write_little(system, tmp_path_factory.mktemp("little") / "exp"))


def test_it_is_read_as_it_was_written(system: System, little: Experiment, tmp_path: Path) -> None:
    big, config = Experiment.load(system.experiment), CascadeConfig(0.75, "entropy", "window")
    check_pair(little, big)
    write_cascade(tmp_path / "both", little, big, config)
    found = Experiment.load(tmp_path / "both")
    assert isinstance(found, CascadeExperiment) and found.cascade == config
    for name, weight in found.model.state_dict().items():
        assert weight.equal(big.model.state_dict()[name])
    for name, weight in found.little.model.state_dict().items():
        assert weight.equal(little.model.state_dict()[name])
    np.testing.assert_array_equal(found.little.priors.log, little.priors.log)
    assert found.record["cascade"]["threshold"] == 0.75 and "little" in found.record["cascade"]["little"]["file"]
    shutil.rmtree(tmp_path / "both" / "little")
    with pytest.raises(DataError, match="little"):
        Experiment.load(tmp_path / "both")


@pytest.mark.parametrize("threshold", ["-0.1", ".nan", ".inf"])
def test_a_threshold_out_of_range_is_refused(
    system: System, little: Experiment, tmp_path: Path, threshold: str
) -> None:
    write_cascade(tmp_path / "both", little, Experiment.load(system.experiment), CascadeConfig(0.5))
    path = tmp_path / "both" / "cascade.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("threshold: 0.5", f"threshold: {threshold}"))
    with pytest.raises(ConfigError, match="expected a number from 0 to 1, or above 1"):
        Experiment.load(tmp_path / "both")


def test_other_features_are_refused(system: System, little: Experiment) -> None:
    big = Experiment.load(system.experiment)
    other = replace(little, description=replace(little.description, features=FeatureConfig(low_freq=40.0)))
    with pytest.raises(
        BlasrError, match=r"different features: low_freq is 40\.0 and 20\.0, norm_vars is False and True"
    ):
        check_pair(other, big)


def test_another_tree_is_refused(system: System, little: Experiment, tmp_path: Path) -> None:
    shutil.copytree(system.experiment, tmp_path / "moved")
    big = replace(Experiment.load(system.experiment), directory=tmp_path / "moved")
    check_pair(little, big)
    leaves = [b"CE \x04" + bytes((number, 0, 0, 0)) for number in (0, 1, 99)]  # in Kaldi's binary form
    tree = (tmp_path / "moved" / "tree").read_bytes()
    swapped = tree.replace(leaves[0], leaves[2]).replace(leaves[1], leaves[0]).replace(leaves[2], leaves[1])
    assert swapped != tree
    (tmp_path / "moved" / "tree").write_bytes(swapped)
    with pytest.raises(BlasrError, match="but are different trees"):
        check_pair(little, big)


def test_only_cascades_are_replaced(tmp_path: Path) -> None:
    check_replaceable(tmp_path / "new")
    check_replaceable(tmp_path)
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(DataError, match="contains other files"):
        check_replaceable(tmp_path)
    (tmp_path / "cascade.yaml").write_text("threshold: 0.5\n")
    check_replaceable(tmp_path)
