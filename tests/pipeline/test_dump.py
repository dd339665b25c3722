"""Dumps over any scorer: workers change nothing, and losses are counted. ``tests/cli/test_dump.py`` has the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import ConfigError, DataError
from blasr.features.fbank import TooShortError
from blasr.inference.manifest import Manifest
from blasr.io.kaldi import read_matrices
from blasr.pipeline.data_scorers import DataScorer
from blasr.pipeline.dump import DumpOutput, dump
from blasr.units import FloatArray


def score(utterance: Utterance) -> FloatArray:
    """A matrix that depends on the name; ``u3`` is too short."""
    if utterance.id == "u3":
        raise TooShortError("found 3 samples", utterance=utterance.id)
    number = int(utterance.id[1:])
    return np.full((number + 1, 2), number, np.float32)


@pytest.fixture
def scorer(tmp_path: Path) -> DataScorer:
    utterances = tuple(Utterance(f"u{number}", "s", "r") for number in range(6))
    return DataScorer(DataDir(tmp_path, utterances, {"r": "r.wav"}), score, 2, {"values": "numbers"})


@pytest.mark.parametrize("workers", [1, 3])
def test_what_can_be_scored_is_written_in_order(scorer: DataScorer, tmp_path: Path, workers: int) -> None:
    tally = dump(scorer, tmp_path / "out", workers=workers, max_loss=0.2)
    assert (tally.kept, dict(tally.dropped)) == (5, {"too short for one frame": 1})
    matrices = dict(read_matrices(tmp_path / "out" / "loglikes.ark"))
    assert list(matrices) == ["u0", "u1", "u2", "u4", "u5"]
    np.testing.assert_array_equal(matrices["u4"], np.full((5, 2), 4))
    manifest = Manifest.read(tmp_path / "out" / "manifest.json")
    assert manifest.values["values"] == "numbers" and manifest.written == 5


def test_too_many_losses_leave_nothing(scorer: DataScorer, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 too short for one frame, first u3"):
        dump(scorer, tmp_path / "out", workers=2, max_loss=0.05)
    assert not (tmp_path / "out").exists()


def test_a_table_is_written_in_order_by_workers(scorer: DataScorer, tmp_path: Path) -> None:
    output = DumpOutput(f"ark:{tmp_path}/x.ark", tmp_path / "manifest.x.json")
    dump(scorer, output, workers=3, max_loss=0.2)
    assert [name for name, _ in read_matrices(tmp_path / "x.ark")] == ["u0", "u1", "u2", "u4", "u5"]
    assert Manifest.read(tmp_path / "manifest.x.json").written == 5


def test_too_many_losses_end_a_table_early(scorer: DataScorer, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 too short for one frame, first u3"):
        dump(scorer, DumpOutput(f"ark:{tmp_path}/x.ark", tmp_path / "m.json"), max_loss=0.05)
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_gets_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(ConfigError, match="the standard output is a terminal"):
        DumpOutput("ark:-")
    DumpOutput("ark,t:-")
    with pytest.raises(ConfigError, match="has its own manifest"):
        DumpOutput(tmp_path, tmp_path / "m.json")
