"""Tables 1, 2 and 6 to 10 of the paper as published, for comparison with our own counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PublishedImageFigures:
    """One published row, on ImageNet with a single crop.

    Attributes:
        table: table of the paper.
        name: the model's name, with ``@256`` if images have that size in place of 224.
        top1_error: in %.
        gmacs: 10^9 multiply-accumulates; the paper says FLOPs.
        params_m: 10^6 parameters.
        ms_k80: milliseconds for a batch of 16 on a Tesla K80.
    """

    table: int
    name: str
    top1_error: float
    gmacs: float
    params_m: float
    ms_k80: int | None = None

    @property
    def model(self) -> str:
        """The name without the image size."""
        return self.name.partition("@")[0]

    @property
    def image_size(self) -> int:
        """Height and width of the images."""
        return int(self.name.partition("@")[2] or 224)


TABLES: Final = (
    PublishedImageFigures(1, "resnet50", 23.66, 4.09, 25.55),
    PublishedImageFigures(1, "bl_resnet50_a2b2", 22.72, 2.91, 26.97),
    PublishedImageFigures(1, "bl_resnet50_a2b4", 22.69, 2.85, 26.69),
    PublishedImageFigures(1, "bl_resnet50_a4b2", 23.20, 2.49, 26.31),
    PublishedImageFigures(1, "bl_resnet50_a4b4", 23.15, 2.48, 26.24),
    PublishedImageFigures(2, "resnet101", 21.95, 7.80, 44.54, 186),
    PublishedImageFigures(2, "bl_resnet101_a2b4", 21.80, 3.89, 41.85, 140),
    PublishedImageFigures(2, "bl_resnet101_a2b4@256", 21.04, 5.08, 41.85, 162),
    PublishedImageFigures(2, "resnet152", 21.51, 11.51, 60.19, 266),
    PublishedImageFigures(2, "bl_resnet152_a2b4", 21.16, 5.04, 57.36, 178),
    PublishedImageFigures(2, "bl_resnet152_a2b4@256", 20.34, 6.58, 57.36, 205),
    PublishedImageFigures(2, "resnext50_32x4d", 22.20, 4.23, 25.03, 157),
    PublishedImageFigures(2, "bl_resnext50_32x4d_a2b4", 21.60, 3.03, 26.19, 125),
    PublishedImageFigures(2, "bl_resnext50_32x4d_a2b4@256", 20.96, 3.95, 26.19, 153),
    PublishedImageFigures(2, "resnext101_32x4d", 21.20, 7.97, 44.17, 269),
    PublishedImageFigures(2, "bl_resnext101_32x4d_a2b4", 21.08, 4.08, 41.51, 169),
    PublishedImageFigures(2, "bl_resnext101_32x4d_a2b4@256", 20.48, 5.33, 41.51, 203),
    PublishedImageFigures(2, "resnext101_64x4d", 20.73, 15.46, 83.46, 485),
    PublishedImageFigures(2, "bl_resnext101_64x4d_a2b4", 20.48, 7.14, 77.36, 263),
    PublishedImageFigures(2, "bl_resnext101_64x4d_a2b4@256", 19.65, 9.32, 77.36, 318),
    PublishedImageFigures(2, "seresnext50_32x4d", 21.78, 4.23, 27.56, 216),
    PublishedImageFigures(2, "bl_seresnext50_32x4d_a2b4", 21.44, 3.03, 28.77, 163),
    PublishedImageFigures(2, "bl_seresnext50_32x4d_a2b4@256", 20.74, 3.95, 28.77, 192),
    PublishedImageFigures(2, "seresnext101_32x4d", 21.00, 7.97, 48.96, 376),
    PublishedImageFigures(2, "bl_seresnext101_32x4d_a2b4", 20.87, 4.08, 45.88, 235),
    PublishedImageFigures(2, "bl_seresnext101_32x4d_a2b4@256", 19.87, 5.33, 45.88, 270),
    PublishedImageFigures(6, "resnet50_lowres", 26.10, 1.29, 25.60),
    PublishedImageFigures(6, "resnet101_lowres", 24.80, 2.22, 44.57),
    PublishedImageFigures(7, "bl_resnet50_a2b4_concat", 24.04, 2.01, 20.57),
    PublishedImageFigures(7, "bl_resnet50_a2b4_k3", 24.12, 3.91, 27.23),
    PublishedImageFigures(8, "bl_resnet50_a2b4_m2", 23.48, 2.74, 26.66),
    PublishedImageFigures(8, "bl_resnet50_a2b4_m1", 24.57, 2.64, 26.64),
    PublishedImageFigures(8, "bl_resnet101_a2b4_m7", 21.85, 5.21, 44.44),
    PublishedImageFigures(9, "shufflenet_v2_x1_0", 30.60, 0.146, 2.30),
    PublishedImageFigures(9, "shufflenet_v2_x1_5", 28.03, 0.299, 3.51),
    PublishedImageFigures(9, "shufflenet_v2_x2_0", 26.85, 0.588, 7.40),
    PublishedImageFigures(9, "bl_shufflenet_v2_x1_0@256", 30.84, 0.150, 2.33),
    PublishedImageFigures(9, "bl_shufflenet_v2_x1_5@256", 27.83, 0.298, 4.80),
    PublishedImageFigures(9, "bl_shufflenet_v2_x2_0@256", 26.38, 0.590, 7.60),
)
"""Every row, in the paper's order."""


@dataclass(frozen=True)
class PublishedDetectionFigures:
    """One published pair of columns of Table 10: Faster R-CNN with a feature pyramid and 300 proposals.

    Attributes:
        backbone: the image model.
        dataset: PASCAL VOC 2007 or MS COCO.
        height, width: size of the image that MACs are counted for.
        num_classes: object classes, with the background.
        precision: mean average precision in %, at an overlap of 0.5 (VOC) or averaged over 0.5 to 0.95 (COCO).
        gmacs: 10^9 multiply-accumulates.
    """

    backbone: str
    dataset: str
    height: int
    width: int
    num_classes: int
    precision: float
    gmacs: float


DETECTION: Final = (
    PublishedDetectionFigures("resnet101", "VOC", 600, 1024, 21, 81.5, 137.70),
    PublishedDetectionFigures("bl_resnet101_a2b4", "VOC", 600, 1024, 21, 81.4, 89.21),
    PublishedDetectionFigures("resnet101", "COCO", 800, 1344, 81, 39.2, 234.85),
    PublishedDetectionFigures("bl_resnet101_a2b4", "COCO", 800, 1344, 81, 39.5, 151.11),
)
"""Table 10."""
