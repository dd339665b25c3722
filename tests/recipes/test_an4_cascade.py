"""The table of cascades."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.errors import DataError
from recipes.an4.cascade_table import write_table

SECONDS = {"little": 1.0, "cascade": 2.0, "big": 4.0}


def write_report(folder: Path, macs: float, errors: int) -> None:
    folder.mkdir(parents=True)
    point = {"threshold": 0.5, "share_passed_on": 0.3, "share_of_big_macs": macs, "errors": errors, "total": 200}
    point |= {"error_percent": errors / 2, "loss_points": 0.5, "loss_low": -0.25, "loss_high": 1.0}
    report = {
        "chosen": point,
        "little": {**point, "threshold": 0.0, "share_of_big_macs": 0.25},
        "big": {**point, "threshold": 1.01, "share_of_big_macs": 1.0},
        "seconds": {name: {"wall": wall, "processor": 1.0} for name, wall in SECONDS.items()},
    }
    (folder / "cascade.json").write_text(json.dumps(report))


def test_every_cascade_stands_between_its_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, macs in (("cascade_chunk", 0.5), ("cascade_utterance", 0.6)):
        write_report(tmp_path / name, macs, 11)
        write_report(tmp_path / name / "test", macs + 0.01, 13)
    write_table([tmp_path / "cascade_chunk", tmp_path / "cascade_utterance"], tmp_path / "CASCADE")
    printed = capsys.readouterr().out
    assert printed == (tmp_path / "CASCADE").read_text(encoding="utf-8")
    rows = [line.split() for line in printed.splitlines()[1:]]
    assert [row[0] for row in rows] == ["little", "chunk", "utterance", "big"]
    expected = "0.5 50.0 5.50 +0.50 30.0 51.0 6.50 13 +0.50 -0.25 to +1.00 50.0 0.0"
    assert " ".join(rows[1][1:]) == expected
    assert [row[-2] for row in rows] == ["75.0", "50.0", "50.0", "0.0"]


def test_a_missing_report_is_named(tmp_path: Path) -> None:
    write_report(tmp_path / "cascade_chunk", 0.5, 11)
    with pytest.raises(DataError, match="blasr cascade evaluate"):
        write_table([tmp_path / "cascade_chunk"], tmp_path / "CASCADE")
    assert not (tmp_path / "CASCADE").exists()
