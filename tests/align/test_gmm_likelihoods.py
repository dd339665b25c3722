from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from blasr.align.feature_store import gmm_features
from blasr.align.gmm_likelihoods import gmm_log_likelihoods, read_feature_config, read_gmms, write_feature_config
from blasr.errors import FormatError, MismatchError
from blasr.features.config import MfccConfig
from blasr.features.extraction import FeatureExtractor
from blasr.hmm import AmDiagGmm, DiagGmm, TransitionModel, make_topology, monophone_tree, write_model

from .conftest import ToneCorpus

CONFIG = MfccConfig(cmvn="utterance")


def write_random_model(folder: Path, seed: int, dimension: int = 39) -> AmDiagGmm:
    random = np.random.default_rng(seed)
    tree = monophone_tree([[1], [2]], {1: 1, 2: 1})
    transitions = TransitionModel.from_tree(tree, make_topology([2], [1], speech_states=1, silence_states=1))
    gmms = AmDiagGmm([DiagGmm(np.ones(1), random.normal(size=(1, dimension)), np.ones((1, dimension)))] * 2)
    write_model(folder / "final.mdl", transitions, gmms)
    return gmms


def test_the_folder_of_a_network_is_named(tmp_path: Path) -> None:
    (tmp_path / "final.yaml").touch()
    with pytest.raises(MismatchError, match="is the experiment of a network") as caught:
        read_gmms(tmp_path)
    assert f"--experiment {tmp_path}" in str(caught.value.fix)


def test_log_likelihoods_are_those_of_the_model_even_after_it_changes(tones: ToneCorpus, tmp_path: Path) -> None:
    extractor = FeatureExtractor(CONFIG, tones.data)
    utterance = tones.data.utterances[0]
    for seed in (0, 1):
        gmms = write_random_model(tmp_path, seed)
        os.utime(tmp_path / "final.mdl", ns=(seed + 1, seed + 1))
        found = gmm_log_likelihoods(tmp_path, extractor, utterance)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, gmms.log_likelihoods(gmm_features(extractor, utterance)), rtol=1e-5)


def test_features_of_another_dimension_are_refused(tones: ToneCorpus, tmp_path: Path) -> None:
    write_random_model(tmp_path, 0, dimension=40)
    with pytest.raises(MismatchError, match="40 dimensions"):
        gmm_log_likelihoods(tmp_path, FeatureExtractor(CONFIG, tones.data), tones.data.utterances[0])


def test_the_configuration_of_the_features_is_kept(tmp_path: Path) -> None:
    write_feature_config(tmp_path, MfccConfig(num_ceps=10))
    assert read_feature_config(tmp_path) == MfccConfig(num_ceps=10)
    with pytest.raises(MismatchError, match=r"has GMMs without the configuration of their features \(mfcc\.yaml\)"):
        read_feature_config(tmp_path / "absent")


def test_a_folder_without_mixtures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be opened"):
        read_gmms(tmp_path)
    tree = monophone_tree([[1]], {1: 1})
    write_model(tmp_path / "final.mdl", TransitionModel.from_tree(tree, make_topology([1], [], speech_states=1)))
    with pytest.raises(MismatchError, match="has no Gaussian mixtures"):
        read_gmms(tmp_path)
