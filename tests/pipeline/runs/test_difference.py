"""A comparison shows what differs, how far the curves are equal, and what is not comparable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.errors import ConfigError
from blasr.pipeline.runs.difference import DifferenceSection, compare_runs
from tests.pipeline.runs.small_runs import write_run


def sections(first: Path, second: Path) -> dict[str, DifferenceSection]:
    return {section.title: section for section in compare_runs(first, second).sections}


def test_equal_runs(tmp_path: Path) -> None:
    found = sections(write_run(tmp_path / "a"), write_run(tmp_path / "b"))
    assert found["configuration"].summary == "all 2 equal" and not found["configuration"].rows
    assert found["curves"].summary == "equal to the last digit in all 2 epochs that both have"
    assert all(change == "" for *_, change in found["curves"].rows)
    assert found["results"].summary == found["data and labels"].summary == "neither run has any"


def test_runs_that_part_after_the_first_epoch(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a")
    two = write_run(tmp_path / "b", config={"training": {"seed": 1, "epochs": 2, "ema": [0.5, True]}})
    lines = [json.loads(line) for line in (two / "metrics.jsonl").read_text().splitlines()]
    lines[-1] |= {"valid_loss": 0.1, "waiting": 0.04}
    (two / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = sections(one, two)
    assert found["configuration"].summary == "2 of 3 differ"
    assert found["configuration"].rows == (("training.seed", "0", "1", "+1"),)
    assert found["configuration"].remarks == ("only in B: training.ema 0.5, True",)
    assert found["curves"].summary == "equal to the last digit up to epoch 1"
    rows = {name: values for name, *values in found["curves"].rows}
    assert rows["held-out loss"] == ["0.1342", "0.1000", "-0.0342"]
    assert rows["lowest held-out loss"] == ["0.1342 (epoch 2)", "0.1000 (epoch 2)", "-0.0342"]
    assert rows["waiting for data %"] == ["5.00", "4.00", "-1.00"]
    assert rows["training loss"] == ["0.1118", "0.1118", ""]


def test_labels_and_results(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / "a"), write_run(tmp_path / "b", loss=2.0)]
    for number, folder in enumerate(folders):
        inputs = {"train": {"labels": {"fingerprint": f"{number}" * 64}, "frames": 5 + number}}
        (folder / "run.json").write_text(json.dumps({"inputs": inputs, "starts": []}))
        (folder / "test").mkdir()
        (folder / "test" / "score.json").write_text(json.dumps({"wer": 10.0 - number}))
    difference = compare_runs(*folders)
    found = {section.title: section for section in difference.sections}
    assert found["data and labels"].rows == (
        ("train.labels.fingerprint", "0" * 16, "1" * 16, ""),
        ("train.frames", "5", "6", "+1"),
    )
    assert found["results"].rows == (("test/score.json: WER %", "10", "9", "-1"),)
    assert found["curves"].summary == "different from the first epoch on"
    assert difference.warnings == ("the training labels differ, so that losses and accuracies are not comparable",)


def test_runs_without_curves(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a", epochs=0, unfinished_steps=1), write_run(tmp_path / "b")
    assert sections(one, two)["curves"].summary == "A has not finished an epoch"
    (one / "metrics.jsonl").unlink()
    assert sections(two, one)["curves"].summary == "B has no metrics.jsonl"
    with pytest.raises(ConfigError, match="is given twice"):
        compare_runs(one, one)
