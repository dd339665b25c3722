"""Archives of log-likelihoods: checked before a row is written, whole or absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import kaldi_native_io
import kaldiio
import numpy as np
import pytest

from blasr.errors import DataError, MismatchError
from blasr.inference import write_dump, write_table
from blasr.inference.manifest import Manifest
from blasr.io.kaldi import Wspecifier
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


def test_a_matrix_of_another_shape_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match=r"\(4, 2\), expected \(4 frames, 3 pdfs\)") as caught:
        write(tmp_path, [("a", matrix(4)), ("b", matrix(4)[:, :2])])
    assert caught.value.utterance == "b"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_drop_the_utterance(
    tmp_path: Path, value: float, caplog: pytest.LogCaptureFixture
) -> None:
    bad = matrix(4)
    bad[1, 2] = value
    pairs = [("a", matrix(4)), ("b", bad)]
    with pytest.raises(DataError, match=r"2 utterances in -> 1 kept -> 1 dropped .*first b.*above the allowed 5.0%"):
        write(tmp_path, pairs)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path, pairs, Tally("dump", 0.5))
    assert list(dict(read_matrices(f"scp:{tmp_path}/loglikes.scp"))) == ["a"]
    assert "dump: dropped b: 1 of 12 log-likelihoods are not finite" in caplog.text
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["utterances"]["dropped"] == {"with log-likelihoods that are not finite": 1}


def test_an_older_archive_stays_but_loses_its_manifest(tmp_path: Path) -> None:
    write(tmp_path, [("a", matrix(4))], asked=1)
    before = (tmp_path / "loglikes.ark").read_bytes()
    with pytest.raises(MismatchError):
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


@pytest.mark.parametrize("num_frames", [1, 7, 9, 200])
@pytest.mark.parametrize("bytes_per_value", [1, 2])
def test_compressed_archives_for_other_readers(tmp_path: Path, num_frames: int, bytes_per_value: int) -> None:
    """kaldiio and Kaldi's own code read the same values, and none is farther off than the documented bound."""
    random = np.random.default_rng(num_frames)
    values = (random.normal(size=(num_frames, 40)) * 6 - random.uniform(0, 30, 40)).astype(np.float32)
    names = Wspecifier(str(tmp_path / "x.ark"), str(tmp_path / "x.scp"))
    write_table(
        names,
        [("a", values)],
        num_pdfs=40,
        asked=1,
        tally=Tally("dump"),
        manifest={},
        bytes_per_value=bytes_per_value,
    )
    ((_, ours),) = read_matrices(tmp_path / "x.ark")
    np.testing.assert_allclose(kaldiio.load_scp(str(tmp_path / "x.scp"))["a"], ours, atol=1e-5)  # rounds differently
    with kaldi_native_io.SequentialFloatMatrixReader(f"scp:{tmp_path}/x.scp") as reader:
        for _, read in reader:
            np.testing.assert_array_equal(np.array(read), ours)
    allowed = np.ptp(values) / 125_000
    if bytes_per_value == 1 and num_frames > 8:
        allowed = np.ptp(values, axis=0) / 125 + np.ptp(values) / 16_000
    assert (np.abs(ours - values) <= allowed).all()
    size = (tmp_path / "x.ark").stat().st_size
    assert size < values.nbytes * (bytes_per_value if num_frames > 8 else 2) / 4 + 8 * 40 + 100
