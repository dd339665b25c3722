"""The surviving tokens and links as the arrays of a lattice (``GetRawLattice``)."""

from __future__ import annotations

import numpy as np

from blasr.decoding.look_ahead import Exchange
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_store import LINKS_USED, TOKENS_USED, FrameTokens, Store, final_cost
from blasr.jit import jit
from blasr.lattices.lattice import Lattice
from blasr.units import AnyArray, FloatArray, IntArray

LatticeArrays = tuple[IntArray, AnyArray, IntArray, IntArray, IntArray, FloatArray, FloatArray, FloatArray]
"""``state_times, offsets, ilabel, olabel, nextstate, graph_cost, acoustic_cost, final_graph_cost`` of a lattice."""


@jit
def _sort_frame(store: Store, begin: int, end: int, order: IntArray) -> None:
    """Fill ``order`` with the tokens of a frame, from ``begin`` to before ``end``, sorted along their epsilon links."""
    tokens, links = store.tokens, store.links
    for index in range(begin, end):
        tokens[index].previous = 0  # from here on, how many epsilon links enter the token
    for index in range(begin, end):
        link = tokens[index].links
        while link >= 0:
            if links[link].target < end:
                tokens[links[link].target].previous += 1
            link = links[link].next
    done, found = 0, 0
    for index in range(begin, end):
        if tokens[index].previous == 0:
            order[found] = index
            found += 1
    while done < found:
        link = tokens[order[done]].links
        done += 1
        while link >= 0:
            target = links[link].target
            if target < end:
                tokens[target].previous -= 1
                if tokens[target].previous == 0:
                    order[found] = target
                    found += 1
            link = links[link].next


@jit
def _number_tokens(store: Store, frames: FrameTokens, num_frames: int) -> IntArray:
    """Number all tokens in topological order (by frame, then along epsilon links) and return them in this order.

    A token's number takes the place of the token before it.
    """
    order = np.empty(store.used[TOKENS_USED], np.int32)
    for frame in range(num_frames + 1):
        begin, end = frames.tokens[frame], frames.tokens[frame + 1]
        _sort_frame(store, begin, end, order[begin:end])
    for number in range(len(order)):
        store.tokens[order[number]].previous = number
    return order


@jit
def lattice_arrays(
    graph: SearchGraph,
    exchange: Exchange | None,
    store: Store,
    frames: FrameTokens,
    loglikes: FloatArray,
    reached_final: bool,
) -> LatticeArrays:
    """Return the arrays of the lattice of all tokens; acoustic costs are negated log-likelihoods, unscaled.

    All tokens and links must be those that pruning with the final costs left. The order is that of
    :data:`LatticeArrays`. The search cannot go on, since tokens lose the ones before them.
    """
    num_frames = len(loglikes)
    tokens, links = store.tokens, store.links
    order, num_links = _number_tokens(store, frames, num_frames), store.used[LINKS_USED]
    state_times = np.empty(len(order), np.int32)
    offsets = np.zeros(len(order) + 1, np.int64)
    ilabel = np.empty(num_links, np.int32)
    olabel = np.empty(num_links, np.int32)
    nextstate = np.empty(num_links, np.int32)
    graph_cost = np.empty(num_links, np.float32)
    acoustic_cost = np.empty(num_links, np.float32)
    final_graph_cost = np.full(len(order), np.inf, np.float32)
    for frame in range(num_frames + 1):
        for index in range(frames.tokens[frame], frames.tokens[frame + 1]):
            number = tokens[index].previous
            state_times[number] = frame
            if frame == num_frames:
                final_graph_cost[number] = final_cost(graph.final, exchange, tokens, index) if reached_final else 0.0
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
