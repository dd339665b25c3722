"""Metrics are read as they are while a training runs, and every run gets a name of its own."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from blasr.errors import ConfigError, DataError, FormatError
from blasr.pipeline.runs.curves import read_curves, run_names
from tests.pipeline.runs.small_runs import write_run


def test_lines_become_steps_and_epochs(tmp_path: Path) -> None:
    (run,) = read_curves([write_run(tmp_path / "a", epochs=3)])
    assert [point.epoch for point in run.epochs] == [1, 2, 3]
    assert (len(run.steps), run.unit, run.is_cut) == (12, "frames", False)
    best = run.best_epoch()
    assert best is not None and best.epoch == 3


def test_positions_are_parts_of_epochs_beyond_the_last_one_too(tmp_path: Path) -> None:
    (run,) = read_curves([write_run(tmp_path / "a", epochs=2, unfinished_steps=2)])
    series = run.series("step", "loss")
    assert series.positions.tolist() == [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5]
    assert run.series("step", "loss", "step").positions.tolist() == list(range(10, 101, 10))
    assert series.after(2).positions.tolist() == [2.25, 2.5]
    broken = series.broken()
    assert [index for index, value in enumerate(broken.values) if math.isnan(value)] == [4, 9]
    assert len(run.series("step", "valid_loss")) == 0


def test_without_a_finished_epoch_only_steps_are_known(tmp_path: Path) -> None:
    (run,) = read_curves([write_run(tmp_path / "a", epochs=0, unfinished_steps=2)])
    assert run.series("step", "loss", "step").positions.tolist() == [10, 20]
    assert run.best_epoch() is None
    with pytest.raises(ValueError, match="no finished epoch"):
        run.series("step", "loss", "epoch")


@pytest.mark.parametrize("end", ['{"kind": "step", "epo', '{"kind": "step", "epoch": 2, "step": 3', '{"kind"'])
def test_the_last_line_of_a_running_training_may_be_cut(tmp_path: Path, end: str) -> None:
    path = write_run(tmp_path / "a") / "metrics.jsonl"
    with path.open("a") as file:
        file.write(end)
    (run,) = read_curves([path.parent])
    assert run.is_cut and len(run.epochs) == 2


@pytest.mark.parametrize(
    "broken", ['{"kind": "st', "[]", '{"kind": "other", "epoch": 1, "step": 1}', '{"kind": "step"}']
)
def test_another_broken_line_is_named(tmp_path: Path, broken: str) -> None:
    path = write_run(tmp_path / "a") / "metrics.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], broken, *lines[3:]]) + "\n")
    with pytest.raises(
        FormatError, match=r"metrics\.jsonl:4: found .*expected a JSON object with kind, epoch and step"
    ):
        read_curves([path.parent])


def test_folders_without_metrics(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "started").mkdir()
    (tmp_path / "started" / "metrics.jsonl").write_text("")
    for name, message in (
        ("absent", "no such folder"),
        ("empty", r"has no metrics\.jsonl"),
        ("started", "has no complete line yet"),
        ("started/metrics.jsonl", "is a file, expected an experiment directory"),
    ):
        with pytest.raises(DataError, match=message):
            read_curves([tmp_path / name])


def test_runs_with_the_same_name_are_called_by_more_of_their_paths(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one/net", "two/net", "two/other", "two/../three")]
    assert run_names(paths) == ["one/net", "two/net", "other", "three"]
    nested = run_names([Path("/a/b"), Path("/x/a/b")])
    assert len(set(nested)) == 2 and nested[1] == "x/a/b"
    (tmp_path / "one").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    for twice in ([tmp_path / "one", tmp_path / "one" / ""], [tmp_path / "one", tmp_path / "link"]):
        with pytest.raises(ConfigError, match="is given twice"):
            run_names(twice)
