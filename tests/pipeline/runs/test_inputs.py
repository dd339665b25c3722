"""The data of a run is described with fingerprints that change with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from blasr.pipeline.config import DataConfig
from blasr.pipeline.corpus import read_corpus
from blasr.pipeline.runs.inputs import describe_images, describe_inputs
from blasr.vision import ImageFolder
from tests.pipeline.conftest import alignments, data
from tests.vision.imagefolders import write_folders

__all__ = ["alignments", "data"]  # fixtures


def test_a_corpus(data: Path, alignments: Path, tmp_path: Path) -> None:
    corpus = read_corpus(DataConfig(data, alignments, valid_share=0.1), tmp_path / "labels", 0)
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "final.safetensors").write_bytes(b"weights")
    entries = describe_inputs(corpus, tmp_path / "first")
    train, valid = entries["train"], entries["valid"]
    assert (train["utterances"], valid["utterances"]) == (22, 2)
    assert train["data"] == valid["data"] and train["data"].keys() == {"dir", "wav.scp", "utt2spk"}
    assert train["data"]["wav.scp"] == hashlib.sha256((data / "wav.scp").read_bytes()).hexdigest()
    assert train["labels"] == valid["labels"] and len(train["labels"]["fingerprint"]) == 64
    assert train["fingerprint"] != valid["fingerprint"]
    assert train["frames"] == corpus.train.num_frames
    assert entries["final.mdl"]["sha256"] == hashlib.sha256((alignments / "final.mdl").read_bytes()).hexdigest()
    assert entries["initial_weights"]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert "initial_weights" not in describe_inputs(corpus)


def test_images(tmp_path: Path) -> None:
    folder = write_folders(tmp_path)
    train = ImageFolder(folder / "train")
    entries = describe_images(train, None)
    assert entries.keys() == {"train"}
    (tmp_path / "final.safetensors").write_bytes(b"weights")
    weights = describe_images(train, None, tmp_path)["initial_weights"]
    assert weights["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert (entries["train"]["images"], entries["train"]["classes"]) == (len(train), 2)
    next((folder / "train" / "red").iterdir()).unlink()
    assert (
        describe_images(ImageFolder(folder / "train"), None)["train"]["fingerprint"] != entries["train"]["fingerprint"]
    )
