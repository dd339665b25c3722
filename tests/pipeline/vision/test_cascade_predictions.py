"""The predictions of both models of a cascade, and its points, against counts by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from blasr.pipeline.vision import LittleBigPredictions, predict_with_both
from blasr.vision import ImageBatchConfig, ImageConfig, ImageFolder
from tests.vision.imagefolders import write_folders


def test_points_by_hand() -> None:
    predictions = LittleBigPredictions(
        np.array([0.9, 0.4, 0.6, 0.5]),
        np.array([True, False, False, True]),
        np.array([True, True, True, False]),
        (10, 100),
    )
    little, middle, big = (predictions.point(threshold) for threshold in (0.0, 0.6, 1.01))
    assert [point.usage.passed_on for point in (little, middle, big)] == [0, 2, 4]
    assert [point.usage.macs for point in (little, middle, big)] == [40, 240, 400]
    assert [point.total.errors for point in (little, middle, big)] == [2, 2, 1]
    assert [counts.errors for counts in middle.counts] == [0, 0, 1, 1]
    assert middle.macs_share == 0.6 and middle.share_passed_on == 0.5


class Always(nn.Module):
    """Predicts one class, with the same logits for all images."""

    def __init__(self, label: int, logit: float) -> None:
        super().__init__()
        self.conv, self.label, self.logit = nn.Conv2d(3, 2, 1, bias=False), label, logit

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = 0 * self.conv(x).mean((2, 3))
        logits[:, self.label] += self.logit
        return logits


def test_predictions_of_images(tmp_path: Path) -> None:
    images = ImageFolder(write_folders(tmp_path) / "train")
    found = predict_with_both(
        (Always(0, 1.0), Always(1, 5.0)), images, ImageConfig(size=32), ImageBatchConfig(3), torch.device("cpu")
    )
    assert len(found.little_right) == len(images)
    assert (found.little_right != found.big_right).all() and found.little_right.any() and found.big_right.any()
    np.testing.assert_allclose(found.confidences, 1 / (1 + np.exp(-1)), atol=1e-6)
    assert found.macs == (3 * 2 * 32 * 32, 3 * 2 * 32 * 32)
