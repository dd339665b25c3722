"""Faster R-CNN on our backbones: it runs, trains and costs what Table 10 says."""

from __future__ import annotations

import importlib

import pytest
import torch

from blasr.errors import DependencyError
from blasr.vision import create_backbone
from blasr.vision.paper import DETECTION, PublishedDetectionFigures
from blasr.vision.torchvision import torchvision_module

pytest.importorskip("torchvision", reason="detectors need torchvision")


@pytest.mark.parametrize("row", DETECTION, ids=lambda row: f"{row.backbone}-{row.dataset}")
def test_macs(row: PublishedDetectionFigures) -> None:
    """Within 3% without the proposal network, which the published figures seem to leave out."""
    from blasr.vision.detection import count_detector

    macs = count_detector(row.backbone, row.height, row.width, num_classes=row.num_classes)
    assert (macs.total - macs.proposals) / 1e9 == pytest.approx(row.gmacs, rel=0.03)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 3)])
def test_saving(first: int, second: int) -> None:
    """What the backbone alone changes does not depend on how the rest is counted: within 0.5%."""
    from blasr.vision.detection import count_detector

    rows = DETECTION[first], DETECTION[second]
    ours = [count_detector(row.backbone, row.height, row.width).total / 1e9 for row in rows]
    assert ours[0] - ours[1] == pytest.approx(rows[0].gmacs - rows[1].gmacs, rel=0.005)


def test_a_detector_runs_and_trains() -> None:
    from blasr.vision.detection import create_detector

    torch.manual_seed(0)
    backbone = create_backbone("bl_resnet50_a2b4", width=0.0625)
    detector = create_detector("bl_resnet50_a2b4", 3, backbone=backbone, min_size=64, max_size=96)
    images = [torch.rand(3, 70, 90), torch.rand(3, 64, 64)]
    boxes = torch.tensor([[5.0, 5.0, 40.0, 50.0]])
    targets = [{"boxes": boxes, "labels": torch.tensor([1])}, {"boxes": boxes, "labels": torch.tensor([2])}]
    losses = detector(images, targets)
    sum(losses.values()).backward()
    gradient = backbone.model.stages["stem"].get_parameter("conv.weight").grad
    assert gradient is not None and gradient.abs().sum() > 0
    found = detector.eval()(images)
    assert [set(item) for item in found] == [{"boxes", "labels", "scores"}] * 2


def test_without_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(DependencyError, match="torchvision"):
        torchvision_module("ops")
