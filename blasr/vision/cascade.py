"""A little and a big image model as one: the big one sees only the images that the little one is not sure of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LittleBigClassifier(nn.Module):
    """The two-pass algorithm of Little-Big (arXiv 2406.17117, section 3).

    The little model predicts every image. Those with a confidence, the maximum softmax probability, below the threshold
    go to the big model, and its prediction replaces that of the little one. At threshold 0 the logits are exactly those
    of the little model; above 1 they are exactly those of the big one, and the little one does not run.

    Args:
        little, big: ``(B, 3, H, W)`` to logits ``(B, num_classes)``.
        threshold: T, 0 or more.

    Attributes:
        images: how many images were classified so far.
        passed_on: how many of them went to the big model.
    """

    def __init__(self, little: nn.Module, big: nn.Module, threshold: float) -> None:
        super().__init__()
        self.little, self.big, self.threshold = little, big, threshold
        self.images = self.passed_on = 0

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(B, num_classes)`` of images ``(B, 3, H, W)``."""
        self.images += len(x)
        if self.threshold > 1:
            self.passed_on += len(x)
            logits: Tensor = self.big(x)
            return logits
        logits = self.little(x)
        if self.threshold > 0 and (unsure := confidences(logits) < self.threshold).any():
            logits = logits.clone()
            logits[unsure] = self.big(x[unsure])
            self.passed_on += int(unsure.sum())
        return logits


def confidences(logits: Tensor) -> Tensor:
    """Return the maximum softmax probability ``(B,)`` of logits ``(B, num_classes)``, at most 1."""
    return torch.softmax(logits.double(), dim=1).amax(dim=1).clamp(max=1.0)
