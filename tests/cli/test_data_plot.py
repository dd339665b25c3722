"""``blasr data plot`` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.data.test_survey import make_dir, sine

pytest.importorskip("matplotlib")


def test_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    make_dir(folder, {f"a-{number}": (sine(3000, 0.2), 8000) for number in range(4)})
    assert main(["data", "plot", str(folder), "--even", "3", "--out", str(tmp_path / "a.html")]) == 0
    assert "data plot: 3 utterances in -> 3 kept -> 0 dropped" in capsys.readouterr().out
    for out, message in ((tmp_path / "a.svg", "ends in .png or .html"), (folder / "a.png", "lies inside")):
        assert main(["data", "plot", str(folder), "--out", str(out)]) == 2
        assert message in capsys.readouterr().err
