"""Log-posteriors of whole utterances in one dense pass, or in pieces if they are very long."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blasr.inference.config import Precision
from blasr.inference.precision import in_bfloat16
from blasr.units import CONTEXT_FRAMES, FloatArray


class PosteriorComputer:
    """Runs an acoustic model over utterances.

    Args:
        model: ``(B, 3, F, T)`` to logits ``(B, num_pdfs, T - 48)``.
        device: where it runs.
        piece_frames: the largest number of output frames in one pass. Longer utterances are computed in pieces that
            overlap by the model's context, with the same results to float rounding.
        precision: what the network computes in; log-posteriors are always float32.

    Raises:
        ConfigError: the device does not compute in bfloat16, or the model is an exported one.
    """

    def __init__(
        self,
        model: nn.Module,
        device: torch.device | None = None,
        *,
        piece_frames: int = 6000,
        precision: Precision = "float32",
    ) -> None:
        self.device = device or torch.device("cpu")
        self.dtype = torch.float32
        if precision == "bfloat16":
            model, self.dtype = in_bfloat16(model, self.device), torch.bfloat16
        self.model = model.to(self.device).eval()
        self.piece_frames = piece_frames

    @torch.inference_mode()
    def log_posteriors(self, inputs: Tensor) -> FloatArray:
        """Return ``log p(s|x)`` ``(T, num_pdfs)`` of an utterance with its context, ``(3, F, T + 48)``."""
        context = 2 * CONTEXT_FRAMES
        batch = inputs[None].to(self.device, self.dtype)
        pieces = []
        for start in range(0, inputs.shape[2] - context, self.piece_frames):
            logits = self.model(batch[..., start : start + self.piece_frames + context])
            pieces.append(logits.float().log_softmax(dim=1).cpu())
        dense = torch.cat(pieces, dim=2)[0]  # (num_pdfs, T)
        result: FloatArray = dense.T.contiguous().numpy()
        return result
