"""Training images and held-out images, with the same classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import MismatchError
from blasr.pipeline.vision import ImageDataConfig, check_classes, open_images, read_images
from tests.vision.imagefolders import write_folders


def test_both_parts_of_a_folder(tmp_path: Path) -> None:
    write_folders(tmp_path)
    train, valid = read_images(ImageDataConfig(tmp_path / "train", tmp_path / "valid"))
    assert valid is not None and (len(train), len(valid)) == (24, 10)
    assert train.classes == valid.classes == ("blue", "red")
    assert read_images(ImageDataConfig(tmp_path / "train", None))[1] is None
    assert len(open_images(tmp_path / "valid", "folder", train=False)) == 10


def test_other_classes_are_refused(tmp_path: Path) -> None:
    write_folders(tmp_path)
    (tmp_path / "valid" / "red").rename(tmp_path / "valid" / "rot")
    with pytest.raises(MismatchError, match="missing: red, unknown: rot"):
        read_images(ImageDataConfig(tmp_path / "train", tmp_path / "valid"))


def test_the_order_of_the_classes_matters() -> None:
    check_classes(("a", "b"), ["a", "b"], Path("x"))
    with pytest.raises(MismatchError, match="has 2 classes, expected 2; missing: none, unknown: none"):
        check_classes(("a", "b"), ("b", "a"), Path("x"))
