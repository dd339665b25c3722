"""State-level lattices: the paths of one utterance that the search kept, with graph and acoustic costs apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blasr.errors import DataError
from blasr.jit import jit
from blasr.lattices.config import CostScales
from blasr.units import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class BestPath:
    """A path through a lattice.

    Attributes:
        words: word-ids, from 1.
        word_frames: for each word, the frame at which the arc with its label begins.
        transition_ids: ``(T,)``, one per frame.
        graph_cost: the graph's costs, unscaled, the final cost included and no penalty.
        acoustic_cost: the acoustic costs, unscaled.
    """

    words: IntArray
    word_frames: IntArray
    transition_ids: IntArray
    graph_cost: float
    acoustic_cost: float


@dataclass(frozen=True, eq=False)
class Lattice:
    """Kaldi's ``Lattice`` (not the compact one) as arrays of S states and A arcs, in topological order; state 0 starts.

    Attributes:
        offsets: int64 (S + 1); the arcs of state s are ``offsets[s]:offsets[s + 1]``.
        ilabel: int32 (A), transition-ids; 0 is epsilon.
        olabel: int32 (A), word-ids; 0 is epsilon.
        nextstate: int32 (A); always above the state that the arc leaves.
        graph_cost: float32 (A), language model, pronunciation and transition costs.
        acoustic_cost: float32 (A), negated log-likelihoods, unscaled.
        final_graph_cost, final_acoustic_cost: float32 (S); inf where a path cannot end.
        state_times: int32 (S), frames passed when the state is reached.
        reached_final: whether the search ended in final states of the graph; lattices on disk do not tell, and
            count as if it had.
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
        """Frames of the utterance."""
        return int(self.state_times.max(initial=0))

    def best_path(self, scales: CostScales | None = None) -> BestPath:
        """Return the path of the lowest scaled cost (the defaults of :class:`CostScales` where ``scales`` is None).

        The same as ``lattice-scale --lm-scale --acoustic-scale``, ``lattice-add-penalty`` and ``lattice-best-path``;
        Kaldi's LM weight L is an acoustic scale of 1 / L (:attr:`PathWeights.scales`).

        Raises:
            DataError: no path leads to a final state.
        """
        scales = scales or CostScales()
        end, arcs = _best_arcs(
            self.offsets,
            self.olabel,
            self.nextstate,
            self.graph_cost,
            self.acoustic_cost,
            self.final_graph_cost,
            self.final_acoustic_cost,
            float(scales.lm_scale),
            float(scales.acoustic_scale),
            float(scales.word_insertion_penalty),
        )
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


@jit
def _best_arcs(
    offsets: AnyArray,
    olabel: IntArray,
    nextstate: IntArray,
    graph_cost: FloatArray,
    acoustic_cost: FloatArray,
    final_graph_cost: FloatArray,
    final_acoustic_cost: FloatArray,
    lm_scale: float,
    acoustic_scale: float,
    penalty: float,
) -> tuple[int, IntArray]:
    """The last state of the cheapest path, -1 where there is none, and its arcs in order."""
    num_states = len(final_graph_cost)
    cost = np.full(num_states, np.inf)
    best_arc = np.full(num_states, -1, np.int32)
    previous = np.full(num_states, -1, np.int32)
    end, lowest = -1, np.inf
    for state in range(num_states):
        if state == 0:
            cost[state] = 0.0
        elif cost[state] == np.inf:
            continue
        for arc in range(offsets[state], offsets[state + 1]):
            new = cost[state] + lm_scale * graph_cost[arc] + acoustic_scale * acoustic_cost[arc]
            if olabel[arc] != 0:
                new += penalty
            if new < cost[nextstate[arc]]:
                cost[nextstate[arc]] = new
                best_arc[nextstate[arc]] = arc
                previous[nextstate[arc]] = state
        if final_graph_cost[state] < np.inf:
            total = cost[state] + lm_scale * final_graph_cost[state] + acoustic_scale * final_acoustic_cost[state]
            if total < lowest:
                end, lowest = state, total
    length = 0
    state = end
    while state > 0:
        length += 1
        state = previous[state]
    arcs = np.empty(length, np.int32)
    state = end
    for position in range(length - 1, -1, -1):
        arcs[position] = best_arc[state]
        state = previous[state]
    return end, arcs
