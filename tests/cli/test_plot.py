"""``blasr plot`` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.pipeline.runs.small_runs import write_run


def test_a_page_may_lie_in_the_experiment(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    folder = write_run(tmp_path / "a")
    assert main(["plot", str(folder), "--out", str(folder / "curves.html"), "--x-axis", "step"]) == 0
    assert "<svg" in (folder / "curves.html").read_text(encoding="utf-8")


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_run(tmp_path / "a")
    for words, status, message in (
        ([folder, "--out", tmp_path / "a.pdf"], 2, "expected a name that ends in .png or .html"),
        ([folder, folder, "--out", tmp_path / "a.png"], 2, "is given twice"),
        ([tmp_path, "--out", tmp_path / "a.png"], 1, "has no metrics.jsonl"),
        ([folder, "--out", folder / "metrics.jsonl"], 2, "must not be overwritten"),
    ):
        assert main(["plot", *map(str, words)]) == status
        assert message in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"a"}
