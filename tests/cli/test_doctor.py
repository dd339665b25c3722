"""``blasr doctor`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.pipeline.doctor import diagnosis
from blasr.pipeline.doctor.self_tests import SELF_TESTS, SelfTest


@pytest.fixture(autouse=True)
def few_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "SELF_TESTS", [test for test in SELF_TESTS if test.name in ("graph", "scoring")])


def test_the_report_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "\nprocessor " in printed
    assert "\nextra subwords " in printed
    assert "\nscoring    passed " in printed


def test_the_report_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert main(["doctor", "--json", str(tmp_path / "report.json")]) == 0
    written = json.loads((tmp_path / "report.json").read_text())
    assert capsys.readouterr().out == ""
    assert written.keys() == printed.keys() and written["versions"] == printed["versions"]


def test_a_failed_self_test_is_printed_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(diagnosis, "SELF_TESTS", [SelfTest("graph", lambda system: str(1 / 0))])
    assert main(["doctor"]) == 1
    captured = capsys.readouterr()
    assert "graph      FAILED " in captured.out
    assert "blasr doctor: error: 1 of 1 self-tests failed:\n  graph: ZeroDivisionError" in captured.err
