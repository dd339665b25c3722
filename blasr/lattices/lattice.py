"""State-level lattices: the paths of one utterance that the search kept, with separate graph and acoustic costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blasr.errors import DataError
from blasr.lattices.config import CostScales
from blasr.units import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class BestPath:
    """A path through a lattice.

    Attributes:
        words: word-ids, from 1.
        word_frames: for each word, the frame at which the arc with its label begins.
        transition_ids: ``(T,)``, one per frame.
        graph_cost: sum of the graph costs, unscaled, with the final cost and without penalties.
        acoustic_cost: sum of the acoustic costs, unscaled.
    """

    words: IntArray
    word_frames: IntArray
    transition_ids: IntArray
    graph_cost: float
    acoustic_cost: float


@dataclass(frozen=True, eq=False)
class Lattice:
    """Kaldi's ``Lattice`` (not the compact one) as arrays of S states and A arcs. State 0 is the start.

    States are in topological order.

    Attributes:
        offsets: int64 ``(S + 1,)``; the arcs of state s are ``offsets[s]:offsets[s + 1]``.
        ilabel: int32 ``(A,)``, transition-ids; 0 is epsilon.
        olabel: int32 ``(A,)``, word-ids; 0 is epsilon.
        nextstate: int32 ``(A,)``; always above the state that the arc leaves.
        graph_cost: float32 ``(A,)``, language model, pronunciation and transition costs.
        acoustic_cost: float32 ``(A,)``, negated log-likelihoods, unscaled.
        final_graph_cost, final_acoustic_cost: float32 ``(S,)``; inf where a path cannot end.
        state_times: int32 ``(S,)``, the number of frames before the state.
        reached_final: whether the search ended in a final state of the graph; True for lattices from a file, which
            does not record it.
    """

    offsets: AnyArray
    ilabel: IntArray
    olabel: IntArray
    nextstate: IntArray
    graph_cost: FloatArray
    acoustic_cost: FloatArray
    final_graph_cost: FloatArray
    final_acoustic_cost: FloatArray
    state_times: IntArray
    reached_final: bool = True

    @property
    def num_states(self) -> int:
        """S."""
        return len(self.state_times)

    @property
    def num_arcs(self) -> int:
        """A."""
        return len(self.ilabel)

    @property
    def num_frames(self) -> int:
        """The number of frames of the utterance."""
        return int(self.state_times.max(initial=0))

    def best_path(self, scales: CostScales | None = None) -> BestPath:
        """Return the path of the lowest scaled cost (``scales`` defaults to ``CostScales()``).

        The same as ``lattice-scale --lm-scale --acoustic-scale``, ``lattice-add-penalty`` and ``lattice-best-path``;
        Kaldi's LM weight L is an acoustic scale of 1 / L (:attr:`PathWeights.scales`).

        Raises:
            DataError: no path leads to a final state.
        """
        scales = scales or CostScales()
        from blasr.lattices.lattice_passes import WeightedArcs, best_arcs  # numba is slow to import

        arrays = WeightedArcs(
            self.offsets,
            self.olabel,
            self.nextstate,
            self.graph_cost,
            self.acoustic_cost,
            self.final_graph_cost,
            self.final_acoustic_cost,
        )
        factors = float(scales.lm_scale), float(scales.acoustic_scale), float(scales.word_insertion_penalty)
        end, arcs = best_arcs(arrays, *factors)
        if end < 0:
            raise DataError("the lattice has no path to a final state", fix="decode the utterance again")
        sources = np.searchsorted(self.offsets, arcs, side="right") - 1
        labels, words = self.ilabel[arcs], self.olabel[arcs]
        return BestPath(
            words=words[words > 0],
            word_frames=self.state_times[sources[words > 0]],
            transition_ids=labels[labels > 0],
            graph_cost=float(self.graph_cost[arcs].sum(dtype=np.float64) + self.final_graph_cost[end]),
            acoustic_cost=float(self.acoustic_cost[arcs].sum(dtype=np.float64) + self.final_acoustic_cost[end]),
        )
