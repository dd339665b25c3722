"""Log-posteriors of whole utterances in one dense pass, or in pieces where they are very long."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from blasr.features.extraction import pad_context
from blasr.units import CONTEXT_FRAMES, FloatArray


class PosteriorComputer:
    """Runs an acoustic model over utterances.

    Args:
        model: ``(B, 3, F, T)`` to logits ``(B, num_pdfs, T - 48)``.
        device: where it runs.
        piece_frames: the most output frames of one pass; longer utterances are computed in pieces that overlap by
            the model's context, with the same results to float rounding.
        precision: computes under autocast where it is bfloat16.
    """

    def __init__(
        self,
        model: nn.Module,
        device: torch.device | None = None,
        *,
        piece_frames: int = 6000,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.device = device or torch.device("cpu")
        self.model = model.to(self.device).eval()
        self.piece_frames = piece_frames
        self._precision = precision

    @torch.inference_mode()
    def log_posteriors(self, planes: Tensor, *, in_context: bool = False) -> FloatArray:
        """``log p(s|x)`` of one utterance: ``(3, F, T)``, or ``(3, F, T + 48)`` in context, to ``(T, num_pdfs)``."""
        return self.batch_log_posteriors([planes], in_context=in_context)[0]

    @torch.inference_mode()
    def batch_log_posteriors(self, utterances: Sequence[Tensor], *, in_context: bool = False) -> list[FloatArray]:
        """Those of several utterances in one pass; most efficient where their lengths are similar.

        Args:
            utterances: ``(3, F, T)`` each, whose edge frames are repeated as context.
            in_context: they are ``(3, F, T + 48)`` and have their context already.
        """
        padded = list(utterances) if in_context else [pad_context(planes) for planes in utterances]
        longest = max(planes.shape[2] for planes in padded)
        stacked = torch.stack(
            [nn.functional.pad(planes, (0, longest - planes.shape[2]), mode="replicate") for planes in padded]
        ).to(self.device)
        context = 2 * CONTEXT_FRAMES
        pieces = []
        for start in range(0, longest - context, self.piece_frames):
            piece = stacked[..., start : start + self.piece_frames + context]
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self._precision is torch.bfloat16):
                logits = self.model(piece)
            pieces.append(logits.float().log_softmax(dim=1).cpu())
        dense = torch.cat(pieces, dim=2)
        return [
            dense[index, :, : planes.shape[2] - context].T.contiguous().numpy() for index, planes in enumerate(padded)
        ]
