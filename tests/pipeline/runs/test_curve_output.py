"""The suffix decides between a picture and a page, and notes say what is special."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from blasr.pipeline.runs.curve_output import plot_runs
from blasr.pipeline.runs.curves import read_curves
from tests.pipeline.runs.small_runs import write_run

pytest.importorskip("matplotlib")


def test_a_picture(tmp_path: Path) -> None:
    plot_runs(read_curves([write_run(tmp_path / "a")]), tmp_path / "out" / "a.png")
    with Image.open(tmp_path / "out" / "a.png") as picture:
        assert picture.format == "PNG" and picture.width == 1650
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_a_page_of_a_run_that_has_just_begun(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_run(tmp_path / "a", epochs=0, unfinished_steps=2) / "metrics.jsonl"
    with path.open("a") as file:
        file.write('{"kind":')
    with caplog.at_level("INFO"):
        plot_runs(read_curves([tmp_path / "a"]), tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    for note in ("the horizontal axis is steps: no finished epoch in a", "a may still be training"):
        assert note in page and note in caplog.text
    assert ">step</text>" in page
