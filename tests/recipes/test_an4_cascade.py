"""The table of cascades."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.errors import ConfigError, DataError
from recipes.an4.cascade_table import write_table

SECONDS = {"little": 1.0, "cascade": 2.0, "big": 4.0}


def write_report(folder: Path, macs: int, errors: int, threshold: float = 0.5) -> None:
    folder.mkdir(parents=True)
    point = {"share_passed_on": 0.3, "macs": macs, "errors": errors, "total": 200}
    report = {
        "chosen": {**point, "threshold": threshold},
        "little": {**point, "threshold": 0.0, "share_passed_on": 0.0, "macs": 25, "errors": 20},
        "big": {**point, "threshold": 1.01, "share_passed_on": 1.0, "macs": 100, "errors": 10},
        "seconds": {name: {"wall": wall, "processor": 1.0} for name, wall in SECONDS.items()},
    }
    (folder / "cascade.json").write_text(json.dumps(report))


def write_cascade(folder: Path, macs: int, errors: int, threshold: float = 0.5) -> str:
    write_report(folder, macs, errors, threshold)
    write_report(folder / "evaluated", macs + 1, errors + 2, threshold)
    return f"{folder.name}={folder}"


def test_every_cascade_stands_between_its_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(
        [write_cascade(tmp_path / "chunk", 50, 11), write_cascade(tmp_path / "utterance", 60, 12)], tmp_path / "C"
    )
    printed = capsys.readouterr().out
    assert printed == (tmp_path / "C").read_text(encoding="utf-8")
    rows = [line.split() for line in printed.splitlines()[1:]]
    assert [row[0] for row in rows] == ["little", "chunk", "utterance", "big"]
    assert " ".join(rows[1][1:]) == "0.5 50.0 5.50 30.0 51.0 6.50 13 200 +1.50 50.0 0.0"
    assert [row[-2] for row in rows] == ["75.0", "50.0", "50.0", "0.0"]


def test_folds_of_one_name_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = write_cascade(tmp_path / "a" / "chunk", 40, 11), write_cascade(tmp_path / "b" / "chunk", 60, 14, 0.75)
    write_table([one, two], tmp_path / "C")
    row = capsys.readouterr().out.splitlines()[2].split()
    assert " ".join(row) == "chunk 0.5/0.75 50.0 6.25 30.0 51.0 7.25 29 400 +2.25 50.0 0.0"


def test_a_missing_report_is_named(tmp_path: Path) -> None:
    write_report(tmp_path / "chunk", 50, 11)
    with pytest.raises(DataError, match="blasr cascade evaluate"):
        write_table([f"chunk={tmp_path / 'chunk'}"], tmp_path / "C")
    assert not (tmp_path / "C").exists()


def test_an_argument_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected NAME=DIR"):
        write_table([str(tmp_path)], tmp_path / "C")
