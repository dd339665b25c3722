"""Archives of log-likelihoods: checked before a row is written, whole or absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.inference import write_dump
from blasr.inference.manifest import Manifest
from blasr.io.kaldi.tables import read_matrices
from blasr.tally import Tally
from blasr.units import FloatArray

Item = tuple[str, FloatArray]


def write(out: Path, items: Iterator[Item] | list[Item], tally: Tally | None = None, asked: int = 2) -> None:
    write_dump(out, items, num_pdfs=3, asked=asked, tally=tally or Tally("dump"), manifest={"prior_scale": 1.0})


def matrix(num_frames: int) -> FloatArray:
    return np.random.default_rng(num_frames).normal(size=(num_frames, 3)).astype(np.float32)


def test_archive_script_and_manifest(tmp_path: Path) -> None:
    write(tmp_path / "out", [("a", matrix(4)), ("b", matrix(2))])
    for specifier in (f"ark:{tmp_path}/out/loglikes.ark", f"scp:{tmp_path}/out/loglikes.scp"):
        read = dict(read_matrices(specifier))
        np.testing.assert_array_equal(read["a"], matrix(4))
        np.testing.assert_array_equal(read["b"], matrix(2))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["utterances"] == {"asked": 2, "written": 2, "dropped": {}}
    assert (manifest["frames"], manifest["num_pdfs"], manifest["prior_scale"]) == (6, 3, 1.0)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (matrix(4)[:, :2], r"\(4, 2\), expected \(4 frames, 3 pdfs\)"),
        (np.full((4, 3), np.nan, np.float32), "12 log-likelihoods are not finite"),
        (np.full((4, 3), np.inf, np.float32), "not finite"),
    ],
)
def test_a_bad_matrix_leaves_nothing(tmp_path: Path, bad: FloatArray, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        write(tmp_path, [("a", matrix(4)), ("b", bad)])
    assert caught.value.utterance == "b"
    assert list(tmp_path.iterdir()) == []


def test_an_older_archive_stays_but_loses_its_manifest(tmp_path: Path) -> None:
    write(tmp_path, [("a", matrix(4))], asked=1)
    before = (tmp_path / "loglikes.ark").read_bytes()
    with pytest.raises(DataError):
        write(tmp_path, [("a", matrix(5)[:, :2])])
    assert (tmp_path / "loglikes.ark").read_bytes() == before
    with pytest.raises(DataError, match="was not finished"):
        Manifest.read(tmp_path / "manifest.json").check()


def test_every_utterance_must_have_a_matrix(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected log-likelihoods of 2 utterances, found 1"):
        write(tmp_path, [("a", matrix(4))])
    assert list(tmp_path.iterdir()) == []


def test_too_many_dropped_leave_nothing(tmp_path: Path) -> None:
    tally = Tally("dump", max_loss=0.1)

    def items() -> Iterator[Item]:
        yield "a", matrix(4)
        tally.drop("b", "too short for one frame")

    with pytest.raises(DataError, match="1 too short for one frame, first b"):
        write(tmp_path, items(), tally)
    assert list(tmp_path.iterdir()) == []
