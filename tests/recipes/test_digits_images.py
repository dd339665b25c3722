"""scikit-learn's digits become a folder of images, and the comparison reports every training run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blasr.errors import ConfigError
from blasr.vision.images import ImageFolder
from recipes.digits_images.compare import Run, compare
from recipes.digits_images.prepare import prepare

ROOT = Path(__file__).parents[2]


def test_prepare(tmp_path: Path) -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="the digits come with scikit-learn")
    assert prepare(tmp_path) == {"train": 1437, "valid": 360}
    train, valid = ImageFolder(tmp_path / "train"), ImageFolder(tmp_path / "valid")
    assert train.classes == valid.classes == tuple("0123456789")
    assert (len(train), len(valid)) == (1437, 360)
    names = {name.rpartition("/")[2] for images in (train, valid) for name in map(images.name, range(len(images)))}
    assert len(names) == 1797
    number = int(Path(valid.name(0)).stem)
    gray = valid.image(0).getpixel((4, 3))
    assert gray == round(datasets.load_digits().images[number][3, 4] * 255 / 16)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Two classes of noise, enough for one batch."""
    random = np.random.default_rng(0)
    for part, count in (("train", 32), ("valid", 3)):
        for digit in "01":
            (tmp_path / "data" / part / digit).mkdir(parents=True)
            for index in range(count):
                scan = random.integers(0, 256, (8, 8), np.uint8)
                Image.fromarray(scan).save(tmp_path / "data" / part / digit / f"{index}.png")
    return tmp_path


def run_compare(work: Path, **values: Any) -> None:
    compare(**{"work": work, "seeds": [0, 4], "epochs": 2, "report": work / "RESULTS.md", **values})


def test_compare_trains_each_model_once_and_reports_all(work: Path) -> None:
    run_compare(work)
    results = {path: path.stat().st_mtime_ns for path in work.glob("*/result.json")}
    assert sorted(path.parent.name for path in results) == [
        "bl_resnet50_a2b4_seed0", "bl_resnet50_a2b4_seed4", "resnet50_seed0", "resnet50_seed4",
    ]  # fmt: skip
    run = Run(**json.loads((work / "resnet50_seed4" / "result.json").read_text())["run"])
    assert run.seed == 4 and run.clock > 0 and run.processor > 0
    report = (work / "RESULTS.md").read_text()
    assert '--seeds "0 4" --epochs 2 ' in report and "| resnet50 | 5,669,888 | 1,486,106 |" in report
    rows = [line.split(" | ")[:2] for line in report.splitlines() if line.startswith(("| resnet50 |", "| bl_"))]
    assert [seed for _, seed in rows] == ["5,669,888", "4,097,024", "0", "4", "mean", "0", "4", "mean"]

    run_compare(work)
    assert {path: path.stat().st_mtime_ns for path in results} == results
    assert (work / "RESULTS.md").read_text() == report
    with pytest.raises(ConfigError, match="a run with other settings"):
        run_compare(work, epochs=3)


def test_unfinished_run_starts_again(work: Path) -> None:
    """If it resumed, the measured time would be too short."""
    (work / "resnet50_seed0" / "checkpoints").mkdir(parents=True)
    (work / "resnet50_seed0" / "checkpoints" / "last.safetensors").write_bytes(b"half")
    run_compare(work, seeds=[0], epochs=1, report=None)
    assert (work / "resnet50_seed0" / "result.json").is_file() and not (work / "RESULTS.md").exists()


def test_missing_images_are_one_error(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    script = [str(ROOT / "recipes" / "digits_images" / "run.sh"), "--stage", "1", "--work", str(tmp_path)]
    result = subprocess.run(script, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 1
    assert "data/train" in result.stderr and "Traceback" not in result.stderr
