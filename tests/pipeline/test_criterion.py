"""Sequence training of a small network on real speech with Kaldi's alignments, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from blasr.errors import ConfigError, DataError, MismatchError
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import read_corpus
from blasr.pipeline.criterion import SequenceLoss, make_loss
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.train import train
from blasr.training import DistributedContext
from tests.pipeline.conftest import run_config

WHOLE = {"chunk_frames": 150}


@pytest.fixture(scope="module")
def cross_entropy(data: Path, alignments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ce") / "run"
    train(run_config(directory, data, alignments, training={"epochs": 3}))
    return directory


def sequence_config(
    directory: Path, source: Path | None, data: Path, alignments: Path, criterion: str, **sections: dict[str, Any]
) -> RunConfig:
    training = {"criterion": criterion, "learning_rate": 0.001, **sections.pop("training", {})}
    sections = {"chunks": WHOLE, "training": training, **sections}
    return run_config(directory, data, alignments, source, **sections)


def epochs_of(experiment: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (experiment / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] == "epoch"]


@pytest.mark.parametrize("criterion", ["lfmmi", "smbr"])
def test_the_criterion_improves(
    cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path, criterion: str
) -> None:
    config = sequence_config(tmp_path / "run", cross_entropy, data, alignments, criterion, training={"epochs": 4})
    assert train(config).epoch == 5
    epochs = epochs_of(tmp_path / "run")
    assert 0 < epochs[-1]["loss"] < epochs[0]["loss"]
    assert len(list((tmp_path / "run" / "sequence").glob("denominator-*.npz"))) == 1
    assert Experiment.load(tmp_path / "run").num_pdfs == 144


def test_both_backends_train_alike(cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    weights = []
    for backend in ("numba", "torch"):
        config = sequence_config(
            tmp_path / backend, cross_entropy, data, alignments, "lfmmi", sequence={"backend": backend}
        )
        train(config)
        weights.append(Experiment.load(tmp_path / backend).model.state_dict())
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, atol=1e-4, rtol=1e-3)


def test_chunks_of_utterances(cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    config = sequence_config(
        tmp_path / "run",
        cross_entropy,
        data,
        alignments,
        "lfmmi",
        chunks={"chunk_frames": 30},
        sequence={"whole_utterances": False, "boost": 0.1, "tolerance": 2},
    )
    train(config)
    assert epochs_of(tmp_path / "run")[-1]["loss"] > 0


def test_utterances_that_are_longer_than_a_chunk(
    cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path
) -> None:
    config = sequence_config(tmp_path / "run", cross_entropy, data, alignments, "lfmmi", chunks={"chunk_frames": 30})
    with pytest.raises(ConfigError, match=r"chunk_frames is 30, but .* may have \d+ frames") as caught:
        train(config)
    assert "sequence.whole_utterances=false" in str(caught.value)


def test_speeds_among_the_transforms_make_utterances_longer(
    cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path
) -> None:
    speeds = {"transforms": [{"kind": "speed", "factors": [0.5, 1.0]}]}
    plain = sequence_config(tmp_path / "run", cross_entropy, data, alignments, "lfmmi")
    longest = int(max(read_corpus(plain.data, tmp_path / "labels", 0).train.lengths))
    chunks = {"chunk_frames": longest + 10}
    config = sequence_config(
        tmp_path / "run", cross_entropy, data, alignments, "lfmmi", chunks=chunks, augmentation=speeds
    )
    with pytest.raises(ConfigError, match=rf"chunk_frames is {longest + 10}, but .* may have \d+ frames"):
        train(config)


@pytest.mark.parametrize("source", ["posteriors", "uniform"])
def test_priors_of_the_criterion(
    source: str, cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path
) -> None:
    config = sequence_config(tmp_path / "run", cross_entropy, data, alignments, "lfmmi", priors={"source": source})
    corpus = read_corpus(config.data, tmp_path / "labels", 0)
    if source == "posteriors":
        with pytest.raises(ConfigError, match="needs priors before the network is trained"):
            make_loss(config, corpus, DistributedContext())
    else:
        loss = make_loss(config, corpus, DistributedContext())
        assert isinstance(loss, SequenceLoss)


def test_a_sequence_criterion_needs_a_trained_network(data: Path, alignments: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="initialize_from"):
        sequence_config(tmp_path / "run", None, data, alignments, "smbr")


def test_joined_utterances_are_not_whole(cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="join_probability"):
        sequence_config(
            tmp_path / "run", cross_entropy, data, alignments, "lfmmi", augmentation={"join_probability": 0.5}
        )


def test_a_network_of_another_width(cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    config = sequence_config(tmp_path / "run", cross_entropy, data, alignments, "lfmmi", model={"width": 0.2})
    with pytest.raises(MismatchError, match="tensors fit this model"):
        train(config)


def test_alignments_without_a_tree(cross_entropy: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ali"
    folder.mkdir()
    for name in ("final.mdl", "ali.1.gz"):
        (folder / name).write_bytes((alignments / name).read_bytes())
    with pytest.raises(DataError, match="is missing"):
        train(sequence_config(tmp_path / "run", cross_entropy, data, folder, "lfmmi"))
