"""Training losses as sums, so that batches, processes and epochs add up exactly."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from blasr.units import IGNORE_INDEX


@dataclass(frozen=True)
class LossSums:
    """Sums over the targets of a batch that are not ignored.

    Args:
        loss: summed loss, a differentiable scalar.
        correct: number of targets with the highest output in the right class, a scalar.
        count: number of targets, a scalar.
    """

    loss: Tensor
    correct: Tensor
    count: Tensor


class CrossEntropy(nn.Module):
    """Softmax cross-entropy over axis 1, for outputs ``(B, classes, ...)`` and integer targets ``(B, ...)``.

    Args:
        label_smoothing: share of each target's probability that is spread evenly over all classes in training.
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, outputs: Tensor, targets: Tensor) -> LossSums:
        """Return the sums over the targets other than :data:`blasr.units.IGNORE_INDEX`."""
        outputs = outputs.float()
        loss = F.cross_entropy(
            outputs,
            targets,
            ignore_index=IGNORE_INDEX,
            reduction="sum",
            label_smoothing=self.label_smoothing if self.training else 0.0,
        )
        known = targets != IGNORE_INDEX
        highest = outputs.detach().max(dim=1).indices  # the same as argmax, and three times as fast on a CPU
        correct = ((highest == targets) & known).sum()
        return LossSums(loss, correct, known.sum())
