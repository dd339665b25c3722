"""The surviving tokens and links as the arrays of a lattice (``GetRawLattice``)."""

from __future__ import annotations

import numpy as np

from blasr.decoding.look_ahead import Exchange
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_store import Store, final_cost
from blasr.jit import jit
from blasr.lattices.lattice import Lattice
from blasr.units import AnyArray, FloatArray, IntArray

LatticeArrays = tuple[IntArray, AnyArray, IntArray, IntArray, IntArray, FloatArray, FloatArray, FloatArray]
"""``state_times, offsets, ilabel, olabel, nextstate, graph_cost, acoustic_cost, final_graph_cost`` of a lattice."""


@jit
def _count(graph: SearchGraph, store: Store, first: int) -> tuple[int, int]:
    """Return the numbers of tokens and links of a frame; store in ``previous`` how many epsilon links enter a token."""
    tokens, links = store.tokens, store.links
    num_tokens, num_links = 0, 0
    index = first
    while index >= 0:
        tokens[index].previous = 0
        num_tokens += 1
        index = tokens[index].next
    index = first
    while index >= 0:
        link = tokens[index].links
        while link >= 0:
            num_links += 1
            if graph.arcs[links[link].arc].pdf < 0:
                tokens[links[link].target].previous += 1
            link = links[link].next
        index = tokens[index].next
    return num_tokens, num_links


@jit
def _sort_frame(graph: SearchGraph, store: Store, first: int, order: IntArray) -> None:
    """Fill ``order`` with the tokens of a frame, sorted along their epsilon links. Call :func:`_count` first."""
    tokens, links = store.tokens, store.links
    # The list has the newest token first. It is read from its end, so that the start token gets the lowest number.
    members = np.empty(len(order), np.int32)
    index = first
    for position in range(len(order) - 1, -1, -1):
        members[position] = index
        index = tokens[index].next
    begin = end = 0
    for member in members:
        if tokens[member].previous == 0:
            order[end] = member
            end += 1
    while begin < end:
        link = tokens[order[begin]].links
        begin += 1
        while link >= 0:
            if graph.arcs[links[link].arc].pdf < 0:
                target = links[link].target
                tokens[target].previous -= 1
                if tokens[target].previous == 0:
                    order[end] = target
                    end += 1
            link = links[link].next


@jit
def _number_tokens(graph: SearchGraph, store: Store, frame_tokens: IntArray, num_frames: int) -> tuple[IntArray, int]:
    """Number all tokens in topological order (by frame, then along epsilon links); return them and the link count.

    A token's number takes the place of the token before it.
    """
    sizes = np.empty(num_frames + 1, np.int64)
    num_links = 0
    for frame in range(num_frames + 1):
        sizes[frame], more = _count(graph, store, frame_tokens[frame])
        num_links += more
    order = np.empty(sizes.sum(), np.int32)
    done = 0
    for frame in range(num_frames + 1):
        _sort_frame(graph, store, frame_tokens[frame], order[done : done + sizes[frame]])
        done += sizes[frame]
    for number in range(len(order)):
        store.tokens[order[number]].previous = number
    return order, num_links


@jit
def lattice_arrays(
    graph: SearchGraph,
    exchange: Exchange | None,
    store: Store,
    frame_tokens: IntArray,
    loglikes: FloatArray,
    reached_final: bool,
) -> LatticeArrays:
    """Return the arrays of the lattice of all tokens; acoustic costs are negated log-likelihoods, unscaled.

    The order is that of :data:`LatticeArrays`. The search cannot go on, since tokens lose the ones before them.
    """
    num_frames = len(loglikes)
    tokens, links = store.tokens, store.links
    order, num_links = _number_tokens(graph, store, frame_tokens, num_frames)
    state_times = np.empty(len(order), np.int32)
    offsets = np.zeros(len(order) + 1, np.int64)
    ilabel = np.empty(num_links, np.int32)
    olabel = np.empty(num_links, np.int32)
    nextstate = np.empty(num_links, np.int32)
    graph_cost = np.empty(num_links, np.float32)
    acoustic_cost = np.empty(num_links, np.float32)
    final_graph_cost = np.full(len(order), np.inf, np.float32)
    for frame in range(num_frames + 1):
        index = frame_tokens[frame]
        while index >= 0:
            number = tokens[index].previous
            state_times[number] = frame
            if frame == num_frames:
                final_graph_cost[number] = final_cost(graph.final, exchange, tokens, index) if reached_final else 0.0
            index = tokens[index].next
    position = 0
    for number, index in enumerate(order):
        link = tokens[index].links
        while link >= 0:
            arc = links[link].arc
            ilabel[position] = graph.ilabel[arc]
            olabel[position] = graph.arcs[arc].olabel
            nextstate[position] = tokens[links[link].target].previous
            graph_cost[position] = links[link].graph_cost
            pdf = graph.arcs[arc].pdf
            acoustic_cost[position] = -loglikes[state_times[number], pdf] if pdf >= 0 else 0.0
            position += 1
            link = links[link].next
        offsets[number + 1] = position
    return state_times, offsets, ilabel, olabel, nextstate, graph_cost, acoustic_cost, final_graph_cost


def lattice_of(arrays: LatticeArrays, *, reached_final: bool) -> Lattice:
    """Return the lattice of the arrays that :func:`lattice_arrays` returned."""
    state_times, offsets, ilabel, olabel, nextstate, graph_cost, acoustic_cost, final_graph_cost = arrays
    return Lattice(
        offsets=offsets,
        ilabel=ilabel,
        olabel=olabel,
        nextstate=nextstate,
        graph_cost=graph_cost,
        acoustic_cost=acoustic_cost,
        final_graph_cost=final_graph_cost,
        final_acoustic_cost=np.where(np.isfinite(final_graph_cost), 0, np.inf).astype(np.float32),
        state_times=state_times,
        reached_final=reached_final,
    )
