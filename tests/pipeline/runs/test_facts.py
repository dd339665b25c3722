"""What the files of an experiment folder say, whatever blasr wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blasr.errors import DataError, FormatError
from blasr.pipeline.runs.facts import RunFacts, differing, read_config, results
from tests.pipeline.runs.small_runs import write_run


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def test_a_folder_with_a_record(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    git = {"commit": "0123456789abcdef", "changed_files": ["a.py"]}
    starts = [{"versions": {"torch": "1"}}, {"versions": {"torch": "2"}, "git": git, "host": {"name": "h", "cores": 2}}]
    write_json(folder / "run.json", {"inputs": {"train": {"frames": 7}}, "starts": starts})
    facts = RunFacts.read(folder)
    assert facts.config == {"training.seed": 0, "training.epochs": 2}
    assert facts.inputs == {"train.frames": 7}
    expected = {"torch": "2", "git commit": "0123456789ab and 1 changed files", "host name": "h", "host cores": 2}
    assert facts.environment == expected


def test_a_folder_of_an_older_blasr(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a")
    write_json(folder / "versions.json", {"torch": "1"})
    write_json(folder / "labels" / "train" / "index.json", {"version": 2, "frames": 9, "fingerprint": "ab"})
    facts = RunFacts.read(folder)
    assert facts.environment == {"torch": "1"}
    assert facts.inputs == {"train.labels.frames": 9, "train.labels.fingerprint": "ab"}
    (folder / "config.yaml").unlink()
    assert read_config(folder) == {}


def test_results(tmp_path: Path) -> None:
    write_json(
        tmp_path / "setting.json", {"lm_weight": 8, "checkpoint": "epoch2", "tuned_on": {"wer": 7.1, "text": "t"}}
    )
    write_json(tmp_path / "test" / "score.json", {"wer": 5.3, "oracle": {"wer": 2.0}, "speakers": {"a": {"wer": 1.0}}})
    write_json(tmp_path / "hub5" / "score.json", {"SWB": {"wer": 11.1}, "sides": {"a": {"wer": 1.0}}, "scorer": "own"})
    write_json(tmp_path / "priors.json", {"wer": 1})
    (tmp_path / "test" / "broken.json").write_text("{")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "wer_10_0.0").write_text("%WER 9.50 [ 1 / 2, 0 ins, 0 del, 1 sub ]\n%SER 50.0\n")
    (tmp_path / "dev" / "wer_11_0.0").write_text("%WER 9.25 [ 1 / 2, 0 ins, 0 del, 1 sub ]\n")
    assert results(tmp_path) == {
        "setting: lm_weight": 8,
        "setting: checkpoint": "epoch2",
        "setting: wer": 7.1,
        "hub5/score.json: SWB WER %": 11.1,
        "test/score.json: WER %": 5.3,
        "dev/wer_*: best WER %": 9.25,
    }


def test_keys_that_differ_or_are_absent() -> None:
    assert differing([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None}]) == ["b", "c"]
    assert differing([{"a": 1}]) == []


def test_folders_that_are_not_runs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        RunFacts.read(tmp_path / "absent")
    with pytest.raises(DataError, match="is not the directory of a training run"):
        RunFacts.read(tmp_path)
    (tmp_path / "config.yaml").write_text("- a\n")
    with pytest.raises(FormatError, match="is not a configuration"):
        RunFacts.read(tmp_path)
    (tmp_path / "config.yaml").write_text("a: [\n")
    with pytest.raises(FormatError, match="is not YAML"):
        RunFacts.read(tmp_path)
