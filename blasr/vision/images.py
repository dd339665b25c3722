"""Labeled images: a folder with one subfolder for each class, or one of torchvision's data sets."""

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
"""The names that torchvision's data sets use for the training part and the test part, the more likely name first."""

LABELS: Final = ("targets", "labels", "_labels")
"""The attributes in which torchvision's data sets keep the class of every image."""


class LabeledImages(Protocol):
    """Images and their classes, numbered from 0."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; a label is an index into it, from 0."""

    def __len__(self) -> int:
        """Return the number of images."""

    def label(self, index: int) -> int:
        """Return the class of an image."""

    def name(self, index: int) -> str:
        """Return the name of an image, for messages."""

    def image(self, index: int) -> Image.Image:
        """Return the image.

        Raises:
            DataError: it cannot be read.
        """


class ImageFolder:
    """A folder with images called ``root/class/image.png``. Classes and their images are in alphabetical order.

    Args:
        root: the folder; ``ignored`` counts the files without the suffix of an image.

    Raises:
        DataError: there is no such folder, it has no classes, or a class has no images.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError("is not a folder", path=root, fix="give a folder with one subfolder for each class")
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
        """Return the class of an image."""
        return self._items[index][1]

    def name(self, index: int) -> str:
        """Return the path of an image below the root."""
        return str(self._items[index][0].relative_to(self.root))

    def image(self, index: int) -> Image.Image:
        """Return the decoded image.

        Raises:
            DataError: the file is damaged, or not an image.
        """
        path = self._items[index][0]
        try:
            with Image.open(path) as image:
                image.load()
                return image
        except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
            raise DataError(f"is not a readable image: {error}", path=path, fix="replace or remove it") from None


class TorchvisionImages:
    """One of torchvision's data sets of labeled images, such as CIFAR10.

    Args:
        name: the class in ``torchvision.datasets``.
        root: the folder of its files.
        train: whether to take its training part, or its test part (its validation part if it has no test part).

    Raises:
        DependencyError: torchvision, or another package that this data set needs, is not installed.
        ConfigError: there is no such data set, or it lacks two parts or one class for each image.
        DataError: the files are missing or cannot be read.
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
            raise DataError(f"{name} has labels outside its {len(self.classes)} classes", path=root)

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, index: int) -> int:
        """Return the class of an image."""
        return self._labels[index]

    def name(self, index: int) -> str:
        """Return the part of the data set and the number of an image."""
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
    """Return the training part of a data set, or the test part."""
    parameters = inspect.signature(dataset).parameters
    parts: list[dict[str, Any]] = [{"train": train}] if "train" in parameters else []
    if "split" in parameters and not parts:
        parts = [{"split": part} for part in PARTS[train]]
    for part in parts:
        try:
            return dataset(str(root), **part)
        except ImportError as error:
            raise DependencyError(f"torchvision's {name} needs another package: {error}") from None
        except TypeError:  # it needs more arguments than the folder and the part
            break
        except (RuntimeError, OSError, ValueError, LookupError, AssertionError) as error:
            if str(error).startswith("Unknown value"):  # there is no such part: try the next name
                continue
            fetch = f"torchvision.datasets.{name}({str(root)!r}, download=True)"
            raise DataError(
                f"{name} cannot be read: {error}",
                path=root,
                fix=f'python -c "import torchvision; {fetch}" fetches the files, if their license allows it',
            ) from None
    raise ConfigError(
        f"torchvision's {name} has no training and test part", fix="choose another, such as CIFAR10, or give a folder"
    )


def _labels(dataset: Any, name: str) -> list[int]:
    """Return the class of every image, from whichever attribute has them."""
    found = next((getattr(dataset, field) for field in LABELS if hasattr(dataset, field)), None)
    if found is None and hasattr(dataset, "_samples"):
        found = [sample[-1] for sample in dataset._samples]
    if found is None:
        found = (dataset[index][1] for index in range(len(dataset)))
    try:
        return [int(label) for label in found]
    except (TypeError, ValueError, RuntimeError):
        raise ConfigError(f"torchvision's {name} has no class for each image", fix="choose another") from None
