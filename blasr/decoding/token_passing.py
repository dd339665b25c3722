"""Token passing over a decoding graph: the emitting arcs of a frame, then its epsilon arcs.

The algorithm of ``LatticeFasterDecoderTpl`` (Kaldi's decoder/lattice-faster-decoder.cc), in numba. Costs are float64,
so Kaldi's offsets of costs by frame are not needed. With a difference of language models, tokens with the same state
of the graph and different states of the models are distinct, and the cost of every word is changed
(``LatticeBiglmFasterDecoder``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blasr.decoding.config import SearchBeams
from blasr.decoding.cutoff import beam_cutoff
from blasr.decoding.token_store import (
    FrameTokens,
    SearchState,
    Store,
    Trellis,
    empty_table,
    free_links_of,
    has_room,
    new_store,
    reserve,
    slot_of,
    table_of_list,
    take_link,
    take_token,
)
from blasr.io.fst import Fst
from blasr.jit import jit, jit_inline
from blasr.lm.backoff_grammar import LmDifference, exchange_word
from blasr.units import AnyArray, FloatArray, IntArray

UNCHANGED, CHEAPER, CREATED = range(3)


class SearchGraph(NamedTuple):
    """A graph in the form that the search needs.

    State s has the arcs ``offsets[s]:offsets[s + 1]``. Those before ``epsilon_ends[s]`` have no input label. ``pdf`` is
    the column of log-likelihoods of each arc; -1 for epsilon arcs.
    """

    start: int
    offsets: AnyArray
    epsilon_ends: AnyArray
    pdf: IntArray
    ilabel: IntArray
    olabel: IntArray
    nextstate: IntArray
    weight: FloatArray
    final: FloatArray


def make_search_graph(graph: Fst, tid_to_pdf: IntArray) -> SearchGraph:
    """Return the graph with the epsilon arcs of each state first, and with the pdf-id of every arc."""
    emitting = graph.ilabel != 0
    sources = graph.sources
    order = np.lexsort((emitting, sources))
    epsilons = np.bincount(sources[~emitting], minlength=graph.num_states)
    ilabel = graph.ilabel[order]
    return SearchGraph(
        start=int(graph.start),
        offsets=np.ascontiguousarray(graph.offsets, dtype=np.int64),
        epsilon_ends=graph.offsets[:-1] + epsilons,
        pdf=np.where(ilabel > 0, np.asarray(tid_to_pdf, dtype=np.int32)[ilabel], np.int32(-1)),
        ilabel=ilabel,
        olabel=graph.olabel[order],
        nextstate=graph.nextstate[order],
        weight=graph.weight[order],
        final=np.ascontiguousarray(graph.final, dtype=np.float32),
    )


@jit
def start_tokens(
    graph: SearchGraph, difference: LmDifference | None, tokens: AnyArray, frames: FrameTokens, beam: float
) -> Trellis:
    """``InitDecoding``: return the tokens before the first frame; they are stored in ``tokens``."""
    store = new_store(tokens)
    first = take_token(store.tokens, store.heads, graph.start, 0.0, -1)
    frames.first[0] = first
    if difference is None:
        table = np.full(len(graph.final), -1, np.int32)
        table[graph.start] = first
    else:
        table = np.full(4096, -1, np.int32)
        store.tokens[first].old = difference.old.start
        store.tokens[first].new = difference.new.start
        table = table_of_list(table, store.tokens, first, 1)
    return process_nonemitting(graph, difference, Trellis(store, table, frames), 0, beam)


@jit
def advance(
    graph: SearchGraph,
    difference: LmDifference | None,
    trellis: Trellis,
    frame: int,
    loglikes: FloatArray,
    beams: SearchBeams,
) -> Trellis:
    """Search one frame; after a dead end of the graph no token is left."""
    scores = np.empty(loglikes.shape[1], np.float32)
    for pdf in range(len(scores)):
        scores[pdf] = beams.acoustic_scale * loglikes[frame, pdf]
    trellis, cutoff = process_emitting(graph, difference, trellis, frame, scores, beams)
    if trellis.frames.first[frame + 1] >= 0:
        trellis = process_nonemitting(graph, difference, trellis, frame + 1, cutoff)
    return trellis


@jit
def _cutoff(tokens: AnyArray, first: int, beams: SearchBeams) -> tuple[float, float, int]:
    """Return the highest cost that survives, the beam of the next frame, and the best token of a frame."""
    best, count = first, 0
    index = first
    while index >= 0:
        count += 1
        if tokens[index].cost < tokens[best].cost:
            best = index
        index = tokens[index].next
    costs = np.empty(count, np.float64)
    index = first
    for position in range(count):
        costs[position] = tokens[index].cost
        index = tokens[index].next
    cutoff, beam = beam_cutoff(costs, beams.beam, beams.min_active, beams.max_active, beams.beam_delta)
    return cutoff, beam, best


@jit_inline
def _follow(
    graph: SearchGraph, difference: LmDifference | None, tokens: AnyArray, index: int, arc: int
) -> tuple[float, SearchState]:
    """Return the graph cost of an arc for a token, and the place that it leads to."""
    if difference is None:
        return graph.weight[arc], SearchState(graph.nextstate[arc], 0, 0)
    token = tokens[index]
    old: Any = np.int64(token.old)
    new: Any = np.int64(token.new)
    if graph.olabel[arc] == 0:
        return graph.weight[arc], SearchState(graph.nextstate[arc], old, new)
    added, old, new = exchange_word(difference, old, new, graph.olabel[arc])
    graph_cost: Any = np.float32(graph.weight[arc] + added)
    return graph_cost, SearchState(graph.nextstate[arc], old, new)


@jit_inline
def _arrive(
    difference: LmDifference | None, store: Store, table: IntArray, place: SearchState, cost: float, head: int
) -> tuple[int, int]:
    """Return the token of a place, with the lower cost, and what was done; a new token goes before ``head``."""
    tokens = store.tokens
    slot = place.state if difference is None else slot_of(table, tokens, place)
    target = table[slot]
    if target < 0:
        target = take_token(tokens, store.heads, place.state, cost, head)
        table[slot] = target
        if difference is not None:
            tokens[target].old, tokens[target].new = place.old, place.new
        return target, CREATED
    if cost < tokens[target].cost:
        tokens[target].cost = cost
        return target, CHEAPER
    return target, UNCHANGED


@jit
def process_emitting(
    graph: SearchGraph,
    difference: LmDifference | None,
    trellis: Trellis,
    frame: int,
    scores: FloatArray,
    beams: SearchBeams,
) -> tuple[Trellis, float]:
    """``ProcessEmitting``: pass the tokens of ``frame`` over their emitting arcs to those of ``frame + 1``.

    ``scores`` are the scaled log-likelihoods of the frame. Returns the cutoff for epsilon arcs as well.
    """
    first = trellis.frames.first[frame]
    cutoff, adaptive_beam, best = _cutoff(trellis.store.tokens, first, beams)
    next_cutoff = _first_cutoff(graph, difference, trellis.store.tokens, best, scores) + adaptive_beam
    trellis = _make_room(graph, difference, trellis, first, cutoff)
    store, table, frames = trellis
    tokens = store.tokens
    head = -1
    index = first
    while index >= 0:
        if tokens[index].cost > cutoff:
            index = tokens[index].next
            continue
        state = tokens[index].state
        link = tokens[index].links
        for arc in range(graph.epsilon_ends[state], graph.offsets[state + 1]):
            acoustic_cost = -scores[graph.pdf[arc]]
            graph_cost, place = _follow(graph, difference, tokens, index, arc)
            cost = tokens[index].cost + graph_cost + acoustic_cost
            if cost >= next_cutoff:
                continue
            next_cutoff = min(next_cutoff, cost + adaptive_beam)
            target, change = _arrive(difference, store, table, place, cost, head)
            if change == CREATED:
                head = target
            link = take_link(store, arc, graph_cost, acoustic_cost, target, link)
        tokens[index].links = link
        index = tokens[index].next
    frames.first[frame + 1] = head
    return trellis, next_cutoff


@jit
def _first_cutoff(
    graph: SearchGraph, difference: LmDifference | None, tokens: AnyArray, best: int, scores: FloatArray
) -> float:
    """Return the lowest cost that the best token has in the next frame."""
    lowest = np.inf
    state = tokens[best].state
    for arc in range(graph.epsilon_ends[state], graph.offsets[state + 1]):
        graph_cost, _ = _follow(graph, difference, tokens, best, arc)
        lowest = min(lowest, tokens[best].cost + graph_cost - scores[graph.pdf[arc]])
    return lowest


@jit
def _make_room(
    graph: SearchGraph, difference: LmDifference | None, trellis: Trellis, first: int, cutoff: float
) -> Trellis:
    """Return the trellis with an empty table, and room for the tokens and links from the emitting arcs of a frame."""
    store, table, frames = trellis
    num_arcs = 0
    index = first
    while index >= 0:
        state = store.tokens[index].state
        if difference is None:
            table[state] = -1
        if store.tokens[index].cost <= cutoff:
            num_arcs += graph.offsets[state + 1] - graph.epsilon_ends[state]
        index = store.tokens[index].next
    if difference is not None:
        table = empty_table(table, num_arcs)
    return Trellis(reserve(store, num_arcs), table, frames)


@jit
def _tokens_with_epsilons(graph: SearchGraph, tokens: AnyArray, head: int) -> tuple[IntArray, int, int]:
    """Return a stack of the tokens of a frame that have epsilon arcs, its height, and the number of all tokens."""
    stack = np.empty(1024, np.int32)
    height, num_tokens = 0, 0
    index = head
    while index >= 0:
        num_tokens += 1
        state = tokens[index].state
        if graph.epsilon_ends[state] > graph.offsets[state]:
            if height == len(stack):
                stack = np.concatenate((stack, np.empty_like(stack)))
            stack[height] = index
            height += 1
        index = tokens[index].next
    return stack, height, num_tokens


@jit
def process_nonemitting(
    graph: SearchGraph, difference: LmDifference | None, trellis: Trellis, frame: int, cutoff: float
) -> Trellis:
    """``ProcessNonemitting``: pass the tokens of ``frame`` over epsilon arcs until no cost gets lower."""
    store, table, frames = trellis
    head = frames.first[frame]
    stack, height, num_tokens = _tokens_with_epsilons(graph, store.tokens, head)
    while height > 0:
        height -= 1
        index = stack[height]
        source_cost = store.tokens[index].cost
        if source_cost >= cutoff:
            continue
        free_links_of(store, index)  # epsilon links from an earlier visit, with higher costs
        state = store.tokens[index].state
        begin, end = graph.offsets[state], graph.epsilon_ends[state]
        if not has_room(store, end - begin):
            store = reserve(store, end - begin)
        while height + end - begin > len(stack):
            stack = np.concatenate((stack, np.empty_like(stack)))
        if difference is not None and 2 * (num_tokens + end - begin) > len(table):
            table = table_of_list(table, store.tokens, head, 2 * (num_tokens + end - begin))
        link = -1
        for arc in range(begin, end):
            graph_cost, place = _follow(graph, difference, store.tokens, index, arc)
            cost = source_cost + graph_cost
            if cost >= cutoff:
                continue
            target, change = _arrive(difference, store, table, place, cost, head)
            if change == CREATED:
                head = target
                num_tokens += 1
            link = take_link(store, arc, graph_cost, 0.0, target, link)
            if change != UNCHANGED and graph.epsilon_ends[place.state] > graph.offsets[place.state]:
                stack[height] = target
                height += 1
        store.tokens[index].links = link
    frames.first[frame] = head
    return Trellis(store, table, frames)
