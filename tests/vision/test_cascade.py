"""A classifier of two models: its extremes are its models, and only unsure images are passed on."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from blasr.vision.cascade import LittleBigClassifier, confidences


class Scaled(nn.Module):
    """Logits that are the images' means by channel, times a factor; it keeps what it was given."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor, self.seen = factor, 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return self.factor * x.mean(dim=(2, 3))


@pytest.fixture
def images() -> Tensor:
    return torch.randn(20, 3, 8, 8, generator=torch.Generator().manual_seed(0)) + 2 * torch.randn(20, 3, 1, 1)


def test_the_extremes_are_exactly_the_models(images: Tensor) -> None:
    little, big = Scaled(1.0), Scaled(-2.0)
    assert torch.equal(LittleBigClassifier(little, big, 0.0)(images), little(images)) and big.seen == 0
    little.seen = 0
    model = LittleBigClassifier(little, big, 1.01)
    assert torch.equal(model(images), big(images)) and little.seen == 0
    assert model.images == model.passed_on == 20


def test_only_unsure_images_are_passed_on(images: Tensor) -> None:
    little, big = Scaled(1.0), Scaled(-2.0)
    sure = confidences(little(images))
    threshold = float(sure.median()) + 1e-9
    model = LittleBigClassifier(little, big, threshold)
    logits = model(images)
    assert big.seen == model.passed_on == int((sure < threshold).sum()) == 10
    assert torch.equal(logits[sure >= threshold], little(images)[sure >= threshold])
    assert torch.equal(logits[sure < threshold], big(images)[sure < threshold])


def test_confidences_are_at_most_1() -> None:
    assert confidences(torch.tensor([[1e4, 0.0], [0.0, 0.0]])).tolist() == [1.0, 0.5]
