"""Forward-backward over a :class:`SequenceGraph` for a batch of utterances, in torch, on any device.

It computes what :mod:`blasr.sequence.recursions` does, one sparse matrix product a frame for the whole batch.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor

from blasr.sequence.recursions import LeakyGraph


class TorchRecursions:
    """The graph on one device, S states.

    Args:
        graph: the hidden Markov model.
        device: where to compute.
        dtype: of the weights. In float32 the paths that are less probable than 1e-38 at a frame are lost.
    """

    def __init__(self, graph: LeakyGraph, device: torch.device, dtype: torch.dtype) -> None:
        num_states = len(graph.pdf_ids)
        sources = np.repeat(np.arange(num_states), np.diff(graph.offsets))
        self._leak = graph.leak
        self._dtype = dtype
        self._pdf_ids = torch.from_numpy(graph.pdf_ids.astype(np.int64)).to(device)
        self._initial, self._final, self._leak_to = (
            torch.from_numpy(values).to(device, dtype)[:, None]
            for values in (graph.initial, graph.final, graph.leak_to)
        )
        indices = torch.from_numpy(np.stack([sources, graph.targets.astype(np.int64)]))
        values = torch.from_numpy(graph.probabilities)
        size = (num_states, num_states)
        self._forward_matrix = _compressed(indices.flip(0), values, size, device, dtype)
        self._backward_matrix = _compressed(indices, values, size, device, dtype)

    def posteriors(self, emissions: Tensor, lengths: Tensor, *, gradient: bool = True) -> tuple[Tensor, Tensor | None]:
        """Return the log total weight ``(B,)`` of the paths, and the posteriors of the pdfs ``(B, T, num_pdfs)``.

        Args:
            emissions: ``(B, T, num_pdfs)``, not negative.
            lengths: frames of each utterance ``(B,)``, at least 1; what follows is ignored.
            gradient: False leaves out the posteriors (None).
        """
        emitted = emissions.to(self._dtype)
        alphas, scales, end = self._forward(emitted, lengths)
        log_total = _log_total(scales, end, lengths)
        if not gradient:
            return log_total, None
        occupation = torch.zeros_like(emitted)
        last = self._final / end
        beta = last
        for frame in range(len(alphas) - 1, -1, -1):
            if frame + 1 < len(alphas):
                entering = self._emissions(emitted, frame + 1) * beta / scales[frame + 1]
                beta = torch.where(frame + 1 < lengths, self._before(entering), last)
            self._add(occupation, frame, alphas[frame] * beta, lengths)
        return log_total, occupation

    def expected_accuracy(
        self, emissions: Tensor, accuracies: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the log total weight ``(B,)``, the expected accuracy ``(B,)``, and its gradient ``(B, T, num_pdfs)``.

        Args:
            emissions, lengths: as for :meth:`posteriors`; the gradient is with respect to the log emissions.
            accuracies: of the pdfs at every frame ``(B, T, num_pdfs)``; the accuracy of a path is their sum.
        """
        emitted, accuracies = emissions.to(self._dtype), accuracies.to(self._dtype)
        alphas, scales, end = self._forward(emitted, lengths)
        gathered: list[Tensor] = []
        for frame, alpha in enumerate(alphas):
            row = alpha * self._emissions(accuracies, frame)
            if frame:
                so_far = self._after(gathered[-1]) * self._emissions(emitted, frame) / scales[frame]
                row = torch.where(frame < lengths, row + so_far, gathered[-1])
            gathered.append(row)
        expected = (gathered[-1] * self._final).sum(0) / end
        gradient = torch.zeros_like(emitted)
        last = self._final / end
        beta, ahead = last, torch.zeros_like(last)
        for frame in range(len(alphas) - 1, -1, -1):
            if frame + 1 < len(alphas):
                inside = frame + 1 < lengths
                emission = self._emissions(emitted, frame + 1) / scales[frame + 1]
                ahead = ahead + self._emissions(accuracies, frame + 1) * beta
                ahead = torch.where(inside, self._before(emission * ahead), torch.zeros_like(last))
                beta = torch.where(inside, self._before(emission * beta), last)
            joint = gathered[frame] * beta + alphas[frame] * ahead
            self._add(gradient, frame, joint - expected * alphas[frame] * beta, lengths)
        return _log_total(scales, end, lengths), expected, gradient

    def _forward(self, emitted: Tensor, lengths: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Return the scaled forward weights ``(S, B)`` and the scale ``(B,)`` of every frame, and the scale of the end.

        After the end of an utterance its weights stay as they are.
        """
        alphas: list[Tensor] = []
        scales: list[Tensor] = []
        for frame in range(emitted.shape[1]):
            follow = self._after(alphas[-1]) if frame else self._initial
            row = follow * self._emissions(emitted, frame)
            scale = row.sum(0)
            row = row / scale
            alphas.append(torch.where(frame < lengths, row, alphas[-1]) if frame else row)
            scales.append(scale)
        return alphas, scales, (alphas[-1] * self._final).sum(0)

    def _after(self, weights: Tensor) -> Tensor:
        return self._forward_matrix @ weights + self._leak * self._leak_to * weights.sum(0)

    def _before(self, entering: Tensor) -> Tensor:
        return self._backward_matrix @ entering + self._leak * (self._leak_to * entering).sum(0)

    def _emissions(self, values: Tensor, frame: int) -> Tensor:
        """Return the values of the states' pdfs at a frame, ``(S, B)``."""
        return values[:, frame, self._pdf_ids].T

    def _add(self, sums: Tensor, frame: int, values: Tensor, lengths: Tensor) -> None:
        """Add values of states ``(S, B)`` to the sums of their pdfs at a frame, for the utterances that have it."""
        inside = torch.where(frame < lengths, values, torch.zeros_like(values))
        sums[:, frame].index_add_(1, self._pdf_ids, inside.T)


def _log_total(scales: list[Tensor], end: Tensor, lengths: Tensor) -> Tensor:
    logs = torch.stack(scales, dim=1).log()
    inside = torch.arange(len(scales), device=logs.device) < lengths[:, None]
    return torch.where(inside, logs, torch.zeros_like(logs)).double().sum(1) + end.log().double()


def _compressed(
    indices: Tensor, values: Tensor, size: tuple[int, int], device: torch.device, dtype: torch.dtype
) -> Tensor:
    """Return a sparse matrix in compressed rows."""
    checks: Any = torch.sparse.check_sparse_tensor_invariants
    with warnings.catch_warnings(), checks():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return torch.sparse_coo_tensor(indices, values.to(dtype), size).coalesce().to_sparse_csr().to(device)
