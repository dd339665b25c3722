"""The acoustic model: log-mel features and deltas in, one column of senone logits per output frame out."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from blasr.errors import DataError, MismatchError
from blasr.models.config import NUM_MEL_BINS
from blasr.nn import HEIGHT, WIDTH
from blasr.units import WINDOW_FRAMES

FREQUENCY: Final = HEIGHT
TIME: Final = WIDTH

NUM_PLANES: Final = 3
"""Input channels: log-mel, delta, delta-delta."""


class AcousticModel(nn.Module):
    """Stem, stages, head and output layer, as built by :func:`blasr.models.build_acoustic_model`.

    Nothing pads or strides in time. So one pass over a whole utterance (with 24 frames of context on each side) gives
    the same logits as one 49-frame window per frame.

    Args:
        stem: the first convolution.
        stages: the stages and transitions, by name, in order.
        head: reduces the last 4 rows in frequency to 1.
        output: a 1x1 convolution to the pdfs.
    """

    def __init__(self, stem: nn.Module, stages: dict[str, nn.Module], head: nn.Module, output: nn.Conv2d) -> None:
        super().__init__()
        self.stem = stem
        self.stages = nn.ModuleDict(stages)
        self.head = head
        self.output = output

    @property
    def num_pdfs(self) -> int:
        """Number of outputs, the logits of pdf-ids 0 ... num_pdfs - 1."""
        return self.output.out_channels

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The rows of Table 11 by name, in the order in which they run."""
        return {"stem": self.stem, **dict(self.stages.items()), "head": self.head, "output": self.output}

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (not normalized) ``(B, num_pdfs, T - 48)`` of network inputs ``x`` ``(B, C=3, F=64, T)``.

        Raises:
            MismatchError: ``x`` has other channels or mel bins.
            DataError: T is below the 49 frames of one window.
        """
        if x.dim() != 4 or tuple(x.shape[1:TIME]) != (NUM_PLANES, NUM_MEL_BINS):
            raise MismatchError(
                f"found network input of shape {tuple(x.shape)}, expected (B, {NUM_PLANES}, {NUM_MEL_BINS}, T)",
                fix=f"compute {NUM_MEL_BINS} mel bins with delta and delta-delta",
            )
        if x.shape[TIME] < WINDOW_FRAMES:
            raise DataError(
                f"found {x.shape[TIME]} frames, expected at least {WINDOW_FRAMES}",
                fix=f"add {WINDOW_FRAMES // 2} frames of context on each side",
            )
        for part in self.parts.values():
            x = part(x)
        return x.squeeze(FREQUENCY)
