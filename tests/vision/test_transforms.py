"""Crops, sizes and normalisation, and the image folders behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blasr.errors import ConfigError, DataError
from blasr.vision.batches import ImageBatches
from blasr.vision.config import ImageConfig, check_size
from blasr.vision.images import ImageFolder
from blasr.vision.transforms import EvaluationTransform, TrainingTransform, random_box

UNIT = ImageConfig(size=32, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), flip=0.0)


def gradient(width: int, height: int) -> Image.Image:
    """Red grows with the column, green with the row."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.arange(width)[None, :]
    pixels[..., 1] = np.arange(height)[:, None]
    return Image.fromarray(pixels)


@settings(max_examples=50, deadline=None)
@given(width=st.integers(1, 500), height=st.integers(1, 500), seed=st.integers(0, 1000))
def test_random_boxes_lie_inside(width: int, height: int, seed: int) -> None:
    left, upper, right, lower = random_box(width, height, UNIT, np.random.default_rng(seed))
    assert -1e-6 <= left < right <= width + 1e-6 and -1e-6 <= upper < lower <= height + 1e-6


def test_random_boxes_keep_scale_and_ratio() -> None:
    boxes = [random_box(300, 200, ImageConfig(), np.random.default_rng(seed)) for seed in range(300)]
    shares = [(right - left) * (lower - upper) / 60000 for left, upper, right, lower in boxes]
    ratios = [(right - left) / (lower - upper) for left, upper, right, lower in boxes]
    assert 0.08 <= min(shares) < 0.12 and 0.8 < max(shares) <= 1
    assert 3 / 4 - 1e-9 <= min(ratios) < 0.8 and 1.25 < max(ratios) <= 4 / 3 + 1e-9


def test_the_central_crop() -> None:
    """7/8 of the shorter side: of 256 x 128 the columns 72 to 184 and the rows 8 to 120."""
    output = EvaluationTransform(UNIT, 64)(gradient(256, 128)) * 255
    assert output.shape == (3, 64, 64)
    assert output[0].min() == pytest.approx(72, abs=1.5) and output[0].max() == pytest.approx(183, abs=1.5)
    assert output[1].min() == pytest.approx(8, abs=1.5) and output[1].max() == pytest.approx(119, abs=1.5)


def test_mirroring() -> None:
    image = gradient(64, 64)
    for flip, sign in ((0.0, 1), (1.0, -1)):
        config = ImageConfig(size=32, flip=flip, crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0))
        red = TrainingTransform(config)(image, np.random.default_rng(0))[0]
        assert bool(((red[:, 1:] - red[:, :-1]) * sign > 0).all())


def test_normalisation_and_grey_images() -> None:
    config = ImageConfig(size=32, mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    output = EvaluationTransform(config)(Image.new("L", (8, 8), 255))
    torch.testing.assert_close(output[:, 0, 0], torch.tensor([1.0, 0.75, 0.5]))


@pytest.mark.parametrize(("size", "fix"), [(225, "224 or 256"), (200, "192 or 224"), (8, "32 or 64")])
def test_sizes_that_the_strides_do_not_divide(size: int, fix: str) -> None:
    with pytest.raises(ConfigError, match=fix):
        check_size(size)


def test_wrong_settings() -> None:
    for wrong in ({"crop_scale": (0.5,)}, {"crop_scale": (0.5, 2.0)}, {"crop_ratio": (2.0, 1.0)}, {"flip": 2.0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            ImageConfig(**wrong)
    with pytest.raises(ConfigError, match="std"):
        ImageConfig(std=(1.0, 1.0, 0.0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for index in range(5):
            Image.new("RGB", (9, 7), (40 * index, 100 * label, 0)).save(tmp_path / name / f"{index}.png")
    (tmp_path / "dog" / "notes.txt").write_text("no image")
    return tmp_path


def test_image_folder(folder: Path) -> None:
    images = ImageFolder(folder)
    assert images.classes == ("cat", "dog") and len(images) == 10 and images.ignored == 1
    assert [images.label(index) for index in range(10)] == [0] * 5 + [1] * 5
    assert images.name(6) == "dog/1.png" and images.image(6).getpixel((0, 0)) == (40, 100, 0)


def test_bad_folders(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(DataError, match="is no folder"):
        ImageFolder(folder / "absent")
    with pytest.raises(DataError, match="no subfolders"):
        ImageFolder(folder / "cat")
    (folder / "cat" / "0.png").write_bytes(b"\x89PNG nonsense")
    with pytest.raises(DataError, match=r"0\.png"):
        ImageFolder(folder).image(0)
    (folder / "bird").mkdir()
    with pytest.raises(DataError, match=r"bird.*has no images"):
        ImageFolder(folder)


def test_batches_repeat_themselves(folder: Path) -> None:
    batches = ImageBatches(ImageFolder(folder), TrainingTransform(UNIT), 4, training=True, seed=3)
    first, again, other = list(batches.batches(1)), list(batches.batches(1, 1)), list(batches.batches(2))
    assert batches.num_batches(1) == len(first) == 2 and len(again) == 1
    torch.testing.assert_close(first[1].inputs, again[0].inputs, atol=0, rtol=0)
    assert first[1].names == again[0].names
    assert [batch.names for batch in first] != [batch.names for batch in other]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_told_by_whoever_loads_it(folder: Path, workers: int) -> None:
    (folder / "dog" / "3.png").write_bytes(b"torn")
    batches = ImageBatches(ImageFolder(folder), EvaluationTransform(UNIT), 4, num_workers=workers)
    with pytest.raises(DataError) as caught:
        list(batches.batches(1))
    assert str(caught.value.path).endswith("dog/3.png") and caught.value.fix == "replace or remove it"
    assert "Traceback" not in str(caught.value)


def test_wrong_batches(folder: Path) -> None:
    for batch_size, workers in ((0, 0), (4, -1)):
        with pytest.raises(ConfigError, match="expected at least 1 and 0"):
            ImageBatches(ImageFolder(folder), EvaluationTransform(UNIT), batch_size, num_workers=workers)


def test_processes_share_every_batch(folder: Path) -> None:
    images = ImageFolder(folder)
    whole = list(ImageBatches(images, TrainingTransform(UNIT), 4, training=True).batches(1))
    parts = [
        list(ImageBatches(images, TrainingTransform(UNIT), 4, training=True, rank=rank, world_size=2).batches(1))
        for rank in range(2)
    ]
    for batch, *shares in zip(whole, *parts, strict=True):
        assert sorted(batch.names) == sorted(name for share in shares for name in share.names)
    held_out = [
        ImageBatches(images, EvaluationTransform(UNIT), 4, rank=rank, world_size=2).batches(1) for rank in range(2)
    ]
    names = [name for share in held_out for batch in share for name in batch.names]
    assert sorted(names) == sorted(images.name(index) for index in range(10))
    with pytest.raises(ConfigError, match="3 processes cannot share batches of 4"):
        ImageBatches(images, EvaluationTransform(UNIT), 4, world_size=3)
    with pytest.raises(ConfigError, match="lower batch_size"):
        ImageBatches(images, TrainingTransform(UNIT), 64, training=True)
