from __future__ import annotations

import gzip
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.topology import make_topology
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import monophone_tree
from blasr.io.kaldi.alignments import read_alignments


@pytest.fixture(scope="module")
def transitions() -> TransitionModel:
    """Two speech phones of three states: transition-ids 1 to 6 and 7 to 12, odd ones are self-loops."""
    return TransitionModel.from_tree(monophone_tree([[1], [2]], {1: 3, 2: 3}), make_topology([1, 2], []))


@pytest.mark.parametrize(
    ("alignment", "phones", "durations"),
    [
        # self-loops after the forward transition (Kaldi's default), then before it
        ([2, 1, 1, 4, 6, 5, 8, 10, 9, 12], [1, 2], [6, 4]),
        ([1, 1, 2, 4, 5, 6, 8, 9, 10, 12], [1, 2], [6, 4]),
        ([2, 4, 6, 2, 4, 6], [1, 1], [3, 3]),
        ([2, 4, 6, 5, 2, 1, 4, 6], [1, 1], [4, 4]),
    ],
)
def test_segments(transitions: TransitionModel, alignment: list[int], phones: list[int], durations: list[int]) -> None:
    found = Segmenter(transitions).segments(np.array(alignment, dtype=np.int32))
    assert found.phones.tolist() == phones
    assert found.durations.tolist() == durations


@pytest.mark.parametrize("alignment", [[], [2, 4], [2, 4, 8, 10, 12], [0, 2], [2, 4, 6, 13]])
def test_invalid_alignments_are_refused(transitions: TransitionModel, alignment: list[int]) -> None:
    with pytest.raises(DataError):
        Segmenter(transitions).segments(np.array(alignment, dtype=np.int32))


def test_pdf_classes(transitions: TransitionModel) -> None:
    assert Segmenter(transitions).pdf_classes.tolist() == [0, 0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]


def test_phones_of_kaldi_alignments(golden: Path) -> None:
    folder = golden / "fsdd_tri1"
    segmenter = Segmenter(read_transition_model(folder / "final.mdl"))
    alignments = dict(read_alignments(folder / "ali.1.gz"))
    with gzip.open(folder / "ali.1.phones.txt.gz", "rt") as stream:
        expected = {fields[0]: [int(field) for field in fields[1:]] for fields in map(str.split, stream)}
    assert alignments.keys() == expected.keys()
    for utterance, alignment in alignments.items():
        found = segmenter.segments(alignment)
        assert np.repeat(found.phones, found.durations).tolist() == expected[utterance]
        assert found.phones.tolist() == [phone for phone, _ in groupby(expected[utterance])]
