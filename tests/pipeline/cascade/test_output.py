"""The curve on disk."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DependencyError
from blasr.pipeline.cascade.output import COLUMNS, draw_curve, write_curve, write_report
from tests.pipeline.cascade.test_curve import CURVE


def test_the_csv_has_every_point(tmp_path: Path) -> None:
    assert write_curve(CURVE, CURVE.points[2], tmp_path, picture=False) == [tmp_path / "curve.csv"]
    rows = list(csv.reader((tmp_path / "curve.csv").open(encoding="utf-8")))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 6
    assert rows[2] == ["0.5", "0.005", "200", "0.5", "11", "200", "5.5", "0.5", "0.0", "1.0"]


def test_the_report_has_both_models_and_the_chosen_point(tmp_path: Path) -> None:
    write_report(CURVE, CURVE.points[2], tmp_path, {"more": 1})
    report = json.loads((tmp_path / "cascade.json").read_text(encoding="utf-8"))
    assert [report[name]["errors"] for name in ("little", "chosen", "big")] == [18, 10, 10] and report["more"] == 1


def test_the_picture_shows_the_points(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (axes,) = draw_curve(CURVE, CURVE.points[2]).axes
    assert np.asarray(axes.lines[0].get_xydata()).tolist() == [[25, 9], [50, 5.5], [75, 5], [112.5, 4]]
    assert axes.get_ylabel() == "WER, %"
    assert write_curve(CURVE, CURVE.points[2], tmp_path)[1].read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_line_to_install_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match="pip install 'blasr\\[pictures\\]'"):
        write_curve(CURVE, CURVE.points[2], tmp_path)
    assert not list(tmp_path.iterdir())
