"""Archives as sources: described, compared with the model, and decoded once, even from a pipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import DataError, MismatchError
from blasr.io.kaldi import MatrixWriter, read_matrices
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths
from blasr.pipeline.loglike_sources import ArchiveSource, Search


@pytest.fixture
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


@pytest.fixture
def inputs(tri1: Path) -> DecodeInputs:
    return DecodeInputs.read(DecodePaths(tri1, lang=tri1 / "lang"), tri1 / "final.mdl")


def test_utterances_come_in_order_with_any_number_of_workers(tri1: Path, inputs: DecodeInputs, tmp_path: Path) -> None:
    matrices = dict(list(read_matrices(tri1 / "connected" / "loglikes.ark"))[:4])
    with MatrixWriter(tmp_path / "some.ark") as writer:
        for utterance, matrix in matrices.items():
            writer.write(utterance, matrix)
    source = ArchiveSource(f"ark:{tmp_path}/some.ark", tri1 / "final.mdl")
    assert source.manifest is None and source.frame_shift == 0.01
    assert source.description == f"log-likelihoods ark:{tmp_path}/some.ark"
    search = Search(LatticeDecoder(inputs.graph, inputs.model.transitions.tid_to_pdf))
    for workers in (1, 3):
        decoded = list(source.open(inputs)(search, workers))
        assert [(item.utterance, item.num_frames) for item in decoded] == [(u, len(m)) for u, m in matrices.items()]
        assert all(item.lattice is not None and item.determinized is None for item in decoded)


def test_other_columns_and_empty_archives_are_refused(tri1: Path, inputs: DecodeInputs, tmp_path: Path) -> None:
    for name, columns in (("narrow", [143]), ("empty", [])):
        with MatrixWriter(tmp_path / f"{name}.ark") as writer:
            for number in columns:
                writer.write("u", np.zeros((3, number), np.float32))
    with pytest.raises(MismatchError, match="has 143 columns"):
        ArchiveSource(f"ark:{tmp_path}/narrow.ark", tri1 / "final.mdl").open(inputs)
    with pytest.raises(DataError, match="has no log-likelihoods"):
        ArchiveSource(f"ark:{tmp_path}/empty.ark", tri1 / "final.mdl").open(inputs)
