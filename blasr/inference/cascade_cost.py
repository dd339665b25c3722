"""Multiply-accumulates of dense evaluation, with the context of every piece that is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torch import nn

from blasr.models import NUM_PLANES
from blasr.models.config import NUM_MEL_BINS
from blasr.nn import count_layers
from blasr.units import WINDOW_FRAMES

Span = tuple[int, int]
"""The first output frame of a piece, and the one after its last."""


@dataclass(frozen=True)
class DenseCost:
    """The MACs of an acoustic model that pads and strides nowhere in time, so that they are linear in the frames.

    Attributes:
        window: MACs of one output frame with its context, a 49-frame window.
        frame: MACs of each further output frame.
    """

    window: int
    frame: int

    @classmethod
    def of(cls, model: nn.Module) -> DenseCost:
        """Count a model, ``(B, 3, F, T)`` to ``(B, num_pdfs, T - 48)``; nothing is computed."""
        window, two = (
            sum(layer.macs for layer in count_layers(model, (NUM_PLANES, NUM_MEL_BINS, WINDOW_FRAMES + more)))
            for more in (0, 1)
        )
        return cls(window, two - window)

    def macs(self, num_frames: int) -> int:
        """Return the MACs of one pass with ``num_frames`` output frames; 0 for none."""
        return self.window + (num_frames - 1) * self.frame if num_frames else 0

    def macs_of_spans(self, spans: Iterable[Span], piece_frames: int) -> int:
        """Return the MACs of several passes, each in pieces of at most ``piece_frames`` output frames."""
        total = 0
        for start, end in spans:
            whole, rest = divmod(end - start, piece_frames)
            total += whole * self.macs(piece_frames) + self.macs(rest)
        return total

    @property
    def context_frames(self) -> float:
        """The cost of one piece's context, in output frames."""
        return self.window / self.frame - 1


def joined_spans(spans: Sequence[Span], cost: DenseCost) -> list[Span]:
    """Join spans of one utterance where the frames between them cost less than the context of a second piece.

    Args:
        spans: in order, without overlaps.
        cost: of the model that computes them.
    """
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= cost.context_frames:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
