"""The notebooks run from the first cell to the last, in a fresh process and an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def code_of(notebook: Path) -> str:
    """Return the code of all cells, one after the other; each cell must compile by itself."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for number, code in enumerate(codes):
        compile(code, f"{notebook.name}, cell {number}", "exec")
    return "\n\n".join(codes)


def run(notebook: Path, folder: Path) -> str:
    """Run a notebook in ``folder`` and return what it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "Agg",
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    words = [sys.executable, "-c", code_of(notebook)]
    done = subprocess.run(words, cwd=ROOT / "examples", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def test_there_are_three_notebooks_with_a_title_and_without_outputs() -> None:
    assert len(NOTEBOOKS) == 3
    for notebook in NOTEBOOKS:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        assert cells[0]["cell_type"] == "markdown" and cells[0]["source"][0].startswith("# ")
        assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")
        assert code_of(notebook)


def test_train_and_inspect(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the notebook draws pictures")
    printed = run(ROOT / "examples" / "train_and_inspect.ipynb", tmp_path)
    assert "receptive field: 49 frames" in printed


def test_from_a_kaldi_directory_to_a_server(tmp_path: Path) -> None:
    """The last notebook finds what the one before has made."""
    for package in ("espeakng_loader", "aiohttp", "prometheus_client"):
        pytest.importorskip(package, reason="a notebook needs it")
    assert "% of the words are wrong" in run(ROOT / "examples" / "kaldi_to_lattices.ipynb", tmp_path)
    printed = run(ROOT / "examples" / "bundle_stream_serve.ipynb", tmp_path)
    assert "recognized:" in printed and "-->" in printed
