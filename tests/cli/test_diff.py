"""``blasr diff`` from the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.pipeline.runs.small_runs import write_run


def test_what_differs_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = write_run(tmp_path / "a"), write_run(tmp_path / "b", epochs=3)
    assert main(["diff", *map(str, folders)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("A: a\nB: b\n\nconfiguration: 1 of 2 differ\n")
    assert "training.epochs  2  3     +1\n" in printed
    assert "curves: equal to the last digit in all 2 epochs that both have\n" in printed


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(write_run(tmp_path / "a")), str(tmp_path / "absent")]) == 1
    assert "absent: no such folder" in capsys.readouterr().err


def test_neither_plot_nor_diff_loads_torch(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    code = f"""
import sys
from blasr.cli.main import main
assert main(["diff", {str(one)!r}, {str(two)!r}]) == 0
assert main(["plot", {str(one)!r}, "--out", {str(tmp_path / "a.html")!r}]) == 0
assert "torch" not in sys.modules
"""
    pytest.importorskip("matplotlib")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
