"""A decoding graph in the form that the search needs."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from blasr.io.fst import Fst
from blasr.units import AnyArray, FloatArray, IntArray

STATE: Final = np.dtype([("begin", np.int32), ("emitting", np.int32)])
ARC: Final = np.dtype([("nextstate", np.int32), ("weight", np.float32), ("pdf", np.int32), ("olabel", np.int32)])


class SearchGraph(NamedTuple):
    """A graph in the form that the search needs: what it reads together is stored together.

    Attributes:
        start: the start state.
        states: records :data:`STATE`, one more than states. State s has the arcs from ``states[s].begin`` up to
            ``states[s + 1].begin``; those before ``states[s].emitting`` have no input label.
        arcs: records :data:`ARC`. ``pdf`` is the column of log-likelihoods; -1 for arcs without input label.
        ilabel: the input label of each arc, for lattices.
        final: the final cost of each state.
    """

    start: int
    states: AnyArray
    arcs: AnyArray
    ilabel: IntArray
    final: FloatArray


def make_search_graph(graph: Fst, tid_to_pdf: IntArray) -> SearchGraph:
    """Return the graph with the epsilon arcs of each state first, and with the pdf-id of every arc."""
    emitting = graph.ilabel != 0
    sources = graph.sources
    order = np.lexsort((emitting, sources))
    epsilons = np.bincount(sources[~emitting], minlength=graph.num_states)
    states = np.empty(graph.num_states + 1, STATE)
    states["begin"] = graph.offsets
    states["emitting"] = graph.offsets
    states["emitting"][:-1] += epsilons.astype(np.int32)
    ilabel = graph.ilabel[order]
    arcs = np.empty(graph.num_arcs, ARC)
    arcs["nextstate"], arcs["weight"], arcs["olabel"] = graph.nextstate[order], graph.weight[order], graph.olabel[order]
    arcs["pdf"] = np.where(ilabel > 0, np.asarray(tid_to_pdf, dtype=np.int32)[ilabel], np.int32(-1))
    return SearchGraph(
        start=int(graph.start),
        states=states,
        arcs=arcs,
        ilabel=ilabel,
        final=np.ascontiguousarray(graph.final, dtype=np.float32),
    )
