"""Lattice-free MMI, boosted MMI and sMBR as one loss of the network's outputs and the aligned pdf-ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from blasr.errors import ConfigError
from blasr.sequence.config import SequenceConfig
from blasr.sequence.graph import SequenceGraph
from blasr.sequence.recursions import CompiledRecursions, leaky
from blasr.sequence.recursions_torch import TorchRecursions
from blasr.units import IGNORE_INDEX, AnyArray

CriterionKind = Literal["lfmmi", "smbr"]
"""The sequence criteria, by the names of ``training.criterion``."""


@dataclass(frozen=True)
class _Emissions:
    """Scores as probabilities ``(B, T, num_pdfs)``, each frame divided by its largest; and the sums ``(B,)`` of the
    logarithms of the divisors."""

    values: Tensor
    log_scales: Tensor


class SequenceCriterion(nn.Module):
    """The criterion of a batch, summed over its utterances, as a differentiable scalar to minimize.

    A pdf is right at a frame if it is aligned within ``tolerance`` frames. ``lfmmi``: minus the log of the share of the
    numerator's paths, which have a right pdf at every frame, in the weight of all paths of the graph. With a boost, the
    paths of the denominator are heavier for every wrong frame: boosted MMI (Povey et al. 2008). ``smbr``: the expected
    number of wrong frames.

    Args:
        kind: which criterion.
        graph: the denominator graph of whole utterances.
        log_priors: natural logarithms of the priors ``(num_pdfs,)``.
        config: scales, boost, tolerance, leak, and what the chunks are.

    Raises:
        ConfigError: there is a boost with sMBR.
    """

    def __init__(self, kind: CriterionKind, graph: SequenceGraph, log_priors: AnyArray, config: SequenceConfig) -> None:
        super().__init__()
        if kind == "smbr" and config.boost:
            raise ConfigError(f"sequence.boost is {config.boost}, but sMBR has no boost", fix="set sequence.boost=0")
        self._kind = kind
        self._graph = leaky(graph, config.leak, whole=config.whole_utterances)
        self._config = config
        self._on_device: dict[torch.device, CompiledRecursions | TorchRecursions] = {}
        self._has_state: Tensor
        self._log_priors: Tensor
        active = torch.zeros(graph.num_pdfs, dtype=torch.bool)
        active[torch.from_numpy(graph.active_pdfs).long()] = True
        self.register_buffer("_has_state", active, persistent=False)
        self.register_buffer("_log_priors", torch.from_numpy(log_priors).float(), persistent=False)

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the criterion of outputs ``(B, num_pdfs, T)``, before their softmax, and pdf-ids ``(B, T)``.

        An utterance ends where its targets are :data:`blasr.units.IGNORE_INDEX`.
        """
        lengths = (targets != IGNORE_INDEX).sum(1)
        used = lengths > 0
        if not bool(used.any()):
            return outputs.sum() * 0.0
        log_posteriors = torch.log_softmax(outputs[used].float(), dim=1).transpose(1, 2)
        log_priors = self._log_priors.to(outputs.device)
        scores = self._config.acoustic_scale * (log_posteriors - self._config.prior_scale * log_priors)
        apply: Any = _WithGradient.apply
        result: Tensor = apply(scores, targets[used], lengths[used], self)
        return result

    def loss_and_gradient(
        self, scores: Tensor, targets: Tensor, lengths: Tensor, *, gradient: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the loss ``(B,)`` and its gradient with respect to the scores ``(B, T, num_pdfs)``, in float64.

        Without ``gradient``, the second one is meaningless.
        """
        has_state = self._has_state.to(scores.device)
        scores, right = scores.double(), self._right(targets, has_state)
        if self._kind == "smbr":
            return self._smbr(_emissions(scores, has_state, lengths), right, lengths)
        numerator = _emissions(scores, right, lengths)
        denominator = _emissions(scores + self._config.boost * ~right, has_state, lengths)
        log_numerator, above = self._posteriors(numerator, lengths, gradient=gradient)
        log_denominator, below = self._posteriors(denominator, lengths, gradient=gradient)
        return log_denominator - log_numerator, below - above

    def _right(self, targets: Tensor, has_state: Tensor) -> Tensor:
        """Return which pdfs are right, ``(B, T, num_pdfs)``; all of them where the aligned one has no state."""
        right = torch.zeros(*targets.shape, len(has_state), dtype=torch.bool, device=targets.device)
        frames = torch.arange(targets.shape[1], device=targets.device)
        known = targets != IGNORE_INDEX
        last = known.sum(1, keepdim=True) - 1
        for shift in range(-self._config.tolerance, self._config.tolerance + 1):
            near = torch.minimum((frames + shift).clamp(min=0)[None, :], last)
            right.scatter_(2, targets.gather(1, near)[..., None], True)
        right &= has_state
        return right | (~right.any(2, keepdim=True) & has_state)

    def _posteriors(self, emissions: _Emissions, lengths: Tensor, *, gradient: bool) -> tuple[Tensor, Tensor]:
        """Return the log total weight ``(B,)``, and the posteriors of the pdfs ``(B, T, num_pdfs)``."""
        recursions = self._recursions(emissions.values.device)
        total, occupation = recursions.posteriors(emissions.values, lengths, gradient=gradient)
        return total + emissions.log_scales, emissions.values if occupation is None else occupation.double()

    def _smbr(self, emissions: _Emissions, right: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        recursions = self._recursions(emissions.values.device)
        total, expected, gradient = recursions.expected_accuracy(emissions.values, right.double(), lengths)
        return lengths - expected.double() + 0.0 * total, -gradient.double()  # not a number if there is no path

    def _recursions(self, device: torch.device) -> CompiledRecursions | TorchRecursions:
        if device not in self._on_device:
            backend = self._config.backend
            if backend == "numba" or (backend == "auto" and device.type == "cpu"):
                self._on_device[device] = CompiledRecursions(self._graph)
            else:
                dtype = torch.float64 if device.type == "cpu" else torch.float32
                self._on_device[device] = TorchRecursions(self._graph, device, dtype)
        return self._on_device[device]


class _WithGradient(torch.autograd.Function):
    """The summed loss; its gradient is computed with it."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, targets: Tensor, lengths: Tensor, criterion: SequenceCriterion) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        loss, gradient = criterion.loss_and_gradient(scores.detach(), targets, lengths, gradient=wanted)
        if wanted:
            ctx.save_for_backward(gradient.to(scores.dtype))
        return loss.sum()

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return gradient * outputs[0], None, None, None


def _emissions(scores: Tensor, allowed: Tensor, lengths: Tensor) -> _Emissions:
    """Return the scores of the allowed pdfs as probabilities; those of the others are 0."""
    masked = scores.masked_fill(~allowed, -torch.inf)
    largest = masked.amax(2)
    inside = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
    return _Emissions((masked - largest[..., None]).exp(), torch.where(inside, largest, 0.0).sum(1))
