"""Training data and held-out data: matched with their labels, and disjoint."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from blasr.data import DataDir
from blasr.errors import DataError
from blasr.io import read_alignments, write_alignments
from blasr.pipeline.config import DataConfig
from blasr.pipeline.corpus import corpus_is_indexed, read_corpus, read_labeled
from tests.pipeline.conftest import write_data_dir


def test_a_share_is_held_out_by_the_seed(data: Path, alignments: Path, tmp_path: Path) -> None:
    config = DataConfig(data, alignments, valid_share=0.25)
    first, again, other = (read_corpus(config, tmp_path / "labels", seed) for seed in (1, 1, 2))
    assert first.valid is not None and again.valid is not None and other.valid is not None
    train, valid = set(first.train.utterances), set(first.valid.utterances)
    assert len(train) == 18 and len(valid) == 6 and not train & valid
    assert list(first.valid.utterances) == list(again.valid.utterances) != list(other.valid.utterances)
    assert first.num_pdfs == 144


def test_nothing_is_held_out_with_a_share_of_zero(data: Path, alignments: Path, tmp_path: Path) -> None:
    corpus = read_corpus(DataConfig(data, alignments, valid_share=0.0), tmp_path / "labels", seed=0)
    assert corpus.valid is None and len(corpus.train.utterances) == 24


def test_utterances_of_a_held_out_directory_are_not_trained_on(
    data: Path, alignments: Path, fsdd_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    valid = write_data_dir(tmp_path / "valid", fsdd_dir, ["george-0-05", "theo-9-07"])
    with caplog.at_level("INFO"):
        corpus = read_corpus(DataConfig(data, alignments, valid=valid), tmp_path / "labels", seed=0)
    assert corpus.valid is not None and list(corpus.valid.utterances) == ["george-0-05", "theo-9-07"]
    assert len(corpus.train.utterances) == 22 and "theo-9-07" not in corpus.train.utterances
    assert "2 utterances are held out because they are also in" in caplog.text


def test_the_plan_has_speakers_and_lengths(data: Path, alignments: Path, tmp_path: Path) -> None:
    labeled = read_labeled(data, alignments, tmp_path / "labels", DataConfig(), "train")
    planned = labeled.planned_utterances()
    assert planned.names[0] == "george-0-05" and list(planned.names) == list(labeled.utterances)
    for place, (name, utterance) in enumerate(labeled.utterances.items()):
        assert labeled.utterances.table.speakers[planned.speakers[place]] == utterance.speaker
        assert planned.num_frames[place] == len(labeled.labels[name])
    assert planned.num_frames.sum() == labeled.num_frames


def test_pdfs_are_counted_in_the_chosen_utterances(data: Path, alignments: Path, tmp_path: Path) -> None:
    labeled = read_labeled(data, alignments, tmp_path / "labels", DataConfig(), "train").subset(np.array([0, 3, 4]))
    expected = np.concatenate([labeled.labels[name] for name in labeled.utterances])
    assert len(labeled.utterances) == 3
    assert labeled.pdf_counts().tolist() == np.bincount(expected, minlength=144).tolist()


def test_the_fingerprint_is_a_digest_of_the_names(data: Path, alignments: Path, tmp_path: Path) -> None:
    labeled = read_labeled(data, alignments, tmp_path / "labels", DataConfig(), "train").subset(np.arange(0, 24, 2))
    lines = "".join(f"{name}\n" for name in labeled.utterances)
    assert labeled.fingerprint() == hashlib.sha256((labeled.labels.fingerprint + lines).encode()).hexdigest()[:16]


def test_empty_and_absent_alignments_are_counted(data: Path, alignments: Path, tmp_path: Path) -> None:
    other = tmp_path / "ali"
    other.mkdir()
    shutil.copyfile(alignments / "final.mdl", other / "final.mdl")
    kept = dict(read_alignments(alignments))
    first, second = (utterance.id for utterance in DataDir.read(data).utterances[:2])
    del kept[first]
    kept[second] = kept[second][:0]
    write_alignments(other / "ali.1.gz", kept.items())
    expected = rf"1 without an alignment in .*, first {first}; 1 with an empty alignment, first {second}"
    with pytest.raises(DataError, match=expected):
        read_labeled(data, other, tmp_path / "labels", DataConfig(max_loss=0.05), "train")
    labeled = read_labeled(data, other, tmp_path / "labels", DataConfig(max_loss=0.2), "train")
    assert len(labeled.utterances) == 22 and first not in labeled.utterances and second not in labeled.utterances


def test_the_fingerprint_depends_on_the_utterances(data: Path, alignments: Path, tmp_path: Path) -> None:
    labeled = read_labeled(data, alignments, tmp_path / "labels", DataConfig(), "train")
    places = np.arange(len(labeled.utterances))
    assert labeled.subset(places).fingerprint() == labeled.fingerprint()
    assert labeled.subset(places[1:]).fingerprint() != labeled.fingerprint()


def test_the_second_start_parses_nothing(
    data: Path, alignments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_labeled(data, alignments, tmp_path / "labels", DataConfig(), "train")
    monkeypatch.setattr(DataDir, "read", None)
    again = read_labeled(data, alignments, tmp_path / "labels", DataConfig(), "train")
    assert dict(again.utterances) == dict(first.utterances) and again.fingerprint() == first.fingerprint()


def test_other_processes_see_when_everything_is_indexed(
    data: Path, alignments: Path, fsdd_dir: Path, tmp_path: Path
) -> None:
    valid = write_data_dir(tmp_path / "valid", fsdd_dir, ["george-0-05", "theo-9-07"])
    config, index = DataConfig(data, alignments, valid=valid), tmp_path / "labels"
    assert not corpus_is_indexed(config, index)
    read_labeled(data, alignments, index / "train", config, "train")
    assert not corpus_is_indexed(config, index)
    read_corpus(config, index, seed=0)
    assert corpus_is_indexed(config, index)
    assert not corpus_is_indexed(DataConfig(data, tmp_path / "nothing", valid=valid), index)
    (data / "utt2spk").touch()
    assert not corpus_is_indexed(config, index)


def test_data_without_labels_is_refused(data: Path, alignments: Path, fsdd_dir: Path, tmp_path: Path) -> None:
    other = write_data_dir(tmp_path / "other", fsdd_dir, ["george-0-05", "george-1-05", "george-2-05"])
    with pytest.raises(DataError, match="3 utterances in -> 1 kept -> 2 dropped"):
        read_labeled(other, alignments, tmp_path / "labels", DataConfig(), "train")
