"""The table of file sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import DataError
from recipes.an4.sizes import write_sizes


def test_means_and_savings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for number, (system, size) in enumerate((("float", 1000), ("patterns", 120), ("float", 3000), ("patterns", 140))):
        path = tmp_path / str(number)
        path.write_bytes(bytes(size))
        files.append(f"{system}={path}")
    write_sizes(files, tmp_path / "out")
    lines = [line.split() for line in (tmp_path / "out").read_text().splitlines()]
    assert lines[1:] == [["float", "2,000", "0.0%"], ["patterns", "130", "93.5%"]]
    assert capsys.readouterr().out == (tmp_path / "out").read_text()
    with pytest.raises(DataError, match="no such file"):
        write_sizes([f"x={tmp_path}/absent"], tmp_path / "out")
