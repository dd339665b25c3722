"""A network, its model, its tree and its audio: one message with both numbers and both files."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.cli.main import main
from blasr.data.data_dir import DataDir
from blasr.errors import MismatchError
from blasr.features.config import FeatureConfig
from blasr.hmm.model_file import write_model
from blasr.hmm.topology import make_topology
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.inference.config import PriorConfig
from blasr.inference.priors import Priors
from blasr.models import AcousticModelConfig, build_acoustic_model
from blasr.pipeline.experiment import Experiment, ModelDescription, write_final
from blasr.pipeline.network_checks import check_network, check_sample_rate


def write_gmm_dir(folder: Path, phones: int = 2) -> Path:
    """``final.mdl`` and ``tree`` of ``phones`` monophones with 3 pdfs each."""
    folder.mkdir(exist_ok=True)
    tree = monophone_tree([[phone + 1] for phone in range(phones)], {phone + 1: 3 for phone in range(phones)})
    topology = make_topology([phone + 1 for phone in range(phones)], [])
    write_model(folder / "final.mdl", TransitionModel.from_tree(tree, topology))
    tree.write(folder / "tree")
    return folder


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    """A network of 6 pdfs that was never trained."""
    folder = write_gmm_dir(tmp_path / "exp")
    config = AcousticModelConfig("bl_resnet22_a2b3", 0.1)
    model = build_acoustic_model(config.name, num_pdfs=6, width=config.width)
    priors = Priors.from_counts(np.arange(1, 7), PriorConfig(), "exp/tri_ali")
    write_final(folder, ModelDescription(config, 6, FeatureConfig(), "epoch 0"), model.state_dict(), priors)
    return Experiment.load(folder)


def test_what_belongs_together(experiment: Experiment, tmp_path: Path) -> None:
    assert check_network(experiment) == 6
    assert check_network(experiment, write_gmm_dir(tmp_path / "gmm") / "final.mdl") == 6


def test_network_and_model(experiment: Experiment, tmp_path: Path) -> None:
    other = write_gmm_dir(tmp_path / "gmm", phones=3) / "final.mdl"
    with pytest.raises(MismatchError) as caught:
        check_network(experiment, other)
    message = str(caught.value)
    assert "6 in the output layer in" in message and f"9 in {other}" in message
    assert f"6 in {experiment.directory}/priors.vec" in message and f"9 in {other.parent}/tree" in message
    assert "fix: give the final.mdl" in message


def test_priors(experiment: Experiment) -> None:
    priors = Priors.from_counts(np.arange(1, 8), PriorConfig(), "exp/tri_ali")
    with pytest.raises(MismatchError, match=r"7 in .*priors\.vec"):
        check_network(replace(experiment, priors=priors))


def test_model_and_tree(experiment: Experiment, tmp_path: Path) -> None:
    monophone_tree([[1, 2]], {1: 3, 2: 3}).write(experiment.directory / "tree")
    with pytest.raises(MismatchError, match=r"6 in .*final\.mdl, 3 in .*tree"):
        check_network(experiment)


def test_another_tree_of_the_same_size(experiment: Experiment, tmp_path: Path) -> None:
    folder = write_gmm_dir(tmp_path / "gmm")
    monophone_tree([[2], [1]], {1: 3, 2: 3}).write(folder / "tree")
    with pytest.raises(MismatchError, match=r"both have 6 pdfs, but are different trees \(SHA-256 \w{12} and \w{12}\)"):
        check_network(experiment, folder / "final.mdl")


def test_feature_dimension(experiment: Experiment) -> None:
    description = replace(experiment.description, features=FeatureConfig(num_mel_bins=40))
    with pytest.raises(MismatchError, match=r"final\.yaml has 40 mel bins, the network in .*safetensors reads 64"):
        check_network(replace(experiment, description=description))


def test_sample_rate(experiment: Experiment, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(160), 16000)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "wav.scp").write_text(f"a {tmp_path}/a.wav\n")
    (tmp_path / "data" / "utt2spk").write_text("a a\n")
    data = DataDir.read(tmp_path / "data")
    with pytest.raises(MismatchError, match=r"a\.wav has a sample rate of 16000 Hz, the features in .* expect 8000 Hz"):
        check_network(experiment, data_dir=data)
    check_sample_rate(data, 16000, "final.yaml")


def test_checking_without_a_dump(
    experiment: Experiment, golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(160), 8000)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "wav.scp").write_text(f"a {tmp_path}/a.wav\n")
    (tmp_path / "data" / "utt2spk").write_text("a a\n")
    where = ["--experiment", str(experiment.directory), "--data", str(tmp_path / "data")]
    command = ["dump", *where, "--out", str(tmp_path / "out")]
    assert main([*command, "--check"]) == 0
    assert "belong together: 6 pdfs" in capsys.readouterr().out
    graph = tmp_path / "graph"
    shutil.copytree(golden / "fsdd_tri1" / "lang", graph)
    shutil.copyfile(golden / "fsdd_tri1" / "HCLG.fst", graph / "HCLG.fst")
    assert main([*command, "--check", "--graph", str(graph)]) == 1
    assert "the largest input label is" in capsys.readouterr().err
    assert main([*command, "--graph", str(graph)]) == 2
    assert not (tmp_path / "out").exists()
