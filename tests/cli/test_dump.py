"""``blasr dump``: archives of a network and of GMMs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from blasr.align.gmm_likelihoods import write_feature_config
from blasr.cli.main import main
from blasr.features.config import MfccConfig
from blasr.hmm.model_file import write_model
from blasr.hmm.topology import make_topology
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.io.kaldi.tables import read_matrices
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.train import train
from tests.pipeline.conftest import alignments, data, run_config

__all__ = ["alignments", "data"]  # fixtures


@pytest.fixture(scope="module")
def experiment(data: Path, alignments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exp") / "run"
    train(run_config(directory, data, alignments, training={"epochs": 1}))
    return directory


def command(experiment: Path, data: Path, out: Path, *more: str) -> list[str]:
    return ["dump", "--experiment", str(experiment), "--data", str(data), "--device", "cpu", *more, "--out", str(out)]


def test_dump_of_a_network(experiment: Path, data: Path, tmp_path: Path) -> None:
    assert main(command(experiment, data, tmp_path / "one", "--prior-scale", "1")) == 0
    assert main(command(experiment, data, tmp_path / "none", "--prior-scale", "0")) == 0
    assert main(command(experiment, data, tmp_path / "workers", "--nj", "2")) == 0
    log_priors = Experiment.load(experiment).priors.log
    posteriors = dict(read_matrices(tmp_path / "none" / "loglikes.ark"))
    in_workers = dict(read_matrices(tmp_path / "workers" / "loglikes.ark"))
    assert len(posteriors) == len(in_workers) == 24
    for name, matrix in read_matrices(f"scp:{tmp_path}/one/loglikes.scp"):
        np.testing.assert_allclose(np.exp(posteriors[name]).sum(axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(matrix, posteriors[name] - log_priors, rtol=1e-5, atol=1e-4)
        np.testing.assert_array_equal(matrix, in_workers[name])  # one thread computes each product
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert manifest["priors"]["scale"] == 1
    assert manifest["weights"]["sha256"] == Experiment.load(experiment).fingerprint()
    assert manifest["utterances"] == {"asked": 24, "written": 24, "dropped": {}}


def test_a_decoders_model_of_another_size_is_refused_first(
    experiment: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = TransitionModel.from_tree(monophone_tree([[1]], {1: 3}), make_topology([1], []))
    write_model(tmp_path / "other.mdl", model)
    assert main(command(experiment, data, tmp_path / "out", "--model", str(tmp_path / "other.mdl"))) == 1
    error = capsys.readouterr().err
    assert "144 in the output layer" in error
    assert f"3 in {tmp_path}/other.mdl" in error
    assert not (tmp_path / "out").exists()


def test_a_missing_recording_leaves_nothing(
    experiment: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "data"
    shutil.copytree(data, broken)
    lines = (data / "wav.scp").read_text().splitlines()
    (broken / "wav.scp").write_text("\n".join([*lines[:-1], lines[-1].split()[0] + " absent.wav"]) + "\n")
    assert main([*command(experiment, broken, tmp_path / "out"), "--max-loss", "0"]) == 1
    error = capsys.readouterr().err
    assert "absent.wav" in error and "theo-9-07" in error
    assert list(tmp_path.glob("out/*")) == []


def test_dump_of_gmms(golden: Path, data: Path, tmp_path: Path) -> None:
    model = tmp_path / "gmm"
    model.mkdir()
    shutil.copyfile(golden / "fsdd_tri1" / "final.mdl", model / "final.mdl")
    write_feature_config(model, MfccConfig())
    assert main(["dump", "--gmm", str(model), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    matrices = dict(read_matrices(tmp_path / "out" / "loglikes.ark"))
    assert len(matrices) == 24
    assert all(matrix.shape[1] == 144 for matrix in matrices.values())
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["values"].startswith("log p(x|s)")


def test_an_experiment_or_gmms(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["dump", "--data", str(data), "--out", str(tmp_path / "out")])
