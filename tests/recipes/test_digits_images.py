"""scikit-learn's digits become a folder of images."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from blasr.vision.images import ImageFolder

SCRIPT = Path(__file__).parents[2] / "recipes" / "digits_images" / "prepare.py"


def test_prepare(tmp_path: Path) -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="the digits come with scikit-learn")
    spec = importlib.util.spec_from_file_location("digits_prepare", SCRIPT)
    assert spec is not None and spec.loader is not None
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    assert prepare.prepare(tmp_path) == {"train": 1437, "valid": 360}
    train, valid = ImageFolder(tmp_path / "train"), ImageFolder(tmp_path / "valid")
    assert train.classes == valid.classes == tuple("0123456789")
    assert (len(train), len(valid)) == (1437, 360)
    names = {name.rpartition("/")[2] for images in (train, valid) for name in map(images.name, range(len(images)))}
    assert len(names) == 1797
    number = int(Path(valid.name(0)).stem)
    grey = valid.image(0).getpixel((4, 3))
    assert grey == round(datasets.load_digits().images[number][3, 4] * 255 / 16)
