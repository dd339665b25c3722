"""The batches of a run: every labeled frame once, augmented in training only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from blasr.chunks import ChunkBatch
from blasr.data import DataDir
from blasr.features import GLOBAL_CMVN, FeatureExtractor, OnlineCmvn, collect_speaker_stats, read_global_cmvn
from blasr.pipeline.batches import VALID_CHUNK_FRAMES, make_batches
from blasr.pipeline.corpus import Corpus, LabeledData, read_corpus, read_labeled
from blasr.training import DistributedContext
from blasr.units import IGNORE_INDEX
from tests.pipeline.conftest import run_config


def num_labels(batches: Iterable[ChunkBatch]) -> int:
    return sum(int((batch.targets != IGNORE_INDEX).sum()) for batch in batches)


def test_every_labeled_frame_occurs_once(data: Path, alignments: Path, tmp_path: Path) -> None:
    config = run_config(tmp_path / "run", data, alignments)
    corpus = read_corpus(config.data, tmp_path / "labels", config.training.seed)
    batches = make_batches(config, corpus, DistributedContext())
    train, valid = batches.train, batches.valid
    assert valid is not None and corpus.valid is not None
    assert num_labels(train.batches(1)) == corpus.train.num_frames
    assert num_labels(valid.batches(1)) == corpus.valid.num_frames


def test_processes_share_the_frames(data: Path, alignments: Path, tmp_path: Path) -> None:
    config = run_config(tmp_path / "run", data, alignments)
    corpus = read_corpus(config.data, tmp_path / "labels", config.training.seed)
    shares = [make_batches(config, corpus, DistributedContext(rank, 2)).train for rank in (0, 1)]
    assert shares[0].num_batches(1) == shares[1].num_batches(1)
    assert sum(num_labels(share.batches(1)) for share in shares) == corpus.train.num_frames


def test_held_out_data_is_neither_shuffled_nor_augmented(data: Path, alignments: Path, tmp_path: Path) -> None:
    config = run_config(
        tmp_path / "run", data, alignments, augmentation={"gain_db": 6.0, "time_masks": 1}, features={"cmvn": "none"}
    )
    corpus = read_corpus(config.data, tmp_path / "labels", config.training.seed)
    batches = make_batches(config, corpus, DistributedContext())
    train, valid = batches.train, batches.valid
    assert valid is not None
    first, second = (list(valid.batches(epoch)) for epoch in (1, 2))
    assert all(torch.equal(one.inputs, two.inputs) for one, two in zip(first, second, strict=True))
    assert max(batch.targets.shape[1] for batch in first) <= VALID_CHUNK_FRAMES
    assert [batch.names for batch in train.batches(1)] != [batch.names for batch in train.batches(2)]


def test_there_may_be_no_held_out_data(data: Path, alignments: Path, tmp_path: Path) -> None:
    config = run_config(tmp_path / "run", data, alignments, data={"valid_share": 0.0})
    corpus = read_corpus(config.data, tmp_path / "labels", config.training.seed)
    assert make_batches(config, corpus, DistributedContext()).valid is None


def test_plain_data_is_neither_augmented_nor_balanced(data: Path, alignments: Path, tmp_path: Path) -> None:
    changes = {"augmentation": {"gain_db": 6.0}, "chunks": {"chunk_frames": 1, "balance_gamma": 0.5}}
    config = run_config(tmp_path / "run", data, alignments, **changes)
    corpus = read_corpus(config.data, tmp_path / "labels", config.training.seed)
    plain = make_batches(config, corpus, DistributedContext()).plain()
    assert num_labels(plain.batches(1)) == corpus.train.num_frames
    expected = run_config(tmp_path / "run", data, alignments, chunks={"chunk_frames": 1})
    source = make_batches(expected, corpus, DistributedContext()).train
    for found, same in zip(plain.batches(1), source.batches(1), strict=True):
        assert torch.equal(found.inputs, same.inputs)


def test_running_statistics_start_from_those_of_the_training_data(data: Path, alignments: Path, tmp_path: Path) -> None:
    """They are stored with the experiment, for inference, and held-out data uses them too."""
    features = {"cmvn": "online", "online_cmvn": {"cmn_window": 60, "speaker_frames": 60, "global_frames": 20}}
    config = run_config(tmp_path / "run", data, alignments, features=features, data={"valid": data, "train": data})
    labeled = read_labeled(data, alignments, tmp_path / "labels", config.data, "train")
    valid = LabeledData(DataDir.read(data), labeled.utterances, labeled.labels, labeled.label_rows)
    corpus = Corpus(labeled, valid, alignments)
    batches = make_batches(config, corpus, DistributedContext())
    stats = read_global_cmvn(tmp_path / "run" / GLOBAL_CMVN, 64)
    by_speaker = collect_speaker_stats(replace(config.features, cmvn="speaker"), corpus.train.data_dir)
    np.testing.assert_allclose(stats.matrix, by_speaker.total().matrix)
    assert stats.count == sum(item.count for item in by_speaker.speakers().values())
    extractor = FeatureExtractor(config.features, corpus.train.data_dir, None, stats)
    utterance = next(iter(corpus.train.data_dir.utterances))
    raw = FeatureExtractor(replace(config.features, cmvn="none"), corpus.train.data_dir).features(utterance)
    expected = OnlineCmvn(config.features.online_cmvn, stats).normalize(raw)
    assert torch.equal(extractor.features(utterance), expected)
    assert batches.valid is not None
    assert num_labels(batches.valid.batches(1)) == corpus.valid.num_frames == num_labels(batches.train.batches(1))  # type: ignore[union-attr]
