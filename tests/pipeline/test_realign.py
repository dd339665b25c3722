"""Realignment with a network: the scores are the scorer's, and an experiment without a tree is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from blasr.align.config import RealignConfig
from blasr.align.realign import realign
from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError
from blasr.graph.lang import Lang
from blasr.inference.config import ScoringConfig
from blasr.io import read_alignments
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.realign import realign_with_network
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, seed in (("one", 1), ("two", 2)):
        write_audio(folder / f"{name}.wav", babble(1.5, seed))
    (folder / "wav.scp").write_text(f"one {folder}/one.wav\ntwo {folder}/two.wav\n")
    (folder / "utt2spk").write_text("one s\ntwo s\n")
    (folder / "text").write_text("one TEA TWO\ntwo OAT\n")
    return DataDir.read(folder, need_text=True)


def test_the_scores_are_those_of_the_network(system: System, data: DataDir, tmp_path: Path) -> None:
    experiment, lang = Experiment.load(system.experiment), Lang.read(system.lang)
    config, scoring = RealignConfig(beam=200.0, retry_beam=400.0), ScoringConfig(prior_scale=0.5)
    tally = realign_with_network(experiment, data, lang, tmp_path / "ali", config=config, scoring=scoring)
    assert tally.kept == 2
    score = experiment.scorer(scoring).for_data(data)
    realign(data, lang, system.experiment, score, tmp_path / "expected", config)
    found, expected = (dict(read_alignments(tmp_path / name)) for name in ("ali", "expected"))
    assert list(found) == ["one", "two"]
    for name, alignment in found.items():
        np.testing.assert_array_equal(alignment, expected[name])


def test_an_experiment_without_a_tree_needs_gmms(system: System, data: DataDir, tmp_path: Path) -> None:
    shutil.copytree(system.experiment, tmp_path / "exp")
    (tmp_path / "exp" / "tree").unlink()
    experiment, lang = Experiment.load(tmp_path / "exp"), Lang.read(system.lang)
    with pytest.raises(ConfigError, match=r"has no tree\n  fix: name the alignment directory"):
        realign_with_network(experiment, data, lang, tmp_path / "ali")
    config = RealignConfig(beam=200.0, retry_beam=400.0)
    realign_with_network(experiment, data, lang, tmp_path / "ali", gmm=system.experiment, config=config)
    assert not (tmp_path / "ali" / "final.yaml").exists() and (tmp_path / "ali" / "tree").exists()
