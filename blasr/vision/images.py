"""Labelled images: a folder with one subfolder for each class, or one of torchvision's data sets."""

from __future__ import annotations

import difflib
import inspect
from pathlib import Path
from typing import Any, Final, Protocol

from PIL import Image, UnidentifiedImageError

from blasr.errors import ConfigError, DataError, DependencyError
from blasr.vision.torchvision import torchvision_module

SUFFIXES: Final = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})

PARTS: Final = {True: ("train", "trainval", "train-standard"), False: ("test", "val")}
"""What torchvision's data sets call the part that is trained on and the other, the likelier name first."""

LABELS: Final = ("targets", "labels", "_labels")
"""Where torchvision's data sets have the class of every image."""


class LabeledImages(Protocol):
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
        train: its training part, or its test part (its validation part where it has no other).

    Raises:
        DependencyError: torchvision is not installed, or what this data set needs besides.
        ConfigError: it has no such data set, or one without two parts or without one class for each image.
        DataError: the files are not there or cannot be read.
    """

    def __init__(self, name: str, root: Path, train: bool) -> None:
        datasets = torchvision_module("datasets")
        if name not in datasets.__all__:
            known = {known.lower(): known for known in ("folder", *datasets.__all__)}
            nearest = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f"did you mean {known[nearest[0]]}?" if nearest else "give folder, or a name such as CIFAR10"
            raise ConfigError(f"torchvision has no data set {name!r}", fix=hint)
        self._name = f"{name}/{'train' if train else 'test'}"
        self._root = root
        self._dataset = _open(getattr(datasets, name), name, root, train)
        self._labels = _labels(self._dataset, name)
        names = getattr(self._dataset, "classes", None) or sorted(set(self._labels))
        self.classes = tuple(map(str, names))
        if not set(self._labels) <= set(range(len(self.classes))):
            raise DataError(f"{name} has labels that are no places in its {len(self.classes)} classes", path=root)

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, index: int) -> int:
        """The class of an image."""
        return self._labels[index]

    def name(self, index: int) -> str:
        """Its part of the data set and its number."""
        return f"{self._name}/{index}"

    def image(self, index: int) -> Image.Image:
        """The image.

        Raises:
            DataError: it cannot be read.
        """
        try:
            image = self._dataset[index][0]
        except (OSError, SyntaxError, ValueError) as error:
            raise DataError(f"{self.name(index)} cannot be read: {error}", path=self._root) from None
        if not isinstance(image, Image.Image):
            raise DataError(f"{self.name(index)} is a {type(image).__name__}, expected an image", path=self._root)
        return image


def _open(dataset: Any, name: str, root: Path, train: bool) -> Any:
    """The part of a data set that is trained on, or the other."""
    parameters = inspect.signature(dataset).parameters
    parts: list[dict[str, Any]] = [{"train": train}] if "train" in parameters else []
    if "split" in parameters and not parts:
        parts = [{"split": part} for part in PARTS[train]]
    for part in parts:
        try:
            return dataset(str(root), **part)
        except ImportError as error:
            raise DependencyError(f"torchvision's {name} needs another package: {error}") from None
        except TypeError:  # it wants to be told more than where and which part
            break
        except (RuntimeError, OSError, ValueError, LookupError, AssertionError) as error:
            if str(error).startswith("Unknown value"):  # there is no such part: the next name
                continue
            fetch = f"torchvision.datasets.{name}({str(root)!r}, download=True)"
            raise DataError(
                f"{name} cannot be read: {error}",
                path=root,
                fix=f'python -c "import torchvision; {fetch}" fetches what may be fetched',
            ) from None
    raise ConfigError(
        f"torchvision's {name} has no training and test part", fix="choose another, such as CIFAR10, or give a folder"
    )


def _labels(dataset: Any, name: str) -> list[int]:
    """The class of every image, under whichever name the data set has them."""
    found = next((getattr(dataset, field) for field in LABELS if hasattr(dataset, field)), None)
    if found is None and hasattr(dataset, "_samples"):
        found = [sample[-1] for sample in dataset._samples]
    if found is None:
        found = (dataset[index][1] for index in range(len(dataset)))
    try:
        return [int(label) for label in found]
    except (TypeError, ValueError, RuntimeError):
        raise ConfigError(f"torchvision's {name} has no class for each image", fix="choose another") from None
