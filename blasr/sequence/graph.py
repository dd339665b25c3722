"""A hidden Markov model of pdfs as arrays: what forward-backward runs on."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blasr.errors import FormatError
from blasr.io.atomic import atomic_open
from blasr.sequence.linear import multiply, multiply_transposed
from blasr.units import AnyArray, IntArray

_STATIONARY_FRAMES = 2000


@dataclass(frozen=True, eq=False)
class SequenceGraph:
    """S states that emit one frame at a time, and A transitions in compressed rows.

    Attributes:
        initial: float64 ``(S,)``: the probability of the first state; sum 1.
        final: float64 ``(S,)``: the probability of ending after a state.
        pdf_ids: int32 ``(S,)``: the pdf (from 0) of each state.
        offsets: int64 ``(S + 1,)``: the transitions out of state s are ``offsets[s]:offsets[s + 1]``.
        targets: int32 ``(A,)``: the state that each transition enters.
        probabilities: float64 ``(A,)``; with ``final``, those out of each state have the sum 1.
        num_pdfs: number of pdfs of the acoustic model; a pdf may have no state.
    """

    initial: NDArray[np.float64]
    final: NDArray[np.float64]
    pdf_ids: IntArray
    offsets: NDArray[np.int64]
    targets: IntArray
    probabilities: NDArray[np.float64]
    num_pdfs: int

    @property
    def num_states(self) -> int:
        """The number of states, S."""
        return len(self.pdf_ids)

    @property
    def num_transitions(self) -> int:
        """The number of transitions, A."""
        return len(self.targets)

    @cached_property
    def active_pdfs(self) -> IntArray:
        """The pdfs of the states, in ascending order."""
        return np.unique(self.pdf_ids)

    @cached_property
    def stationary(self) -> NDArray[np.float64]:
        """The average probability of each state over a long stream of utterances, float64 ``(S,)``; sum 1."""
        now, total = self.initial, np.zeros(self.num_states)
        for _ in range(_STATIONARY_FRAMES):
            total += now
            now = (
                multiply_transposed(self.offsets, self.targets, self.probabilities, now)
                + now @ self.final * self.initial
            )
        return np.asarray(total / total.sum())

    def write(self, path: Path) -> None:
        """Write the arrays as an uncompressed ``.npz``."""
        with atomic_open(path, "wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def read(cls, path: Path) -> SequenceGraph:
        """Read what :meth:`write` wrote; :class:`FormatError` if it is something else."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                values = {field.name: arrays[field.name] for field in fields(cls)}
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise FormatError(f"cannot be read as a sequence graph: {error}", path=path, fix="remove it") from None
        return cls(**{**values, "num_pdfs": int(values["num_pdfs"])})


def normalized(graph: SequenceGraph) -> tuple[SequenceGraph, float]:
    """Return the graph with probabilities that sum to 1 at every state, and the total weight of its paths before.

    Weights are moved along the paths; the weight of every whole path is divided by the total.
    """
    ahead = np.ones(graph.num_states)  # the weight of all ways to the end
    for _ in range(100 * _STATIONARY_FRAMES):
        before = ahead
        ahead = multiply(graph.offsets, graph.targets, graph.probabilities, before) + graph.final
        if np.abs(ahead - before).max() <= 1e-12 * ahead.max():
            break
    total = float(graph.initial @ ahead)
    sources: AnyArray = np.repeat(np.arange(graph.num_states), np.diff(graph.offsets))
    moved = replace(
        graph,
        initial=graph.initial * ahead / total,
        final=graph.final / ahead,
        probabilities=graph.probabilities * ahead[graph.targets] / ahead[sources],
    )
    return moved, total
