"""Scorers of a data directory and what their manifests record."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import kaldiio
import numpy as np
import pytest

from blasr.align.feature_store import gmm_features
from blasr.align.gmm_likelihoods import read_gmms, write_feature_config
from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError, MismatchError
from blasr.features.config import MfccConfig
from blasr.features.extraction import FeatureExtractor
from blasr.features.speaker_stats_collection import collect_speaker_stats
from blasr.inference.config import ScoringConfig
from blasr.pipeline.data_scorers import gmm_scorer, network_scorer
from blasr.pipeline.dump import dump
from blasr.pipeline.experiment import Experiment
from tests.pipeline.conftest import data
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["data", "system"]  # fixtures


@pytest.fixture
def one(tmp_path: Path) -> DataDir:
    folder = tmp_path / "data"
    folder.mkdir()
    audio = write_audio(tmp_path / "one.wav", babble(1, 0))
    (folder / "wav.scp").write_text(f"one {audio}\n")
    (folder / "utt2spk").write_text("one one\n")
    return DataDir.read(folder)


def test_a_network(system: System, one: DataDir, tmp_path: Path) -> None:
    experiment = Experiment.load(system.experiment)
    scorer = network_scorer(experiment, one, ScoringConfig(prior_scale=0.5), system.model)
    matrix = scorer.score(one.utterances[0])
    assert matrix.shape == (98, scorer.num_pdfs)
    np.testing.assert_array_equal(
        matrix, experiment.scorer(ScoringConfig(prior_scale=0.5)).for_data(one)(one.utterances[0])
    )
    assert scorer.manifest["priors"] == {
        "scale": 0.5,
        "source": "nowhere",
        "floor": experiment.priors.floor,
        "floored": experiment.priors.num_floored,
    }
    assert scorer.manifest["model"]["file"] == str(system.model)
    assert scorer.manifest["weights"]["sha256"] == experiment.fingerprint()
    assert dump(scorer, tmp_path / "out", workers=2).kept == 1


def test_statistics_of_kaldi(system: System, one: DataDir, tmp_path: Path) -> None:
    """Statistics from a file are used, and the manifest records them."""
    experiment = Experiment.load(system.experiment)
    features = experiment.description.features
    stats = collect_speaker_stats(features, one).speakers()
    kaldiio.save_ark(str(tmp_path / "same.ark"), {name: item.matrix for name, item in stats.items()})
    kaldiio.save_ark(str(tmp_path / "other.ark"), {name: 2 * item.matrix + 1 for name, item in stats.items()})
    expected = network_scorer(experiment, one).score(one.utterances[0])
    same = network_scorer(experiment, one, cmvn=tmp_path / "same.ark")
    np.testing.assert_array_equal(same.score(one.utterances[0]), expected)
    assert same.manifest["cmvn"]["stats"]["file"] == str(tmp_path / "same.ark")
    other = network_scorer(experiment, one, cmvn=tmp_path / "other.ark")
    assert not np.array_equal(other.score(one.utterances[0]), expected)
    by_utterance = replace(experiment.description, features=replace(features, cmvn="utterance"))
    with pytest.raises(ConfigError, match="normalized by utterance, not by speaker"):
        network_scorer(replace(experiment, description=by_utterance), one, cmvn=tmp_path / "same.ark")


def test_gmms(golden: Path, data: Path, tmp_path: Path) -> None:
    shutil.copyfile(golden / "fsdd_tri1" / "final.mdl", tmp_path / "final.mdl")
    write_feature_config(tmp_path, MfccConfig())
    data_dir = DataDir.read(data)
    scorer = gmm_scorer(tmp_path, data_dir)
    extractor = FeatureExtractor(MfccConfig(), data_dir, collect_speaker_stats(MfccConfig(), data_dir))
    utterance = data_dir.utterances[0]
    expected = read_gmms(tmp_path).log_likelihoods(gmm_features(extractor, utterance))
    np.testing.assert_array_equal(scorer.score(utterance), np.asarray(expected, np.float32))
    assert "priors" not in scorer.manifest and "tree" not in scorer.manifest
    assert scorer.manifest["cmvn"] == {"of": "speaker", "variances": False}
    write_feature_config(tmp_path, MfccConfig(sample_rate=16000))
    with pytest.raises(MismatchError, match=r"expect 16000 Hz"):
        gmm_scorer(tmp_path, data_dir)
