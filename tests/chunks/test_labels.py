"""Labels compared with the pdf-ids and counts of Kaldi, and alignments that do not match their model."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from blasr.chunks.labels import index_labels, to_pdf_ids
from blasr.errors import DataError, FormatError, MismatchError
from blasr.hmm import read_transition_model
from blasr.io import write_alignments


@pytest.fixture(scope="module")
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def test_pdf_ids_equal_ali_to_pdf(tri1: Path, tmp_path: Path) -> None:
    labels = index_labels(tri1, tmp_path / "index")
    assert len(labels) == 2700
    with gzip.open(tri1 / "ali.1.pdf.txt.gz", "rt") as file:
        for line in file:
            name, *pdf_ids = line.split()
            assert labels[name].tolist() == list(map(int, pdf_ids))
            assert labels.num_frames(name) == len(pdf_ids)


def test_counts_equal_analyze_counts(tri1: Path, tmp_path: Path) -> None:
    labels = index_labels(tri1, tmp_path / "index")
    expected = np.array((tri1 / "pdf_counts.txt").read_text().split()[1:-1], dtype=float)
    assert labels.num_pdfs == 144
    np.testing.assert_array_equal(labels.counts(np.arange(len(labels))) + 0.5, expected)


def test_the_index_is_built_again_only_when_alignments_change(tri1: Path, tmp_path: Path) -> None:
    ali, index = tmp_path / "ali", tmp_path / "index"
    ali.mkdir()
    shutil.copyfile(tri1 / "final.mdl", ali / "final.mdl")
    write_alignments(ali / "ali.1.gz", [("u1", np.array([1, 2], np.int32))])
    first = index_labels(ali, index)
    stamp = (index / "labels.npy").stat().st_mtime_ns
    assert index_labels(ali, index).fingerprint == first.fingerprint
    assert (index / "labels.npy").stat().st_mtime_ns == stamp
    write_alignments(ali / "ali.1.gz", [("u1", np.array([1, 2, 3], np.int32))])
    again = index_labels(ali, index)
    assert again.num_frames("u1") == 3
    assert again.fingerprint != first.fingerprint


def test_transition_ids_beyond_the_model_are_refused(tri1: Path, tmp_path: Path) -> None:
    ali = tmp_path / "ali"
    ali.mkdir()
    shutil.copyfile(tri1 / "final.mdl", ali / "final.mdl")
    write_alignments(ali / "ali.1.gz", [("u1", np.array([1, 99999], np.int32))])
    with pytest.raises(MismatchError, match=r"transition-id 99999, but those of final\.mdl run from 1 to") as caught:
        index_labels(ali, tmp_path / "index")
    assert caught.value.utterance == "u1"
    assert not (tmp_path / "index").exists()


def test_alignments_of_other_utterances_are_refused_with_examples(tri1: Path, tmp_path: Path) -> None:
    labels = index_labels(tri1, tmp_path / "index")
    with pytest.raises(DataError) as caught:
        labels.check_utterances(["swbd-1", "swbd-2"], Path("data/swbd"))
    assert "aligns 2700 utterances such as george-0-05" in str(caught.value)
    assert "none of the 2 utterances of data/swbd such as swbd-1" in str(caught.value)


def test_missing_and_empty_alignments(tri1: Path, tmp_path: Path) -> None:
    ali = tmp_path / "ali"
    ali.mkdir()
    with pytest.raises(DataError, match=r"final\.mdl: is missing"):
        index_labels(ali, tmp_path / "index")
    shutil.copyfile(tri1 / "final.mdl", ali / "final.mdl")
    with pytest.raises(FormatError, match=r"no ali\.\*\.gz"):
        index_labels(ali, tmp_path / "index")
    write_alignments(ali / "ali.1.gz", [])
    with pytest.raises(DataError, match="aligns no utterance"):
        index_labels(ali, tmp_path / "index")


def test_the_fingerprint_is_a_digest_of_utterances_and_pdf_ids(tri1: Path, tmp_path: Path) -> None:
    labels = index_labels(tri1, tmp_path / "index")
    digest = hashlib.sha256()
    for name, pdf_ids in labels.items():
        digest.update(f"{name} {len(pdf_ids)}\n".encode() + np.asarray(pdf_ids, "<i4").tobytes())
    assert labels.fingerprint == digest.hexdigest()


def test_another_process_gets_the_folder_and_not_the_arrays(tri1: Path, tmp_path: Path) -> None:
    labels = index_labels(tri1, tmp_path / "index")
    assert len(pickle.dumps(labels)) < 1000  # bytes, for 2700 utterances


def test_pdf_ids_by_hand(tri1: Path) -> None:
    model = read_transition_model(tri1 / "final.mdl")
    expected = [model.pdf_ids(np.array([number]))[0] for number in (1, 2, model.num_transition_ids)]
    assert to_pdf_ids(model, np.array([1, 2, model.num_transition_ids], np.int32)).tolist() == expected
    assert to_pdf_ids(model, np.zeros(0, np.int32)).tolist() == []
    with pytest.raises(MismatchError, match="transition-id 0, but"):
        to_pdf_ids(model, np.array([0, 1], np.int32))
