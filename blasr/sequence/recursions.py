"""Forward-backward over a :class:`SequenceGraph` on the CPU, compiled by numba.

With probability ``leak`` a state is followed by any state, in proportion to ``leak_to``, instead of its transitions
(the leaky HMM of Povey et al. 2016). Probabilities are scaled to the sum 1 at every frame; float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blasr.jit import jit, jit_inline
from blasr.sequence.graph import SequenceGraph
from blasr.threads import ordered_map
from blasr.units import AnyArray

Result = TypeVar("Result")
Doubles = NDArray[np.float64]


class LeakyGraph(NamedTuple):
    """The arrays of a graph, for compiled functions; all but ``leak_to`` include the leak."""

    initial: Doubles
    final: Doubles
    pdf_ids: AnyArray
    offsets: AnyArray
    targets: AnyArray
    probabilities: Doubles
    leak_to: Doubles
    leak: float


def leaky(graph: SequenceGraph, leak: float, *, whole: bool = True) -> LeakyGraph:
    """Return the graph with a probability ``leak`` of going anywhere at every frame.

    Args:
        graph: the hidden Markov model of whole utterances.
        leak: the probability.
        whole: False for pieces of utterances: they begin in any state, as often as it occurs, and end anywhere.
    """
    leak_to = graph.stationary
    initial, final = (graph.initial, graph.final) if whole else (leak_to, np.ones(graph.num_states))
    return LeakyGraph(
        (1 - leak) * initial + leak * leak_to,
        (1 - leak) * final + leak * (leak_to @ final),
        graph.pdf_ids,
        graph.offsets,
        graph.targets,
        (1 - leak) * graph.probabilities,
        leak_to,
        leak,
    )


class CompiledRecursions:
    """Forward-backward of batches, an utterance at a time, on as many threads as torch has.

    Args:
        graph: the hidden Markov model.
    """

    def __init__(self, graph: LeakyGraph) -> None:
        self._graph = graph

    def posteriors(self, emissions: Tensor, lengths: Tensor, *, gradient: bool = True) -> tuple[Tensor, Tensor | None]:
        """Return the log total weight ``(B,)`` of the paths, and the posteriors of the pdfs ``(B, T, num_pdfs)``.

        Args:
            emissions: ``(B, T, num_pdfs)``, not negative.
            lengths: frames of each utterance ``(B,)``, at least 1; what follows is ignored.
            gradient: False leaves out the posteriors (None).
        """
        values = emissions.double().cpu().numpy()
        occupation = torch.zeros(emissions.shape if gradient else (0,), dtype=torch.float64)

        def total(row_and_length: tuple[int, int]) -> float:
            row, length = row_and_length
            if not gradient:
                return log_total(self._graph, values[row, :length])
            return posteriors(self._graph, values[row, :length], occupation[row, :length].numpy())

        totals = torch.tensor(self._for_each(total, lengths), dtype=torch.float64, device=emissions.device)
        return totals, occupation.to(emissions.device) if gradient else None

    def expected_accuracy(
        self, emissions: Tensor, accuracies: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the log total weight ``(B,)``, the expected accuracy ``(B,)``, and its gradient ``(B, T, num_pdfs)``.

        Args:
            emissions, lengths: as for :meth:`posteriors`; the gradient is with respect to the log emissions.
            accuracies: of the pdfs at every frame ``(B, T, num_pdfs)``; the accuracy of a path is their sum.
        """
        values, right = emissions.double().cpu().numpy(), accuracies.double().cpu().numpy()
        gradient = torch.zeros(emissions.shape, dtype=torch.float64)

        def expected(row_and_length: tuple[int, int]) -> tuple[float, float]:
            row, length = row_and_length
            slopes = gradient[row, :length].numpy()
            return expected_accuracy(self._graph, values[row, :length], right[row, :length], slopes)

        totals, means = torch.tensor(self._for_each(expected, lengths), dtype=torch.float64, device=emissions.device).T
        return totals, means, gradient.to(emissions.device)

    def _for_each(self, function: Callable[[tuple[int, int]], Result], lengths: Tensor) -> list[Result]:
        return list(ordered_map(function, list(enumerate(lengths.tolist())), torch.get_num_threads()))


@jit
def log_total(graph: LeakyGraph, emissions: Doubles) -> float:
    """Return the logarithm of the total weight of all paths; -inf if there is none.

    Args:
        graph: S states.
        emissions: ``(T, num_pdfs)``, not negative.
    """
    return _forward(graph, emissions, np.empty((len(emissions), len(graph.pdf_ids))), np.empty(len(emissions) + 1))


@jit
def posteriors(graph: LeakyGraph, emissions: Doubles, occupation: Doubles) -> float:
    """Add the posterior of every pdf at every frame to ``occupation``.

    Args:
        graph: S states.
        emissions: ``(T, num_pdfs)``, not negative.
        occupation: ``(T, num_pdfs)``; unchanged if there is no path.

    Returns:
        The logarithm of the total weight of all paths; -inf if there is none.
    """
    num_frames, num_states = len(emissions), len(graph.pdf_ids)
    alphas, scales = np.empty((num_frames, num_states)), np.empty(num_frames + 1)
    total = _forward(graph, emissions, alphas, scales)
    if not total > -np.inf:
        return total
    beta, entering = graph.final / scales[num_frames], np.empty(num_states)
    for frame in range(num_frames - 1, -1, -1):
        if frame + 1 < num_frames:
            _enter(graph, emissions[frame + 1], scales[frame + 1], beta, entering)
            _backward(graph, alphas[frame], entering, beta)
        for state in range(num_states):
            occupation[frame, graph.pdf_ids[state]] += alphas[frame, state] * beta[state]
    return total


