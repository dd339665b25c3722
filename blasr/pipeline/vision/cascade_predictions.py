"""What both models of a cascade predict for the same images, and what any threshold makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from blasr.inference import CascadeUsage
from blasr.nn import count_layers
from blasr.pipeline.cascade import CurvePoint
from blasr.scoring import ErrorCounts
from blasr.vision import EvaluationTransform, ImageBatchConfig, ImageBatches, LabeledImages, confidences
from blasr.vision.config import ImageConfig

RIGHT: Final = ErrorCounts(correct=1)
WRONG: Final = ErrorCounts(substitutions=1)


@dataclass(frozen=True, eq=False)
class LittleBigPredictions:
    """The predictions of both models on all images.

    Attributes:
        confidences: of the little model, ``(N,)``.
        little_right, big_right: whether the model's class is the image's, ``(N,)``.
        macs: of one image, for the little and the big model.
    """

    confidences: NDArray[np.float64]
    little_right: NDArray[np.bool_]
    big_right: NDArray[np.bool_]
    macs: tuple[int, int]

    def point(self, threshold: float) -> CurvePoint:
        """Return errors and cost at one threshold."""
        passed_on = self.confidences < threshold
        right = np.where(passed_on, self.big_right, self.little_right)
        images, number = len(right), int(np.count_nonzero(passed_on))
        little, big = self.macs
        macs = number * big + (0 if threshold > 1 else images * little)
        usage = CascadeUsage(images, number, macs, images * big)
        return CurvePoint(threshold, usage, tuple(RIGHT if correct else WRONG for correct in right.tolist()))


@torch.inference_mode()
def predict_with_both(
    models: Sequence[nn.Module],
    images: LabeledImages,
    config: ImageConfig,
    batching: ImageBatchConfig,
    device: torch.device,
) -> LittleBigPredictions:
    """Return what the little and the big model predict.

    Args:
        models: the little and the big one; they are moved to ``device`` and put in evaluation mode.
        images: all of them are predicted.
        config: size, crop and normalization.
        batching: images of a batch, and the processes that load them.
        device: where the models run.

    Raises:
        DataError: an image cannot be read.
    """
    size = config.size
    macs = [sum(layer.macs for layer in count_layers(model, (3, size, size))) for model in models]
    little, big = (model.to(device).eval() for model in models)
    sure: list[Tensor] = []
    right: tuple[list[Tensor], list[Tensor]] = ([], [])
    for batch in ImageBatches(images, EvaluationTransform(config), batching).batches(1):
        inputs, targets = batch.inputs.to(device), batch.targets.to(device)
        logits = little(inputs), big(inputs)
        sure.append(confidences(logits[0]).cpu())
        for found, values in zip(right, logits, strict=True):
            found.append((values.argmax(dim=1) == targets).cpu())
    both = [torch.cat(found).numpy() for found in right]
    return LittleBigPredictions(torch.cat(sure).numpy(), both[0], both[1], (macs[0], macs[1]))
