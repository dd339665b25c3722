"""``blasr decode`` with graphs and log-likelihoods that cannot be decoded: one message each, and nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.io.fst import Fst, read_fst, write_fst
from blasr.io.kaldi import MatrixWriter, read_matrices


@pytest.fixture
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def decode(tri1: Path, out: Path, **options: object) -> int:
    arguments = {
        "graph": tri1,
        "model": tri1 / "final.mdl",
        "lang": tri1 / "lang",
        "loglikes": f"ark:{tri1 / 'connected' / 'loglikes.ark'}",
        "out": out,
        **options,
    }
    return main(["decode", *(f"--{key.replace('_', '-')}={value}" for key, value in arguments.items())])


def changed(graph: Fst, case: str) -> Fst:
    if case == "empty":
        return Fst.from_arcs(-1, [], [], [], [], [], [])
    if case == "no arc":
        return Fst.from_arcs(0, [0.0], [], [], [], [], [])
    if case == "no end":
        return Fst(**{**vars(graph), "final": np.full_like(graph.final, np.inf)})
    return Fst(**{**vars(graph), "ilabel": np.where(graph.ilabel == graph.ilabel.max(), 5000, graph.ilabel)})


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("empty", r"HCLG.fst: is empty: it has no state"),
        ("no arc", r"HCLG.fst: has no arc with a transition-id"),
        ("no end", r"HCLG.fst: has no final state: no utterance can end"),
        ("beyond", r"HCLG.fst: the largest input label is 5000, .*final.mdl has \d+ transition-ids"),
    ],
)
def test_graphs(tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str, message: str) -> None:
    write_fst(changed(read_fst(tri1 / "HCLG.fst"), case), tmp_path / "HCLG.fst")
    assert decode(tri1, tmp_path / "out", graph=tmp_path / "HCLG.fst", words=tri1 / "lang" / "words.txt") == 1
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.count("blasr decode: error") == 1 and "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_matrix_of_another_width_among_others(tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first is compared with all files before anything is decoded; a later one stops the decoding."""
    utterance, matrix = next(iter(read_matrices(tri1 / "connected" / "loglikes.ark")))
    with MatrixWriter(tmp_path / "mixed.ark") as writer:
        writer.write(utterance, matrix)
        writer.write("wide", np.zeros((9, 150), np.float32))
    assert decode(tri1, tmp_path / "out", loglikes=tmp_path / "mixed.ark", nj=2) == 1
    error = capsys.readouterr().err
    assert "utterance wide: log-likelihoods of shape (9, 150), the model has 144 pdfs" in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_narrow_beams_give_partial_results(tri1: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every utterance has a line; those that ended in no final state are counted, and named in the log."""
    caplog.set_level("INFO")
    assert decode(tri1, tmp_path / "out", beam=1, max_active=3, min_active=0, nj=2) == 0
    log = (tmp_path / "out" / "decode.log").read_text(encoding="utf-8")
    partial = re.findall(r"utterance (\S+) is .* Partial: no final state was reached", log)
    assert len(partial) > 5
    assert (
        f"36 kept -> 0 dropped, {len(partial)} partial (no final state was reached, first {partial[0]})" in caplog.text
    )
    assert len((tmp_path / "out" / "best_path.txt").read_text(encoding="utf-8").splitlines()) == 36


def test_what_was_not_decoded_is_named_in_the_log(tri1: Path, tmp_path: Path) -> None:
    utterance, matrix = next(iter(read_matrices(tri1 / "connected" / "loglikes.ark")))
    with MatrixWriter(tmp_path / "some.ark") as writer:
        writer.write(utterance, matrix)
        writer.write("void", matrix[:0])
    assert decode(tri1, tmp_path / "out", loglikes=tmp_path / "some.ark", max_loss=0.5) == 0
    log = (tmp_path / "out" / "decode.log").read_text(encoding="utf-8")
    assert "Not decoded: utterance void, without frames." in log.splitlines()
