"""Faster R-CNN with a feature pyramid (Lin et al. 2017) on any of the image models, with torchvision's parts.

Section A.6 of the paper. torchvision is imported only when a detector is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from blasr.nn import ResizeMode, count_layers
from blasr.vision.factory import create_backbone
from blasr.vision.model import FeatureBackbone
from blasr.vision.torchvision import torchvision_module

PYRAMID_CHANNELS = 256

ANCHOR_SIZES = ((32,), (64,), (128,), (256,), (512,))
"""Sides of the anchors of each pyramid level in pixels, from stride 4 to 64."""

ANCHOR_RATIOS = (0.5, 1.0, 2.0)

PROPOSALS = 300
"""Boxes that the second stage processes in Table 10."""


class PyramidBackbone(nn.Module):
    """Feature maps of an image model, with equal channels after a feature pyramid network.

    Attributes:
        out_channels: channels of every map; torchvision's detectors read it.
    """

    def __init__(self, backbone: FeatureBackbone, channels: int = PYRAMID_CHANNELS) -> None:
        super().__init__()
        ops: Any = torchvision_module("ops")
        extra = ops.feature_pyramid_network.LastLevelMaxPool()
        self.body = backbone
        self.pyramid = ops.FeaturePyramidNetwork([info.channels for info in backbone.feature_info], channels, extra)
        self.out_channels = channels

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return maps of strides 4, 8, 16, 32 and 64 of images ``x`` ``(B, C, H, W)``, named as torchvision expects."""
        maps: dict[str, Tensor] = self.pyramid({str(number): item for number, item in enumerate(self.body(x))})
        return maps


def create_detector(
    name: str,
    num_classes: int,
    upsample: ResizeMode = "bilinear",
    *,
    backbone: FeatureBackbone | None = None,
    **options: Any,
) -> nn.Module:
    """Return a Faster R-CNN of torchvision on the image model called ``name``.

    Args:
        name, upsample: see :func:`blasr.vision.create_model`.
        num_classes: object classes, with the background as class 0.
        backbone: in place of one with random weights, such as one with trained weights.
        options: options of ``torchvision.models.detection.FasterRCNN``.

    Raises:
        DependencyError: torchvision is not installed.
        ConfigError: the name is unknown.
    """
    detection: Any = torchvision_module("models.detection")
    anchors: Any = torchvision_module("models.detection.anchor_utils")
    body = backbone or create_backbone(name, upsample=upsample)
    options.setdefault(
        "rpn_anchor_generator", anchors.AnchorGenerator(ANCHOR_SIZES, (ANCHOR_RATIOS,) * len(ANCHOR_SIZES))
    )
    options.setdefault("box_detections_per_img", 100)
    detector: nn.Module = detection.FasterRCNN(PyramidBackbone(body), num_classes, **options)
    return detector


@dataclass(frozen=True)
class DetectorMacs:
    """Multiply-accumulates of a detector's parts for one image."""

    backbone: int
    pyramid: int
    proposals: int
    boxes: int

    @property
    def total(self) -> int:
        """MACs of all parts."""
        return self.backbone + self.pyramid + self.proposals + self.boxes


def count_detector(
    name: str, height: int, width: int, *, num_classes: int = 81, proposals: int = PROPOSALS
) -> DetectorMacs:
    """Count a detector's parts for one image of ``height`` x ``width`` without allocating its weights.

    Args:
        name: the image model's name.
        height, width: size of the image.
        num_classes: object classes, with the background.
        proposals: number of boxes that reach the second stage.

    Raises:
        DependencyError: torchvision is not installed.
        ConfigError: the name is unknown.
    """
    with torch.device("meta"):
        detector: Any = create_detector(name, num_classes)
    body = detector.backbone.body
    sizes = [(math.ceil(height / info.stride), math.ceil(width / info.stride)) for info in body.feature_info]
    last = body.feature_info[-1].stride * 2
    sizes.append((math.ceil(height / last), math.ceil(width / last)))
    heads = nn.Sequential(detector.roi_heads.box_head, detector.roi_heads.box_predictor.cls_score)
    regression = detector.roi_heads.box_predictor.bbox_pred
    pooled = (detector.backbone.out_channels, *detector.roi_heads.box_roi_pool.output_size)
    image = (3, height, width)
    body_macs = sum(_macs(body, image))
    return DetectorMacs(
        backbone=body_macs,
        pyramid=sum(_macs(detector.backbone, image)) - body_macs,
        proposals=sum(sum(_macs(_OneMap(detector.rpn.head), (pooled[0], *size))) for size in sizes),
        boxes=proposals * (sum(_macs(heads, pooled)) + regression.in_features * regression.out_features),
    )


def _macs(module: nn.Module, shape: tuple[int, ...]) -> Iterator[int]:
    return (layer.macs for layer in count_layers(module, shape))


class _OneMap(nn.Module):
    """Wraps a head that reads a list of maps, so that it reads a single map."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, x: Tensor) -> Any:
        return self.head([x])
