"""Labelled images: a folder with one subfolder for each class, or one of torchvision's data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

from PIL import Image, UnidentifiedImageError

from blasr.errors import ConfigError, DataError
from blasr.vision.torchvision import torchvision_module

SUFFIXES: Final = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})


class LabelledImages(Protocol):
    """Images with their classes, by number from 0."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; a label is a place in it, from 0."""

    def __len__(self) -> int:
        """How many images there are."""

    def label(self, index: int) -> int:
        """The class of an image."""

    def name(self, index: int) -> str:
        """What the image is called, for messages."""

    def image(self, index: int) -> Image.Image:
        """The image itself.

        Raises:
            DataError: it cannot be read.
        """


class ImageFolder:
    """``root/class/image.png``: classes in alphabetical order, images of each class too.

    Args:
        root: a folder of folders; files that are no images by their suffix are counted in ``ignored``.

    Raises:
        DataError: no such folder, no classes, or a class without images.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError("is no folder", path=root, fix="give a folder with one subfolder for each class")
        folders = sorted(path for path in root.iterdir() if path.is_dir())
        if not folders:
            raise DataError("has no subfolders, expected one for each class", path=root)
        self.root = root
        self.classes = tuple(folder.name for folder in folders)
        self.ignored = 0
        self._items: list[tuple[Path, int]] = []
        for label, folder in enumerate(folders):
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            images = [path for path in files if path.suffix.lower() in SUFFIXES]
            if not images:
                raise DataError(f"has no images ({', '.join(sorted(SUFFIXES))})", path=folder)
            self.ignored += len(files) - len(images)
            self._items += [(path, label) for path in images]

    def __len__(self) -> int:
        return len(self._items)

    def label(self, index: int) -> int:
        """The class of an image."""
        return self._items[index][1]

    def name(self, index: int) -> str:
        """Its path below the root."""
        return str(self._items[index][0].relative_to(self.root))

    def image(self, index: int) -> Image.Image:
        """The image, decoded.

        Raises:
            DataError: it is damaged or no image.
        """
        path = self._items[index][0]
        try:
            with Image.open(path) as image:
                image.load()
                return image
        except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
            raise DataError(f"is no readable image: {error}", path=path, fix="replace or remove it") from None


class TorchvisionImages:
    """One of torchvision's data sets of labelled images, such as CIFAR10.

    Args:
        name: the class in ``torchvision.datasets``.
        root: where its files are.
        train: its training part, or its test part.

    Raises:
        DependencyError: torchvision is not installed.
        ConfigError: it has no such data set.
        DataError: the files are not there.
    """

    def __init__(self, name: str, root: Path, train: bool) -> None:
        found = getattr(torchvision_module("datasets"), name, None)
        if not isinstance(found, type):
            raise ConfigError(f"torchvision has no data set {name!r}", fix="give folder, or a name such as CIFAR10")
        try:
            self._dataset: Any = found(str(root), train=train)
        except TypeError:
            self._dataset = found(str(root), split="train" if train else "test")
        except (RuntimeError, OSError) as error:
            raise DataError(f"{name} cannot be read: {error}", path=root, fix="download it there first") from None
        self._name = f"{name}/{'train' if train else 'test'}"
        labels = getattr(self._dataset, "targets", None)
        self._labels = [int(label) for label in (self._dataset.labels if labels is None else labels)]
        names = getattr(self._dataset, "classes", None) or sorted(set(self._labels))
        self.classes = tuple(map(str, names))

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, index: int) -> int:
        """The class of an image."""
        return self._labels[index]

    def name(self, index: int) -> str:
        """Its part of the data set and its number."""
        return f"{self._name}/{index}"

    def image(self, index: int) -> Image.Image:
        """The image."""
        image: Image.Image = self._dataset[index][0]
        return image