@jit
def expected_accuracy(
    graph: LeakyGraph, emissions: Doubles, accuracies: Doubles, gradient: Doubles
) -> tuple[float, float]:
    """Add the gradient of the expected accuracy with respect to the log emissions to ``gradient``.

    The accuracy of a path is the sum of ``accuracies`` over its pdfs. Every quantity of forward-backward is joined by
    its product with the accuracy of the partial paths (Povey 2003, section 6.3).

    Args:
        graph: S states.
        emissions: ``(T, num_pdfs)``, not negative.
        accuracies: ``(T, num_pdfs)``.
        gradient: ``(T, num_pdfs)``; unchanged if there is no path.

    Returns:
        The logarithm of the total weight of all paths, -inf if there is none; and the expected accuracy.
    """
    num_frames, num_states = len(emissions), len(graph.pdf_ids)
    alphas, scales = np.empty((num_frames, num_states)), np.empty(num_frames + 1)
    total = _forward(graph, emissions, alphas, scales)
    if not total > -np.inf:
        return total, 0.0
    gathered = np.empty((num_frames, num_states))  # alphas times the accuracy so far
    for frame in range(num_frames):
        row = gathered[frame]
        if frame == 0:
            row[:] = 0.0
        else:
            _follow(graph, gathered[frame - 1], row)
        for state in range(num_states):
            pdf = graph.pdf_ids[state]
            row[state] *= emissions[frame, pdf] / scales[frame]
            row[state] += alphas[frame, state] * accuracies[frame, pdf]
    expected = np.dot(gathered[num_frames - 1], graph.final) / scales[num_frames]
    beta, entering = graph.final / scales[num_frames], np.empty(num_states)
    ahead, entering_ahead = np.zeros(num_states), np.empty(num_states)  # beta times the accuracy to come
    for frame in range(num_frames - 1, -1, -1):
        if frame + 1 < num_frames:
            for state in range(num_states):
                ahead[state] += accuracies[frame + 1, graph.pdf_ids[state]] * beta[state]
            _enter(graph, emissions[frame + 1], scales[frame + 1], ahead, entering_ahead)
            _enter(graph, emissions[frame + 1], scales[frame + 1], beta, entering)
            _backward(graph, alphas[frame], entering_ahead, ahead)
            _backward(graph, alphas[frame], entering, beta)
        for state in range(num_states):
            weight, occupied = alphas[frame, state], alphas[frame, state] * beta[state]
            joint = gathered[frame, state] * beta[state] + weight * ahead[state]
            gradient[frame, graph.pdf_ids[state]] += joint - expected * occupied
    return total, expected


@jit_inline
def _follow(graph: LeakyGraph, before: Doubles, after: Doubles) -> None:
    """Set ``after`` to the weights of the next states, before they emit."""
    total = 0.0
    for state in range(len(before)):
        total += before[state]
    for state in range(len(after)):
        after[state] = graph.leak * total * graph.leak_to[state]
    for state in range(len(before)):
        weight = before[state]
        if weight != 0.0:
            for arc in range(graph.offsets[state], graph.offsets[state + 1]):
                after[graph.targets[arc]] += weight * graph.probabilities[arc]


@jit_inline
def _enter(graph: LeakyGraph, emissions: Doubles, scale: float, beta: Doubles, entering: Doubles) -> None:
    """Set ``entering`` to the weights of all continuations from the moment before each state emits."""
    for state in range(len(beta)):
        entering[state] = emissions[graph.pdf_ids[state]] * beta[state] / scale


@jit_inline
def _backward(graph: LeakyGraph, alpha: Doubles, entering: Doubles, beta: Doubles) -> None:
    """Set ``beta`` to the weights of all continuations of each state that has a weight."""
    leaking = 0.0
    for state in range(len(beta)):
        leaking += graph.leak_to[state] * entering[state]
    for state in range(len(beta)):
        if alpha[state] == 0.0:
            beta[state] = 0.0
            continue
        total = graph.leak * leaking
        for arc in range(graph.offsets[state], graph.offsets[state + 1]):
            total += graph.probabilities[arc] * entering[graph.targets[arc]]
        beta[state] = total


@jit
def _forward(graph: LeakyGraph, emissions: Doubles, alphas: Doubles, scales: Doubles) -> float:
    """Fill in the scaled forward weights ``(T, S)`` and the scale of every frame and of the end ``(T + 1,)``."""
    log_weight = 0.0
    num_frames = len(emissions)
    for frame in range(num_frames):
        row = alphas[frame]
        if frame == 0:
            row[:] = graph.initial
        else:
            _follow(graph, alphas[frame - 1], row)
        total = 0.0
        for state in range(len(row)):
            row[state] *= emissions[frame, graph.pdf_ids[state]]
            total += row[state]
        if not total > 0.0:
            return -np.inf if total == 0.0 else np.nan
        row /= total
        scales[frame] = total
        log_weight += np.log(total)
    total = np.dot(alphas[num_frames - 1], graph.final)
    if not total > 0.0:
        return -np.inf if total == 0.0 else np.nan
    scales[num_frames] = total
    return float(log_weight + np.log(total))
