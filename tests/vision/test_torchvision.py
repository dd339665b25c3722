"""torchvision's data sets, read from files that have their formats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blasr.errors import ConfigError, DataError
from blasr.vision.images import TorchvisionImages
from tests.vision.imagefolders import write_mnist

pytest.importorskip("torchvision")


def test_mnist(tmp_path: Path) -> None:
    parts = write_mnist(tmp_path, {"train": 20, "t10k": 11})
    for part, train in (("train", True), ("t10k", False)):
        images = TorchvisionImages("MNIST", tmp_path, train)
        pixels, labels = parts[part]
        assert len(images) == len(labels) and len(images.classes) == 10 and images.classes[3] == "3 - three"
        assert [images.label(index) for index in range(len(images))] == labels.tolist()
        np.testing.assert_array_equal(np.asarray(images.image(7)), pixels[7])
    assert images.name(7) == "MNIST/test/7"


def test_a_data_set_of_splits_and_private_labels(tmp_path: Path) -> None:
    base = tmp_path / "food-101"
    (base / "meta").mkdir(parents=True)
    for split, number in (("train", 1), ("test", 2)):
        (base / "meta" / f"{split}.json").write_text(
            json.dumps({"soup": [f"soup/{number}"], "cake": [f"cake/{number}"]})
        )
        for name in ("soup", "cake"):
            (base / "images" / name).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 3), (number, 0, 0)).save(base / "images" / name / f"{number}.jpg", "PNG")
    test = TorchvisionImages("Food101", tmp_path, train=False)
    assert test.classes == ("cake", "soup") and [test.label(index) for index in range(2)] == [1, 0]
    assert test.image(0).getpixel((0, 0)) == (2, 0, 0)
    (base / "images" / "soup" / "2.jpg").write_bytes(b"torn")
    with pytest.raises(DataError, match="Food101/test/0 cannot be read"):
        test.image(0)


def test_a_data_set_whose_other_part_is_called_val(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("val", 2)):
        for name in ("n01440764", "n03888257"):
            folder = tmp_path / "imagenette2" / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                Image.new("RGB", (8, 8), (index, 0, 0)).save(folder / f"{index}.JPEG")
    train, valid = (TorchvisionImages("Imagenette", tmp_path, train=part) for part in (True, False))
    assert (len(train), len(valid)) == (6, 4) and train.classes == valid.classes
    assert [valid.label(index) for index in range(4)] == [0, 0, 1, 1]


@pytest.mark.parametrize("name", ["EuroSAT", "FakeData", "EMNIST", "VOCDetection"])
def test_data_sets_of_other_kinds_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{name} has no training and test part"):
        TorchvisionImages(name, tmp_path, train=True)


@pytest.mark.parametrize(("name", "meant"), [("mnist", "MNIST"), ("CIFAR11", "CIFAR10"), ("folders", "folder")])
def test_misspelt_names(name: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"no data set '{name}'(?s:.*)did you mean {meant}"):
        TorchvisionImages(name, tmp_path, train=True)


def test_missing_files_are_reported_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)CIFAR10 cannot be read.*torchvision\.datasets\.CIFAR10\("):
        TorchvisionImages("CIFAR10", tmp_path, train=True)


@pytest.mark.parametrize("size", [0, 3, 16, 500])
def test_truncated_files_are_refused(size: int, tmp_path: Path) -> None:
    write_mnist(tmp_path, {"train": 20})
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataError, match="MNIST cannot be read"):
        TorchvisionImages("MNIST", tmp_path, train=True)
