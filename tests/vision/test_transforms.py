"""Crops, sizes and normalization."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blasr.vision import EvaluationTransform, ImageConfig, TrainingTransform
from blasr.vision.transforms import random_box

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


def test_a_padded_crop_has_the_size_of_the_image() -> None:
    """Every place up to the border's width; outside the image is the mean color."""
    config = ImageConfig(size=32, mean=(0.2, 0.0, 0.0), std=(1.0, 1.0, 1.0), flip=0.0, pad=4)
    transform, image = TrainingTransform(config), Image.new("RGB", (32, 32), (255, 255, 255))
    places = set()
    for seed in range(400):
        inside = transform(image, np.random.default_rng(seed))[1] == 1
        rows, columns = (inside.any(axis).nonzero().flatten() for axis in (1, 0))
        assert len(rows) >= 28 and len(columns) >= 28 and inside.sum() == len(rows) * len(columns)
        places.add((int(rows[0]), int(32 - len(rows)), int(columns[0]), int(32 - len(columns))))
        output = transform(image, np.random.default_rng(seed))
        torch.testing.assert_close(output[0][~inside], torch.zeros(int((~inside).sum())), atol=1e-6, rtol=0)
    assert len(places) > 60
    torch.testing.assert_close(EvaluationTransform(config)(image)[0], torch.full((32, 32), 0.8))


def test_mirroring() -> None:
    image = gradient(64, 64)
    for flip, sign in ((0.0, 1), (1.0, -1)):
        config = ImageConfig(size=32, flip=flip, crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0))
        red = TrainingTransform(config)(image, np.random.default_rng(0))[0]
        assert bool(((red[:, 1:] - red[:, :-1]) * sign > 0).all())


def test_normalization_and_gray_images() -> None:
    config = ImageConfig(size=32, mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    output = EvaluationTransform(config)(Image.new("L", (8, 8), 255))
    torch.testing.assert_close(output[:, 0, 0], torch.tensor([1.0, 0.75, 0.5]))
