from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.align.alignment_conversion import AlignmentConverter
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import monophone_tree, read_tree
from blasr.io.kaldi.alignments import read_alignments


@pytest.fixture(scope="module")
def kaldi(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def test_conversion_to_monophones_and_back_to_kaldis_tree(kaldi: Path) -> None:
    triphones, tree = read_transition_model(kaldi / "final.mdl"), read_tree(kaldi / "tree")
    topology = triphones.topology
    flat = monophone_tree(
        [[phone] for phone in topology.phones], {phone: topology.num_pdf_classes(phone) for phone in topology.phones}
    )
    monophones = TransitionModel.from_tree(flat, topology)
    there = AlignmentConverter(triphones, monophones, flat)
    back = AlignmentConverter(monophones, triphones, tree)
    for number, (_, alignment) in enumerate(read_alignments(kaldi / "ali.1.gz")):
        simple = there.convert(alignment)
        assert simple.dtype == np.int32
        np.testing.assert_array_equal(monophones.phones(simple), triphones.phones(alignment))
        np.testing.assert_array_equal(monophones.hmm_states(simple), triphones.hmm_states(alignment))
        np.testing.assert_array_equal(monophones.is_self_loop(simple), triphones.is_self_loop(alignment))
        np.testing.assert_array_equal(back.convert(simple), alignment)
        if number == 300:
            break
