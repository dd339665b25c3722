"""Errors of an image model, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from blasr.pipeline.vision import evaluate_images
from blasr.vision import EvaluationTransform, ImageConfig, ImageFolder, create_model
from tests.vision.imagefolders import write_folders


def test_errors_and_loss_are_those_of_the_logits(tmp_path: Path) -> None:
    images = ImageFolder(write_folders(tmp_path) / "valid")
    config = ImageConfig(size=32)
    torch.manual_seed(0)
    model = create_model("resnet50", 2, width=0.0625).eval()
    inputs = torch.stack([EvaluationTransform(config)(images.image(index)) for index in range(len(images))])
    targets = torch.tensor([images.label(index) for index in range(len(images))])
    with torch.inference_mode():
        logits: Tensor = model(inputs)
    score = evaluate_images(model, images, config, 32, batch_size=4)
    assert (score.size, score.count, score.top5_error) == (32, 10, 0.0)
    assert score.top1_error == pytest.approx(100 * float((logits.argmax(1) != targets).float().mean()))
    assert score.loss == pytest.approx(float(torch.nn.functional.cross_entropy(logits, targets)), rel=1e-5)
