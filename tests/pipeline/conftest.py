"""A corpus of 24 real recordings with Kaldi's alignments, and a run small enough for a test."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from blasr.config import parse_config
from blasr.data.data_dir import DataDir
from blasr.io.kaldi.alignments import read_alignments, write_alignments
from blasr.pipeline.config import RunConfig


def write_data_dir(directory: Path, fsdd_dir: Path, names: list[str]) -> Path:
    directory.mkdir(parents=True)
    scp, speakers = [], []
    for name in sorted(names):
        speaker, digit, index = name.split("-")
        scp.append(f"{name} {fsdd_dir}/{digit}_{speaker}_{int(index)}.wav\n")
        speakers.append(f"{name} {speaker}\n")
    (directory / "wav.scp").write_text("".join(scp))
    (directory / "utt2spk").write_text("".join(speakers))
    return directory


@pytest.fixture(scope="session")
def data(fsdd_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [
        f"{speaker}-{digit}-{index:02d}" for speaker in ("george", "theo") for digit in "0459" for index in (5, 6, 7)
    ]
    return write_data_dir(tmp_path_factory.mktemp("data") / "train", fsdd_dir, names)


@pytest.fixture(scope="session")
def alignments(golden: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ali")
    wanted = {utterance.id for utterance in DataDir.read(data).utterances}
    write_alignments(
        directory / "ali.1.gz", (item for item in read_alignments(golden / "fsdd_tri1") if item[0] in wanted)
    )
    for name in ("final.mdl", "tree"):
        shutil.copyfile(golden / "fsdd_tri1" / name, directory / name)
    return directory


def run_config(
    experiment: Path, data: Path, alignments: Path, initialize_from: Path | None = None, /, **sections: dict[str, Any]
) -> RunConfig:
    mapping: dict[str, Any] = {
        "experiment": experiment,
        "model": {"name": "bl_resnet22_a2b3", "width": 0.1},
        "data": {"train": data, "alignments": alignments, "valid_share": 0.1},
        "chunks": {"chunk_frames": 40, "batch_frames": 200, "num_workers": 0, "cache_mb": 10},
        "training": {"epochs": 2, "log_interval": 2},
        "initialize_from": initialize_from,
    }
    for section, values in sections.items():
        mapping[section] = {**mapping.get(section, {}), **values}
    return parse_config(RunConfig, mapping)
