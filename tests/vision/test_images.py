"""Image folders, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import DataError
from blasr.vision import ImageFolder
from tests.vision.imagefolders import write_animals


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_animals(tmp_path)


def test_image_folder(folder: Path) -> None:
    images = ImageFolder(folder)
    assert images.classes == ("cat", "dog") and len(images) == 10 and images.ignored == 1
    assert [images.label(index) for index in range(10)] == [0] * 5 + [1] * 5
    assert images.name(6) == "dog/1.png" and images.image(6).getpixel((0, 0)) == (40, 100, 0)


def test_bad_folders(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(DataError, match="is not a folder"):
        ImageFolder(folder / "absent")
    with pytest.raises(DataError, match="no subfolders"):
        ImageFolder(folder / "cat")
    (folder / "cat" / "0.png").write_bytes(b"\x89PNG nonsense")
    with pytest.raises(DataError, match=r"0\.png"):
        ImageFolder(folder).image(0)
    (folder / "bird").mkdir()
    with pytest.raises(DataError, match=r"bird.*has no images"):
        ImageFolder(folder)
