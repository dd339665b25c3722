"""A page has everything inside: the panels, what differs and the epochs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blasr.pipeline.runs.curve_page import curve_page
from blasr.pipeline.runs.curves import read_curves
from blasr.pipeline.runs.summary import ABSENT
from tests.pipeline.runs.small_runs import write_run

pytest.importorskip("matplotlib")


def test_a_page_of_two_runs(tmp_path: Path) -> None:
    one = write_run(tmp_path / "<a>", config={"training": {"epochs": 2, "seed": 0}, "model": {"width": 1.0}})
    two = write_run(tmp_path / "b", config={"training": {"epochs": 2, "seed": 7}})
    page = curve_page(read_curves([one, two]), notes=["one & two"])
    assert page.count("<svg") == page.count("</svg>") == 6
    assert "&lt;a&gt;" in page and "<a>" not in page
    assert "one &amp; two" in page
    assert "<tr><td>training.seed</td><td>0</td><td>7</td></tr>" in page
    assert f"<tr><td>model.width</td><td>1.0</td><td>{ABSENT}</td></tr>" in page
    assert "training.epochs" not in page and "<td>experiment</td>" not in page
    assert page.count("<details>") == 2
    assert re.findall(r'(?:src|href)="(?!#)', page) == []  # self-contained


def test_a_page_of_one_run_compares_nothing(tmp_path: Path) -> None:
    page = curve_page(read_curves([write_run(tmp_path / "a")]))
    assert "what differs" not in page and "<details open>" in page
    equal = curve_page(read_curves([tmp_path / "a", write_run(tmp_path / "b")]))
    assert "Nothing: all keys are equal." in equal
