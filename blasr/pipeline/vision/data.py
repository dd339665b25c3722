"""The images of a run, and the check of their classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from blasr.errors import MismatchError
from blasr.pipeline.vision.config import ImageDataConfig
from blasr.vision import ImageFolder, LabeledImages, TorchvisionImages


def open_images(path: Path, dataset: str, *, train: bool) -> LabeledImages:
    """Return the images of a folder, or one part of a torchvision data set.

    Args:
        path: a folder with one subfolder for each class, or the folder of a data set's files.
        dataset: "folder", or the name of a torchvision data set.
        train: whether to take the training part of the data set, or the test part.

    Raises:
        DataError, ConfigError, DependencyError: the images cannot be read.
    """
    return ImageFolder(path) if dataset == "folder" else TorchvisionImages(dataset, path, train=train)


def read_images(data: ImageDataConfig) -> tuple[LabeledImages, LabeledImages | None]:
    """Return the training images and the held-out images, None if there are none.

    Raises:
        DataError, ConfigError, DependencyError: the images cannot be read.
        MismatchError: the two parts have different classes.
    """
    train = open_images(data.train, data.dataset, train=True)
    held_out = data.valid if data.dataset == "folder" else data.train
    if held_out is None:
        return train, None
    valid = open_images(held_out, data.dataset, train=False)
    check_classes(train.classes, valid.classes, data.valid or data.train)
    return train, valid


def check_classes(expected: Sequence[str], found: Sequence[str], path: Path) -> None:
    """Check that the classes of images are those of the model.

    Raises:
        MismatchError: naming the classes on one side only.
    """
    if tuple(expected) != tuple(found):
        missing, unknown = sorted(set(expected) - set(found))[:3], sorted(set(found) - set(expected))[:3]
        raise MismatchError(
            f"has {len(found)} classes, expected {len(expected)}; missing: {', '.join(missing) or 'none'}, "
            f"unknown: {', '.join(unknown) or 'none'}",
            path=path,
            fix="give both parts the same class folders",
        )
